import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledModel, ModelRegistry } from '../../../src/speech/registry.js';
import { recognizerConfigs, takesHotwords } from '../../../src/speech/sherpa.js';

const registry = new ModelRegistry({ root: resolve(import.meta.dirname, '../../..') });
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-hot-'));
  writeFileSync(join(folder, 'words.txt'), '齐齐哈尔\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A model of the registry as if its files were there. */
function pretended(name: string): InstalledModel {
  const model = registry.get(name);
  return { model, place: 'test', paths: new Map(model.files.map(({ path }) => [path, join(folder, path)])) };
}

describe('hot words', () => {
  it('go to a transducer that can cut them up, which then follows several texts at once', () => {
    const installed = pretended('asr-zh-14m');
    const hotwords = { file: join(folder, 'words.txt'), score: 2 };
    expect(takesHotwords(installed)).toBe(true);
    expect(recognizerConfigs(installed, {}, hotwords).get('general')).toMatchObject({
      decodingMethod: 'modified_beam_search',
      hotwordsFile: hotwords.file,
      hotwordsScore: 2,
      modelConfig: { modelingUnit: 'cjkchar' },
    });
  });

  it('change nothing for other models, without a file, or with one that is gone', () => {
    const own = pretended('asr-zh-phone');
    expect(takesHotwords(own)).toBe(false);
    const there = { file: join(folder, 'words.txt'), score: 2 };
    expect(recognizerConfigs(own, {}, there)).toEqual(recognizerConfigs(own));
    const transducer = pretended('asr-zh-14m');
    const gone = { file: join(folder, 'gone.txt'), score: 2 };
    expect(recognizerConfigs(transducer, {}, gone)).toEqual(recognizerConfigs(transducer));
    expect(recognizerConfigs(transducer).get('general')).toMatchObject({ decodingMethod: 'greedy_search' });
  });
});

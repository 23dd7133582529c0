import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../../support/speech.js';
import { VoiceReader } from './reading.js';

const reader = new VoiceReader(join(projectRoot, 'models/tts-zh-yue'));
const cases = readFileSync(join(projectRoot, 'test/fixtures/speech/readings.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('\t') as [written: string, said: string]);

describe('the Mandarin voice reads', () => {
  it('at least 120 different texts in this table', () => {
    expect(new Set(cases.map(([written]) => written)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThanOrEqual(120);
  });

  it.each(cases)('%s', (written, said) => {
    const syllables = reader.read(written).filter((syllable) => syllable !== ',');
    expect(syllables.join(' ')).toBe(said);
  });

  it('a long number in groups, with a pause after each', () => {
    expect(reader.read('订单号 13812345678').filter((syllable) => syllable === ',').length).toBeGreaterThanOrEqual(3);
  });

  it('no third tone before another within a phrase, and lets a pause part them', () => {
    expect(reader.read('我很好').join(' ')).toBe('wo2 hen2 hao3 ,');
    expect(reader.read('好，请讲').join(' ')).toBe('hao3 , qing2 jiang3 ,');
  });
});

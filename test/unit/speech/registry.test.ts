import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config.js';
import { chooseModels } from '../../../src/speech/choose.js';
import { type Manifest, readManifest } from '../../../src/speech/manifest.js';
import { fingerprintOf, ModelRegistry, pathIn } from '../../../src/speech/registry.js';
import { verifyModel } from '../../../src/speech/verify.js';
import { projectRoot } from '../../support/speech.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-models-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shipped = readManifest(join(projectRoot, 'models/manifest.json'));
const write = (path: string, content = 'x') => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};
const official = [
  'encoder-epoch-99-avg-1.int8.onnx',
  'decoder-epoch-99-avg-1.onnx',
  'joiner-epoch-99-avg-1.int8.onnx',
  'tokens.txt',
];
const zh14m = 'sherpa-onnx-streaming-zipformer-zh-14M-2023-02-23';

describe('model registry', () => {
  it('knows every model the default configuration names, with its kind and an official source', () => {
    const { speech } = configSchema.parse({});
    const byName = new Map(shipped.models.map((model) => [model.name, model]));
    for (const name of Object.values(speech.recognizers).flat()) expect(byName.get(name)?.kind).toBe('recognizer');
    for (const name of Object.values(speech.synthesizers).flat()) expect(byName.get(name)?.kind).toBe('synthesizer');
    expect(byName.get(speech.vad)?.kind).toBe('vad');
    for (const { builtIn, sources, files } of shipped.models) {
      if (!builtIn) expect(sources.length).toBeGreaterThan(0);
      for (const { url } of sources) {
        expect(url).toMatch(
          /^https:\/\/(github\.com\/k2-fsa\/sherpa-onnx\/releases\/download|raw\.githubusercontent\.com)\//,
        );
      }
      if (builtIn) for (const { sha256, bytes } of files) expect([sha256, bytes]).not.toContain(null);
    }
  });

  it('finds the built-in models whole', async () => {
    const registry = new ModelRegistry({ root: projectRoot });
    for (const name of ['asr-zh-phone', 'tts-zh-yue', 'vad-silero']) {
      expect(await verifyModel(registry, name)).toMatchObject({ name, state: 'ok' });
    }
  });

  it('finds the voice activity model in its npm package when it is nowhere else', () => {
    const bare: Manifest = {
      version: 1,
      models: shipped.models
        .filter(({ name }) => name === 'vad-silero')
        .map((model) => ({ ...model, files: model.files.map((file) => ({ ...file, elsewhere: [] })) })),
    };
    const found = new ModelRegistry({ root: folder, manifest: bare }).find('vad-silero');
    expect(found?.place).toBe('npm');
    expect(found && pathIn(found, 'silero_vad.onnx')).toMatch(/@ricky0123\/vad-web\/dist\/silero_vad_v6\.onnx$/);
  });

  it('looks into the folders it is given first, and only takes a model that is complete', () => {
    const registry = new ModelRegistry({ root: folder, folders: ['mine'] });
    for (const file of official.slice(1)) write(`mine/${zh14m}/${file}`);
    expect(registry.find('asr-zh-14m')).toBeUndefined();
    write(`mine/${zh14m}/${official[0]}`);
    expect(registry.find('asr-zh-14m')?.place).toBe(join(folder, 'mine'));
  });

  it('does not take a file of another size than it should have', () => {
    write('mine/silero-vad-6.2/silero_vad.onnx', 'half a model');
    const registry = new ModelRegistry({ root: folder, folders: ['mine'] });
    expect(registry.find('vad-silero')?.place).not.toBe(join(folder, 'mine'));
  });

  it('tells a model that is broken from one that is not there', () => {
    const { speech } = configSchema.parse({});
    const registry = new ModelRegistry({ root: folder, folders: ['mine'], manifest: shipped });
    for (const file of official.slice(1)) write(`mine/${zh14m}/${file}`);
    const chosen = chooseModels(registry, { ...speech, recognizers: { 'zh-CN': ['asr-zh-multi-hans', 'asr-zh-14m'] } });
    expect(chosen.find(({ inUse }) => inUse.role === 'recogniser zh-CN')?.inUse.reason).toMatch(
      /^asr-zh-multi-hans not found; asr-zh-14m incomplete or damaged \(hearken models verify\);/,
    );
  });

  it('says which model is in use and why', () => {
    const { speech } = configSchema.parse({});
    const bare = new ModelRegistry({ root: projectRoot });
    const choice = (registry: ModelRegistry, role: string) =>
      chooseModels(registry, speech).find(({ inUse }) => inUse.role === role)?.inUse;
    expect(choice(bare, 'recogniser zh-CN')).toMatchObject({
      name: 'asr-zh-phone',
      builtIn: true,
      reason: 'asr-zh-en-small-bilingual, asr-zh-14m, asr-zh-multi-hans not found; built-in',
    });
    expect(choice(bare, 'recogniser en')).toMatchObject({ name: 'asr-en-phone', builtIn: true });
    const deaf = chooseModels(bare, { ...speech, recognizers: { en: ['asr-zh-en-small-bilingual'] } });
    expect(deaf.find(({ inUse }) => inUse.role === 'recogniser en')?.inUse.reason).toMatch(
      /noticed but not understood/,
    );
    for (const file of official) write(`mine/${zh14m}/${file}`);
    const pulled = new ModelRegistry({ root: projectRoot, folders: [join(folder, 'mine')] });
    expect(choice(pulled, 'recogniser zh-CN')).toMatchObject({
      name: 'asr-zh-14m',
      reason: `asr-zh-en-small-bilingual not found; in ${join(folder, 'mine')}`,
    });
  });

  it('gives a model whose files change another fingerprint', () => {
    const registry = new ModelRegistry({ root: folder, folders: ['mine'] });
    for (const file of official) write(`mine/${zh14m}/${file}`);
    const print = () => {
      const found = registry.find('asr-zh-14m');
      return found && fingerprintOf(found);
    };
    const before = print();
    expect(print()).toBe(before);
    write(`mine/${zh14m}/${official[0]}`, 'another');
    expect(print()).not.toBe(before);
  });

  it('refuses a name it does not know and a model of the wrong kind', () => {
    const registry = new ModelRegistry({ root: projectRoot });
    expect(() => registry.get('nope')).toThrow(expect.objectContaining({ code: 'MODEL_NOT_FOUND' }));
    expect(() => registry.choose('synthesizer', 'zh-CN', ['asr-zh-phone'])).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

describe('the list of models', () => {
  const broken = (change: (tree: { models: Record<string, unknown>[] }) => void) => {
    const tree = JSON.parse(readFileSync(join(projectRoot, 'models/manifest.json'), 'utf8'));
    change(tree);
    write('manifest.json', JSON.stringify(tree));
    return () => readManifest(join(folder, 'manifest.json'));
  };
  const invalid = (words: RegExp) =>
    expect.objectContaining({ code: 'MODEL_INVALID', message: expect.stringMatching(words) });

  it('says which entry is wrong', () => {
    expect(broken((tree) => void tree.models.splice(0, 1, { name: 'x' }))).toThrow(invalid(/models\[0\]/));
    expect(broken((tree) => void tree.models.push({ ...tree.models[0] }))).toThrow(invalid(/same name/));
    expect(broken((tree) => void Object.assign(tree.models[0] ?? {}, { kind: 'vad' }))).toThrow(invalid(/engine/));
    write('text.json', 'not json');
    expect(() => readManifest(join(folder, 'text.json'))).toThrow(invalid(/can't be read/));
  });

  it('never names a file outside a model folder', () => {
    for (const path of ['../secret', '/etc/passwd', 'a/../../b', 'a\\..\\b']) {
      expect(broken((tree) => void Object.assign(tree.models[0] ?? {}, { folder: path }))).toThrow(invalid(/folder/));
    }
  });
});

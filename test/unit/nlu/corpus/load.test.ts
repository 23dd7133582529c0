import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTrainingData } from '../../../../src/nlu/corpus/load.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hearken-data-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('training data on disk', () => {
  it('an application folder gives all its nlu YAML and leaves other files alone', async () => {
    const app = join(root, 'app');
    await mkdir(join(app, 'nlu'), { recursive: true });
    await writeFile(join(app, 'nlu', 'a.yml'), 'nlu:\n- intent: a\n  examples: |\n    - one\n');
    await writeFile(join(app, 'b.yaml'), 'nlu:\n- intent: b\n  examples: |\n    - two\n');
    await writeFile(join(app, 'domain.yml'), 'intents: [a, b]\nweird: !!whatever [\n');
    await writeFile(join(app, 'prices.tsv'), 'not ours\n');
    const { data, files } = await loadTrainingData([app]);
    expect(data.examples.map((example) => example.intent).sort()).toEqual(['a', 'b']);
    expect(files).toHaveLength(3);
  });

  it('config.yml says what order numbers look like; flows may change without a new training, numbers not', async () => {
    const app = join(root, 'numbers');
    await mkdir(app);
    await writeFile(join(app, 'nlu.yml'), 'nlu:\n- intent: a\n  examples: |\n    - one\n');
    await writeFile(join(app, 'flows.yml'), 'flows: {}\n');
    const config = (lines: string) =>
      writeFile(
        join(app, 'config.yml'),
        `pipeline:\n- name: WhitespaceTokenizer\n- name: SpokenNumberExtractor\n${lines}`,
      );
    await config('  order_number_length: 8\n  order_number_checksum: luhn\n');
    const first = await loadTrainingData([app]);
    expect(first.codes).toEqual({ orderNumberLength: [8, 8], orderNumberChecksum: 'luhn' });
    await writeFile(join(app, 'flows.yml'), 'flows: {x: {}}\n');
    expect((await loadTrainingData([app])).checksum).toBe(first.checksum);
    await config('  order_number_length: [6, 12]\n');
    const second = await loadTrainingData([app]);
    expect(second.codes).toEqual({ orderNumberLength: [6, 12] });
    expect(second.checksum).not.toBe(first.checksum);
    await config('  order_number_length: long\n');
    await expect(loadTrainingData([app])).rejects.toMatchObject({
      code: 'TRAINING_DATA_INVALID',
      message: expect.stringMatching(/config\.yml:4:\d+: .*expected order_number_length: 8/),
    });
  });

  it('a folder of tables is a data set, and packed files are unpacked', async () => {
    const set = join(root, 'set');
    await mkdir(set);
    await writeFile(join(set, 'train.tsv'), 'hello\tgreet\n');
    await writeFile(join(root, 'more.tsv.gz'), gzipSync('bye\tgoodbye\n'));
    const { data } = await loadTrainingData([set, join(root, 'more.tsv.gz')]);
    expect(data.examples.map((example) => example.text)).toEqual(['hello', 'bye']);
  });

  it('the checksum changes with the data and with nothing else', async () => {
    const file = join(root, 'x.tsv');
    await writeFile(file, 'hello\tgreet\n');
    const before = await loadTrainingData([file]);
    expect((await loadTrainingData([file])).checksum).toBe(before.checksum);
    await writeFile(file, 'hello\twelcome\n');
    expect((await loadTrainingData([file])).checksum).not.toBe(before.checksum);
  });

  it('what is not there, or holds nothing, is told', async () => {
    await expect(loadTrainingData([join(root, 'no')])).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    const empty = join(root, 'empty');
    await mkdir(empty);
    await expect(loadTrainingData([empty])).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await writeFile(join(root, 'cut.tsv.gz'), gzipSync('hello\tgreet\n').subarray(0, 10));
    await expect(loadTrainingData([join(root, 'cut.tsv.gz')])).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });
});

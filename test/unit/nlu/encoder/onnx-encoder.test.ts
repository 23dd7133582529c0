import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSentenceEncoder } from '../../../../src/nlu/encoder/onnx-encoder.js';
import { loadIntentModel, trainIntentModel, trainOrLoadForApp } from '../../../../src/nlu/index.js';
import { encodeOnnx } from '../../../../src/nlu/model/onnx-writer.js';

/** Words in groups of meaning: the tiny encoder gives all words of a group the same vector. */
const GROUPS = [
  ['parcel', 'package', 'box', 'shipment', 'consignment'],
  ['refund', 'money', 'reimbursement', 'cash'],
  ['where', 'find', 'locate', 'whereabouts'],
  ['back', 'return', 'restitution'],
];
const WIDTH = GROUPS.length + 1;
let root: string;
let folder: string;

/** token_vectors [1, n, d] = table[input_ids]: a real graph with a real tokenizer, only very small. */
async function writeTinyEncoder(path: string, strength = 1): Promise<void> {
  const words = ['[UNK]', ...GROUPS.flat()];
  const table = new Float32Array(words.length * WIDTH);
  words.forEach((word, row) => {
    const group = GROUPS.findIndex((list) => list.includes(word));
    table[row * WIDTH + (group < 0 ? WIDTH - 1 : group)] = group < 0 ? 0.05 : strength;
  });
  await mkdir(path, { recursive: true });
  const graph = encodeOnnx({
    name: 'tiny',
    inputs: [{ name: 'input_ids', type: 'int64', dims: [1, 'n'] }],
    outputs: [{ name: 'last_hidden_state', type: 'float', dims: [1, 'n', WIDTH] }],
    initializers: [{ name: 'table', dims: [words.length, WIDTH], data: table }],
    nodes: [{ op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['last_hidden_state'], ints: { axis: 0 } }],
  });
  await writeFile(join(path, 'model.onnx'), graph);
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(words.map((word, id) => [word, id])), unk_token: '[UNK]' },
  };
  await writeFile(join(path, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(path, 'tokenizer_config.json'), '{"unk_token": "[UNK]"}');
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hearken-encoder-'));
  folder = join(root, 'encoder');
  await writeTinyEncoder(folder);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a sentence encoder', () => {
  it('gives a vector of its own size for any text, the empty one too', async () => {
    const encoder = await openSentenceEncoder(folder);
    expect(encoder.size).toBe(WIDTH);
    for (const text of ['where is my parcel', '', '你好', 'x '.repeat(500)])
      expect((await encoder.embed(text)).length).toBe(WIDTH);
    await encoder.close();
  });

  it('lets a model understand words that its training data never had', async () => {
    const data = join(root, 'data.tsv');
    const track = [
      'where parcel',
      'find parcel',
      'where package',
      'locate package',
      'where my parcel',
      'find my package',
      'find package please',
      'locate parcel',
    ];
    const refund = [
      'refund',
      'money back',
      'refund please',
      'back money',
      'my money back',
      'return money',
      'refund back',
      'return refund',
    ];
    await writeFile(
      data,
      [...track.map((text) => `${text}\ttrack`), ...refund.map((text) => `${text}\trefund`)].join('\n'),
    );
    const encoder = await openSentenceEncoder(folder);
    await trainIntentModel({ data: [data], out: join(root, 'with'), encoder });
    const model = await loadIntentModel(join(root, 'with'), { encoder });
    // None of these words is in the training data; only the encoder knows what they are.
    const best = async (text: string) =>
      (await model.parse(text)).ranking.find((rank) => rank.name !== 'nlu_fallback')?.name;
    expect(await best('whereabouts consignment')).toBe('track');
    expect(await best('reimbursement cash restitution')).toBe('refund');
    await model.close();
    // The service finds the encoder where it was at training time.
    const again = await loadIntentModel(join(root, 'with'));
    expect(
      (await again.parse('whereabouts consignment')).ranking.find((rank) => rank.name !== 'nlu_fallback')?.name,
    ).toBe('track');
    await again.close();
    // As the service does it with nlu.encoder.
    const app = join(root, 'app');
    await mkdir(app);
    const intent = (name: string, texts: readonly string[]) =>
      `- intent: ${name}\n  examples: |\n${texts.map((text) => `    - ${text}\n`).join('')}`;
    await writeFile(join(app, 'nlu.yml'), `nlu:\n${intent('track', track)}${intent('refund', refund)}`);
    const live = await trainOrLoadForApp(app, join(root, 'cache'), { encoderFolder: folder });
    const heard = await live.parse('whereabouts consignment');
    expect(heard.ranking.find((rank) => rank.name !== 'nlu_fallback')?.name).toBe('track');
    await live.close();
    await writeTinyEncoder(folder, 0.5);
    await expect(loadIntentModel(join(root, 'with'))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('encoder'),
    });
    await writeTinyEncoder(folder);
    await encoder.close();
  }, 90_000);

  it('a folder without one, or with a graph of other inputs, is refused with what was expected', async () => {
    await expect(openSentenceEncoder(root)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    const other = join(root, 'other');
    await writeTinyEncoder(other);
    await writeFile(
      join(other, 'model.onnx'),
      encodeOnnx({
        name: 'x',
        inputs: [{ name: 'pixels', type: 'float', dims: [1] }],
        outputs: [{ name: 'y', type: 'float', dims: [1] }],
        initializers: [],
        nodes: [{ op: 'Relu', inputs: ['pixels'], outputs: ['y'] }],
      }),
    );
    await expect(openSentenceEncoder(other)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('pixels'),
    });
  });
});

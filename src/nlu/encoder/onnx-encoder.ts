import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { HearkenError, messageOf } from '../../errors.js';
import type { SentenceEncoder } from './encoder.js';

/** Longest input in tokens; utterances are far shorter. */
const MAX_TOKENS = 128;
const MODEL_NAMES = ['model.onnx', 'onnx/model.onnx', 'model_quantized.onnx', 'onnx/model_quantized.onnx'];

/**
 * Opens a sentence encoder from a folder with ONNX weights (`model.onnx`) and a Hugging Face tokenizer (`tokenizer.json`,
 * `tokenizer_config.json`). The graph takes `input_ids`, `attention_mask` and maybe `token_type_ids` (int64 [1, n]) and gives either a sentence
 * vector [1, d] (`sentence_embedding`, `pooler_output`) or token vectors [1, n, d], which are averaged. Throws MODEL_NOT_FOUND or MODEL_INVALID.
 */
export async function openSentenceEncoder(folder: string): Promise<SentenceEncoder> {
  const weights = await readFirst(folder, MODEL_NAMES);
  const tokenizerFile = await readFirst(folder, ['tokenizer.json']);
  const configFile = await readFile(join(folder, 'tokenizer_config.json')).catch(() => Buffer.from('{}'));
  try {
    const tokenizer = new Tokenizer(
      JSON.parse(tokenizerFile.toString('utf8')),
      JSON.parse(configFile.toString('utf8')),
    );
    const session = await InferenceSession.create(weights, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
    const checksum = createHash('sha256').update(weights).update(tokenizerFile).digest('hex');
    const encoder = new OnnxEncoder(session, tokenizer, checksum, resolve(folder));
    await encoder.measure();
    return encoder;
  } catch (error) {
    throw new HearkenError('MODEL_INVALID', `the sentence encoder in ${folder} can't be used: ${messageOf(error)}`, {
      hint: 'Give an ONNX export of a sentence encoder (input_ids, attention_mask) with its tokenizer.json.',
      cause: error,
    });
  }
}

class OnnxEncoder implements SentenceEncoder {
  readonly checksum: string;
  readonly folder: string;
  readonly #session: InferenceSession;
  readonly #tokenizer: Tokenizer;
  #size = 0;

  constructor(session: InferenceSession, tokenizer: Tokenizer, checksum: string, folder: string) {
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.checksum = checksum;
    this.folder = folder;
  }

  get size(): number {
    return this.#size;
  }

  /** One run, to know the size and that the graph works at all. */
  async measure(): Promise<void> {
    this.#size = (await this.embed('hello 你好')).length;
    if (this.#size === 0) throw new Error('its embedding is empty');
  }

  async embed(text: string): Promise<Float32Array> {
    const { ids } = this.#tokenizer.encode(text) as { ids: number[] };
    const cut = ids.slice(0, MAX_TOKENS);
    if (cut.length === 0) return new Float32Array(this.#size);
    const row = (values: readonly number[]) =>
      new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
    const all: Record<string, Tensor> = {
      input_ids: row(cut),
      attention_mask: row(cut.map(() => 1)),
      token_type_ids: row(cut.map(() => 0)),
    };
    const feeds: Record<string, Tensor> = {};
    for (const name of this.#session.inputNames) {
      const tensor = all[name];
      if (!tensor)
        throw new Error(`its graph wants the input "${name}"; expected input_ids, attention_mask, token_type_ids`);
      feeds[name] = tensor;
    }
    const outputs = await this.#session.run(feeds);
    const named = ['sentence_embedding', 'pooler_output', 'last_hidden_state'].find(
      (name) => outputs[name] !== undefined,
    );
    const output = outputs[named ?? this.#session.outputNames[0] ?? ''];
    if (!output || !(output.data instanceof Float32Array)) throw new Error('its graph gives no float output');
    return output.dims.length === 3
      ? averageRows(output.data, output.dims[1] ?? 1, output.dims[2] ?? 0)
      : Float32Array.from(output.data);
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

function averageRows(data: Float32Array, rows: number, width: number): Float32Array {
  const out = new Float32Array(width);
  for (let row = 0; row < rows; row++)
    for (let at = 0; at < width; at++) out[at] = (out[at] as number) + (data[row * width + at] as number) / rows;
  return out;
}

async function readFirst(folder: string, names: readonly string[]): Promise<Buffer> {
  for (const name of names) {
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (bytes) return bytes;
  }
  throw new HearkenError('MODEL_NOT_FOUND', `${folder} has no ${names.join(' or ')}`, {
    hint: 'Point to a folder with ONNX weights and a tokenizer.',
  });
}

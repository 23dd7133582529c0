import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InstalledModel } from '../../speech/registry.js';
import { fingerprintOf, pathIn } from '../../speech/registry.js';

/**
 * Voices without chance. Models of the VITS and Matcha kind draw random numbers in their graph (RandomNormalLike, without a seed), so the same text sounds a little
 * different each time. For replay a copy is made whose random numbers have the scale 0. Only the few bytes of those nodes are touched; field numbers are
 * those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
 */

const RANDOM = new Set(['RandomNormalLike', 'RandomNormal']);
const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const NODE_OP_TYPE = 4;
const NODE_ATTRIBUTE = 5;
const ATTRIBUTE_NAME = 1;
/** AttributeProto {name: "scale", f: 0.0, type: FLOAT}, as a field of its node. */
const SCALE_ZERO = message(
  NODE_ATTRIBUTE,
  Buffer.concat([message(ATTRIBUTE_NAME, Buffer.from('scale')), Buffer.from([0x15, 0, 0, 0, 0, 0xa0, 0x01, 0x01])]),
);

/** Path of a copy of the voice's model that says the same text always alike, made in `folder` when it is not there; undefined for models without chance in them. */
export function steadyVoiceFile(installed: InstalledModel, folder: string): string | undefined {
  const { engine } = installed.model;
  const name = engine.type === 'vits' ? engine.model : engine.type === 'matcha' ? engine.acousticModel : undefined;
  if (name === undefined) return undefined;
  const file = join(folder, `${installed.model.name}-${fingerprintOf(installed)}.onnx`);
  if (existsSync(file)) return file;
  const steady = withoutChance(readFileSync(pathIn(installed, name)));
  if (steady === undefined) return undefined;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const part = `${file}.${process.pid}.${createHash('sha256').update(String(performance.now())).digest('hex').slice(0, 8)}.part`;
  writeFileSync(part, steady);
  renameSync(part, file);
  return file;
}

/** The model with the scale of its random numbers set to 0; undefined when it draws none. */
export function withoutChance(model: Buffer): Buffer | undefined {
  let changed = false;
  const out = rewrite(model, MODEL_GRAPH, (graph) =>
    rewrite(graph, GRAPH_NODE, (node) => {
      const [opType] = fieldsOf(node).filter(({ number }) => number === NODE_OP_TYPE);
      if (!opType || !RANDOM.has(opType.body.toString('utf8'))) return node;
      changed = true;
      const kept = fieldsOf(node).filter(
        ({ number, body }) => number !== NODE_ATTRIBUTE || attributeName(body) !== 'scale',
      );
      return Buffer.concat([...kept.map(({ whole }) => whole), SCALE_ZERO]);
    }),
  );
  return changed ? out : undefined;
}

function attributeName(attribute: Buffer): string {
  return (
    fieldsOf(attribute)
      .find(({ number }) => number === ATTRIBUTE_NAME)
      ?.body.toString('utf8') ?? ''
  );
}

interface Field {
  readonly number: number;
  /** The field with its tag; `body`: what a length-delimited field holds. */
  readonly whole: Buffer;
  readonly body: Buffer;
}

/** The message with every field of this number replaced by what `change` makes of it. */
function rewrite(bytes: Buffer, number: number, change: (body: Buffer) => Buffer): Buffer {
  return Buffer.concat(
    fieldsOf(bytes).map((field) => {
      if (field.number !== number) return field.whole;
      const body = change(field.body);
      return body === field.body ? field.whole : message(number, body);
    }),
  );
}

function fieldsOf(bytes: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('the model file is cut short');
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const start = at;
    const tag = varint();
    const wire = tag % 8;
    let from = at;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      from = at;
      at += length;
    } else throw new RangeError(`the model file has a field of the unknown kind ${wire}`);
    if (at > bytes.length) throw new RangeError('the model file is cut short');
    fields.push({ number: Math.floor(tag / 8), whole: bytes.subarray(start, at), body: bytes.subarray(from, at) });
  }
  return fields;
}

function message(number: number, body: Buffer): Buffer {
  return Buffer.concat([varintBytes(number * 8 + 2), varintBytes(body.length), body]);
}

function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

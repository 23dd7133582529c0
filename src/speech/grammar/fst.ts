import { HearkenError } from '../../errors.js';

/** One arc. Labels: 0 = epsilon, otherwise the model's token id plus one (sherpa-onnx's rule for CTC graphs). */
export interface FstArc {
  readonly input: number;
  readonly output: number;
  readonly weight: number;
  readonly next: number;
}

const MAGIC = 2_125_659_606;
const VECTOR_VERSION = 2;
const INFINITE = Number.POSITIVE_INFINITY;

/**
 * A weighted finite-state transducer in memory (tropical semiring: weights are costs, lower is better). Every state is
 * final, with cost 0 unless said otherwise: the streaming decoder asks for the best path at any moment, and a state that
 * is not final would give no partial result.
 */
export class FstBuilder {
  readonly #arcs: FstArc[][] = [];
  readonly #final: number[] = [];

  get states(): number {
    return this.#arcs.length;
  }

  get arcs(): number {
    return this.#arcs.reduce((sum, list) => sum + list.length, 0);
  }

  /** A new state; `finalCost` is what ending there costs. */
  addState(finalCost = 0): number {
    this.#final.push(finalCost);
    return this.#arcs.push([]) - 1;
  }

  addArc(from: number, input: number, output: number, weight: number, next: number): void {
    this.arcsOf(from).push({ input, output, weight, next });
  }

  setFinal(state: number, cost: number): void {
    this.#final[state] = cost;
  }

  finalOf(state: number): number {
    return this.#final[state] ?? INFINITE;
  }

  arcsOf(state: number): FstArc[] {
    const list = this.#arcs[state];
    if (list === undefined)
      throw new HearkenError('INTERNAL', `A graph arc leaves state ${state}, which does not exist`);
    return list;
  }

  /** OpenFst's binary "vector" format with standard arcs, as `fstread` and sherpa-onnx load it. */
  toBuffer(start: number): Buffer {
    const head = Buffer.concat([
      int32(MAGIC),
      text('vector'),
      text('standard'),
      int32(VECTOR_VERSION),
      int32(0), // flags: no symbol tables, not aligned
      int64(3), // properties: expanded and mutable, nothing else claimed
      int64(start),
      int64(this.states),
      int64(this.arcs),
    ]);
    const body = Buffer.alloc(this.states * 12 + this.arcs * 16);
    let at = 0;
    for (let state = 0; state < this.states; state++) {
      const list = this.arcsOf(state);
      at = body.writeFloatLE(this.finalOf(state), at);
      at = body.writeBigInt64LE(BigInt(list.length), at);
      for (const arc of list) {
        at = body.writeInt32LE(arc.input, at);
        at = body.writeInt32LE(arc.output, at);
        at = body.writeFloatLE(arc.weight, at);
        at = body.writeInt32LE(arc.next, at);
      }
    }
    return Buffer.concat([head, body]);
  }
}

export interface ReadFst {
  readonly start: number;
  readonly final: readonly number[];
  readonly arcs: readonly (readonly FstArc[])[];
}

/** Reads what `toBuffer` writes. Throws MODEL_INVALID on anything else. */
export function readFst(data: Buffer): ReadFst {
  let at = 0;
  const need = (bytes: number): void => {
    if (bytes < 0 || at + bytes > data.length) {
      throw new HearkenError(
        'MODEL_INVALID',
        `A graph file ends after ${data.length} bytes, in the middle of its states`,
      );
    }
  };
  const nextInt = (): number => {
    need(4);
    at += 4;
    return data.readInt32LE(at - 4);
  };
  const nextLong = (): number => {
    need(8);
    at += 8;
    return Number(data.readBigInt64LE(at - 8));
  };
  const nextFloat = (): number => {
    need(4);
    at += 4;
    return data.readFloatLE(at - 4);
  };
  const nextText = (): string => {
    const size = nextInt();
    need(size);
    at += size;
    return data.toString('latin1', at - size, at);
  };
  if (nextInt() !== MAGIC || nextText() !== 'vector' || nextText() !== 'standard' || nextInt() !== VECTOR_VERSION) {
    throw new HearkenError('MODEL_INVALID', 'Not an OpenFst vector file with standard arcs', {
      hint: 'Build the graph again with `hearken grammar build`.',
    });
  }
  nextInt();
  nextLong();
  const start = nextLong();
  const states = nextLong();
  nextLong();
  if (states < 0 || states > data.length / 12)
    throw new HearkenError('MODEL_INVALID', `A graph file claims ${states} states`);
  const final: number[] = [];
  const arcs: FstArc[][] = [];
  for (let state = 0; state < states; state++) {
    final.push(nextFloat());
    const count = nextLong();
    need(count * 16);
    const list: FstArc[] = [];
    for (let i = 0; i < count; i++) {
      list.push({ input: nextInt(), output: nextInt(), weight: nextFloat(), next: nextInt() });
    }
    arcs.push(list);
  }
  return { start, final, arcs };
}

function int32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeInt32LE(value);
  return out;
}

function int64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigInt64LE(BigInt(value));
  return out;
}

function text(value: string): Buffer {
  return Buffer.concat([int32(value.length), Buffer.from(value, 'latin1')]);
}

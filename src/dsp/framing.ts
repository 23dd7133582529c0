/** Samples in `ms` milliseconds at `sampleRate` Hz. */
export function samplesIn(ms: number, sampleRate: number): number {
  return Math.round((ms * sampleRate) / 1000);
}

/** Milliseconds of `samples` samples at `sampleRate` Hz. */
export function msOf(samples: number, sampleRate: number): number {
  return (samples * 1000) / sampleRate;
}

/** Cuts audio that comes in pieces of any size into frames of one size. Holds less than one frame. */
export class Framer {
  readonly #frameSamples: number;
  readonly #rest: Int16Array;
  #held = 0;

  /** `frameSamples`: e.g. 160 for 20 ms at 8 kHz. */
  constructor(frameSamples: number) {
    if (!Number.isInteger(frameSamples) || frameSamples < 1) throw new RangeError('a frame needs at least one sample');
    this.#frameSamples = frameSamples;
    this.#rest = new Int16Array(frameSamples);
  }

  get heldSamples(): number {
    return this.#held;
  }

  /** Full frames, in order; each owns its memory. */
  push(pcm: Int16Array): Int16Array[] {
    const frames: Int16Array[] = [];
    let offset = 0;
    if (this.#held > 0) {
      offset = Math.min(this.#frameSamples - this.#held, pcm.length);
      this.#rest.set(pcm.subarray(0, offset), this.#held);
      this.#held += offset;
      if (this.#held < this.#frameSamples) return frames;
      frames.push(this.#rest.slice());
      this.#held = 0;
    }
    for (; offset + this.#frameSamples <= pcm.length; offset += this.#frameSamples) {
      frames.push(pcm.slice(offset, offset + this.#frameSamples));
    }
    this.#rest.set(pcm.subarray(offset));
    this.#held = pcm.length - offset;
    return frames;
  }

  /** What is left, padded with silence to a full frame; undefined when nothing is. */
  flush(): Int16Array | undefined {
    if (this.#held === 0) return undefined;
    const frame = this.#rest.slice();
    frame.fill(0, this.#held);
    this.#held = 0;
    return frame;
  }
}

/** Several pieces as one. */
export function concat(pieces: readonly Int16Array[]): Int16Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const out = new Int16Array(length);
  let offset = 0;
  for (const piece of pieces) {
    out.set(piece, offset);
    offset += piece.length;
  }
  return out;
}

import { Resampler } from '../../../../src/dsp/resample.js';

const FRAME_MS = 20;

export interface CapturedFrame {
  /** 20 ms at the session's rate. */
  readonly pcm: Int16Array;
  /** Loudest sample of it, 0..1. */
  readonly peak: number;
}

/** The sound card's blocks, as the 20 ms frames of the protocol. */
export class CaptureFrames {
  readonly #resampler: Resampler;
  readonly #frame: Int16Array;
  #filled = 0;
  #peak = 0;

  constructor(contextRate: number, rate: number) {
    this.#resampler = new Resampler(contextRate, rate);
    this.#frame = new Int16Array((rate * FRAME_MS) / 1000);
  }

  /** Muted, the line stays open and carries silence. */
  push(block: Float32Array, muted: boolean): CapturedFrame[] {
    const frames: CapturedFrame[] = [];
    for (const value of this.#resampler.processFloat(block)) {
      const sample = muted ? 0 : Math.max(-1, Math.min(1, value));
      this.#peak = Math.max(this.#peak, Math.abs(sample));
      this.#frame[this.#filled] = Math.round(sample * 32_767);
      this.#filled += 1;
      if (this.#filled < this.#frame.length) continue;
      frames.push({ pcm: this.#frame.slice(), peak: this.#peak });
      this.#filled = 0;
      this.#peak = 0;
    }
    return frames;
  }
}

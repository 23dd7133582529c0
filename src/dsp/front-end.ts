import { AutomaticGain } from './automatic-gain.js';
import { keyIn } from './dtmf.js';

const FRAME_MS = 20;
/** Frames around a key's tone that are silenced with it: its beginning and end fill only a part of theirs. */
const HANG_FRAMES = 1;

/** What the recogniser is given of a caller's line: quiet callers raised, keypad tones silenced. */
export class FrontEnd {
  readonly #sampleRate: number;
  readonly #frameSamples: number;
  readonly #gain: AutomaticGain;
  #hang = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
    this.#frameSamples = (sampleRate * FRAME_MS) / 1000;
    this.#gain = new AutomaticGain(sampleRate);
  }

  /** A new piece of the same length; pieces are best multiples of 20 ms. */
  process(pcm: Int16Array): Int16Array {
    const clean = pcm.slice();
    for (let start = 0; start < clean.length; start += this.#frameSamples) {
      const frame = clean.subarray(start, start + this.#frameSamples);
      if (keyIn(frame, this.#sampleRate) !== undefined) this.#hang = HANG_FRAMES + 1;
      if (this.#hang === 0) continue;
      this.#hang--;
      frame.fill(0);
    }
    return this.#gain.process(clean);
  }
}

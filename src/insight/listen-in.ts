import { samplesIn } from '../dsp/framing.js';
import { interleave } from '../dsp/wav.js';

/** Bot sound that may lie ahead of the caller's: what is sent early, and what was sent before somebody began to listen. */
const WINDOW_MS = 10_000;

/** Both sides of a live call on one time line, for somebody who listens in: the caller's frames set the pace, the bot's sound lies beside them. */
export class ListenMixer {
  readonly #sampleRate: number;
  readonly #ring: Int16Array;
  /** Samples of the caller so far, from the call's begin. */
  #position = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
    this.#ring = new Int16Array(samplesIn(WINDOW_MS, sampleRate));
  }

  /** A frame of the caller, and what the bot said meanwhile: interleaved, caller first. */
  caller(atMs: number, samples: Int16Array): Int16Array {
    const at = samplesIn(atMs, this.#sampleRate);
    // As the recorder does it: only a real gap moves the time line on.
    if (at - this.#position > samplesIn(200, this.#sampleRate)) this.#position = at;
    const bot = new Int16Array(samples.length);
    for (let index = 0; index < samples.length; index++) {
      const slot = (this.#position + index) % this.#ring.length;
      bot[index] = this.#ring[slot] ?? 0;
      this.#ring[slot] = 0;
    }
    this.#position += samples.length;
    return interleave([samples, bot]);
  }

  bot(atMs: number, samples: Int16Array): void {
    const start = samplesIn(Math.max(0, atMs), this.#sampleRate);
    for (let index = 0; index < samples.length; index++) {
      const at = start + index;
      if (at < this.#position || at >= this.#position + this.#ring.length) continue;
      this.#ring[at % this.#ring.length] = samples[index] ?? 0;
    }
  }

  /** What the bot was to say after this was not heard. */
  cutBot(atMs: number): void {
    const from = Math.max(this.#position, samplesIn(Math.max(0, atMs), this.#sampleRate));
    for (let at = from; at < this.#position + this.#ring.length; at++) this.#ring[at % this.#ring.length] = 0;
  }
}

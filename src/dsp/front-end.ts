import { AutomaticGain } from './automatic-gain.js';
import { keyIn } from './dtmf.js';

const FRAME_MS = 20;
/** Frames behind a key's tone that are silenced with it: its end fills only a part of the last. */
const HANG_FRAMES = 1;
/** A key that begins inside a frame is looked for in its end. There, where speech looks like two tones more often, nearly everything must be in them. */
const ENDS = [
  { share: 1 / 2, leastShare: 0.85 },
  { share: 1 / 4, leastShare: 0.9 },
] as const;
/** And it makes the end so much stronger than what went before (power). */
const ONSET = 2;
/** Line noise is between these, rms of 16-bit samples (-80 and -45 dBFS); it follows what is louder by 2 dB a second. */
const LEAST_NOISE = 3;
const MOST_NOISE = 184;
const NOISE_RISE = 10 ** (0.04 / 20);

/** What the recogniser is given of a caller's line: quiet callers raised, keypad tones taken out. */
export class FrontEnd {
  readonly #sampleRate: number;
  readonly #frameSamples: number;
  readonly #gain: AutomaticGain;
  #hang = 0;
  /** Rms of the line when nobody speaks. */
  #noise: number | undefined;
  #seed = 1;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
    this.#frameSamples = (sampleRate * FRAME_MS) / 1000;
    this.#gain = new AutomaticGain(sampleRate);
  }

  /** A new piece of the same length; pieces are best multiples of 20 ms. */
  process(pcm: Int16Array): Int16Array {
    const clean = pcm.slice();
    for (let start = 0; start < clean.length; start += this.#frameSamples) {
      this.#withoutKeys(clean.subarray(start, start + this.#frameSamples));
    }
    return this.#gain.process(clean);
  }

  #withoutKeys(frame: Int16Array): void {
    const noisePower = (this.#noise ?? 0) ** 2;
    if (keyIn(frame, this.#sampleRate, undefined, noisePower) !== undefined) this.#hang = HANG_FRAMES + 1;
    if (this.#hang > 0) {
      this.#hang--;
      this.#fill(frame);
      return;
    }
    for (const { share, leastShare } of ENDS) {
      const from = Math.round(frame.length * (1 - share));
      const end = frame.subarray(from);
      if (power(end) <= power(frame.subarray(0, from)) * ONSET) continue;
      if (keyIn(end, this.#sampleRate, leastShare, noisePower) === undefined) continue;
      // The rest of the key comes in the next frame.
      this.#fill(end);
      return;
    }
    const level = Math.sqrt(power(frame));
    this.#noise = Math.max(LEAST_NOISE, Math.min(level, (this.#noise ?? level) * NOISE_RISE));
  }

  /** With the line's own noise: holes cut into it would sound like syllables. */
  #fill(part: Int16Array): void {
    // A uniform value has 1/√3 of its range as rms.
    const range = Math.min(MOST_NOISE, this.#noise ?? LEAST_NOISE) * Math.sqrt(3);
    for (let index = 0; index < part.length; index++) {
      // Park and Miller's generator (CACM 31, 1988): the same sound always gives the same text.
      this.#seed = (this.#seed * 48_271) % 2_147_483_647;
      part[index] = Math.round(((this.#seed / 2_147_483_647) * 2 - 1) * range);
    }
  }
}

function power(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : sum / samples.length;
}

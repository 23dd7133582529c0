import { samplesIn } from '../dsp/framing.js';

/** Voice activity models want to see a vowel: a soft beginning lies at most this far before what they say. */
const MOST_LATE_MS = 140;
const FRAME_MS = 10;
const KEPT_FRAMES = 80;
/** So far above the line's own noise is sound. */
const ABOVE_NOISE = 10 ** (10 / 10);
/** And no further below the loudest of the voice. */
const BELOW_LOUDEST = 10 ** (25 / 10);
/** A closed consonant between two sounds of one word. */
const GAP_FRAMES = 2;
/** So long a sound is no click. */
const RISING_FRAMES = 3;

/**
 * When voice on a line really began: voice activity is 30 to 100 ms late with it, the ear is not. Looks back over what came shortly before for where the
 * sound that became voice rose out of the line's noise. Times are the caller's own clock.
 */
export class VoiceOnset {
  readonly #frameSamples: number;
  /** Power of each 10 ms, the newest last. Of the difference from sample to sample: rumble and hum of a line are no voice. */
  readonly #powers: number[] = [];
  #last = 0;
  /** Time at the end of the newest frame. */
  #endMs = 0;

  constructor(sampleRate: number) {
    this.#frameSamples = samplesIn(FRAME_MS, sampleRate);
  }

  /** The line as it comes, in multiples of 10 ms; `atMs`: the time of its first sample. */
  heard(atMs: number, pcm: Int16Array): void {
    for (let start = 0; start + this.#frameSamples <= pcm.length; start += this.#frameSamples) {
      let sum = 1;
      for (let index = start; index < start + this.#frameSamples; index++) {
        const sample = pcm[index] as number;
        sum += (sample - this.#last) ** 2;
        this.#last = sample;
      }
      this.#powers.push(sum);
    }
    if (this.#powers.length > KEPT_FRAMES) this.#powers.splice(0, this.#powers.length - KEPT_FRAMES);
    this.#endMs = atMs + (pcm.length / this.#frameSamples) * FRAME_MS;
  }

  /** The line has just become loud enough for a voice: what voice activity will tell of in a tenth of a second, if it lasts. */
  get rising(): boolean {
    const powers = this.#powers;
    const newest = powers.slice(-RISING_FRAMES);
    if (newest.length < RISING_FRAMES) return false;
    const loudest = powers.reduce((most, power) => Math.max(most, power), 0);
    const threshold = Math.max(this.#noise() * ABOVE_NOISE, loudest / BELOW_LOUDEST);
    return newest.every((power) => power >= threshold);
  }

  /** `sinceMs`: when voice activity says that voice began. The same or a little earlier. */
  before(sinceMs: number): number {
    const powers = this.#powers;
    const begin = powers.length - Math.round((this.#endMs - sinceMs) / FRAME_MS);
    if (begin <= 0 || begin > powers.length) return sinceMs;
    const loudest = powers.slice(begin).reduce((most, power) => Math.max(most, power), 0);
    const threshold = Math.max(this.#noise() * ABOVE_NOISE, loudest / BELOW_LOUDEST);
    let onset = begin;
    for (let frame = begin - 1; frame >= Math.max(0, begin - MOST_LATE_MS / FRAME_MS); frame--) {
      if ((powers[frame] as number) >= threshold) onset = frame;
      else if (onset - frame > GAP_FRAMES) break;
    }
    return sinceMs - (begin - onset) * FRAME_MS;
  }

  /** The quietest quarter of what is remembered. */
  #noise(): number {
    const quiet = [...this.#powers].sort((left, right) => left - right).slice(0, Math.ceil(this.#powers.length / 4));
    return quiet.reduce((sum, power) => sum + power, 0) / Math.max(1, quiet.length);
  }
}

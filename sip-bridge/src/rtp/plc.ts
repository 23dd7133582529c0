/**
 * Packet loss concealment in the manner of ITU-T G.711 Appendix I: the last pitch period goes on, growing to three periods so that it does not buzz, and fades. What comes after is
 * overlapped with it. Without the Appendix's delay of 3.75 ms: what was good is out already.
 */

/** 66 to 200 Hz, as the Appendix. A higher voice is found at a multiple of its period. */
const SHORTEST_MS = 5;
const LONGEST_MS = 15;
/** Compared with what came a period before. */
const TEMPLATE_MS = 20;
const SEGMENT_MS = 10;
const MOST_PERIODS = 3;
/** Silence after 60 ms: 20 % less every 10 ms from the second on. */
const FADE_PER_SEGMENT = 0.2;
/** What has to be known of the past. */
export const PLC_HISTORY_MS = 50;

export class Concealer {
  readonly #perMs: number;
  /** One array for each number of periods; empty: nothing is being hidden. */
  #cycles: Float32Array[] = [];
  #period = 0;
  /** Samples made since the last good one. */
  #made = 0;

  constructor(sampleRate: number) {
    this.#perMs = sampleRate / 1000;
  }

  /** Audio is being made up. */
  get active(): boolean {
    return this.#cycles.length > 0;
  }

  /** Loss begins. `history` is the good audio before it, at least PLC_HISTORY_MS of it. */
  begin(history: Int16Array): void {
    this.#made = 0;
    this.#period = findPeriod(history, this.#perMs);
    this.#cycles = [];
    for (let periods = 1; periods <= MOST_PERIODS; periods++) {
      this.#cycles.push(cycleOf(history, this.#period, periods));
    }
  }

  /** The next samples of the made-up signal. */
  next(count: number): Int16Array {
    const out = new Int16Array(count);
    const segment = SEGMENT_MS * this.#perMs;
    const blend = this.#period >> 2;
    for (let index = 0; index < count; index++, this.#made++) {
      const number = Math.floor(this.#made / segment);
      const inside = this.#made - number * segment;
      const gain = 1 - FADE_PER_SEGMENT * (number - 1 + inside / segment);
      if (gain <= 0) continue;
      const periods = Math.min(number, MOST_PERIODS - 1);
      let value = this.#at(periods);
      // One period more begins softly.
      if (number > 0 && number < MOST_PERIODS && inside < blend) {
        const weight = inside / blend;
        value = value * weight + this.#at(periods - 1) * (1 - weight);
      }
      out[index] = value * Math.min(1, gain);
    }
    return out;
  }

  /** Good audio is back: its first milliseconds are blended with what was made up. Changes `pcm`. */
  merge(pcm: Int16Array): void {
    if (!this.active) return;
    const lostSegments = Math.ceil(this.#made / (SEGMENT_MS * this.#perMs));
    const wanted = (this.#period >> 2) + 4 * this.#perMs * Math.max(0, lostSegments - 1);
    const length = Math.min(pcm.length, wanted, SEGMENT_MS * this.#perMs);
    const tail = this.next(length);
    for (let index = 0; index < length; index++) {
      const weight = (index + 1) / (length + 1);
      pcm[index] = (pcm[index] as number) * weight + (tail[index] as number) * (1 - weight);
    }
    this.reset();
  }

  reset(): void {
    this.#cycles = [];
    this.#made = 0;
  }

  #at(cycle: number): number {
    const samples = this.#cycles[cycle];
    return samples ? (samples[this.#made % samples.length] as number) : 0;
  }
}

/** The lag at which the end of the past is most like what came before it (normalised cross-correlation, coarse then fine). */
function findPeriod(history: Int16Array, perMs: number): number {
  const [shortest, longest] = [SHORTEST_MS * perMs, LONGEST_MS * perMs];
  const length = Math.min(TEMPLATE_MS * perMs, history.length - longest);
  if (length <= 0) return Math.max(4, Math.min(shortest, history.length));
  const step = perMs / 4;
  const end = history.length;
  const likeness = (lag: number, stride: number): number => {
    let cross = 0;
    let energy = 1;
    for (let at = end - length; at < end; at += stride) {
      const past = history[at - lag] as number;
      cross += (history[at] as number) * past;
      energy += past * past;
    }
    return cross / Math.sqrt(energy);
  };
  let best = shortest;
  let most = Number.NEGATIVE_INFINITY;
  const consider = (lag: number, stride: number): void => {
    const value = likeness(lag, stride);
    if (value > most) [most, best] = [value, lag];
  };
  for (let lag = shortest; lag <= longest; lag += step) consider(lag, step);
  const coarse = best;
  most = Number.NEGATIVE_INFINITY;
  for (let lag = Math.max(shortest, coarse - step); lag <= Math.min(longest, coarse + step); lag++) consider(lag, 1);
  return best;
}

/** The last `periods` periods, their end blended into what came before their begin, so that they can go round. */
function cycleOf(history: Int16Array, period: number, periods: number): Float32Array {
  const length = Math.min(period * periods, history.length);
  const start = history.length - length;
  const cycle = Float32Array.from(history.subarray(start));
  const blend = Math.min(period >> 2, start);
  for (let index = 0; index < blend; index++) {
    const weight = (index + 1) / (blend + 1);
    const at = length - blend + index;
    cycle[at] = (cycle[at] as number) * (1 - weight) + (history[start - blend + index] as number) * weight;
  }
  return cycle;
}

/**
 * Tells a caller's voice from the bot's own, come back as an echo: both signals are brought to 2 kHz (where most of speech's energy lies) and
 * correlated over the delays that a telephone line and a room have. A pure measure; what follows from it is decided elsewhere.
 */

const RATE = 2000;
/** Longest way round: network, jitter buffers and a loudspeaker. */
const LONGEST_DELAY_MS = 500;
/** Heard at least so long, a likeness is no chance. */
const SHORTEST_WINDOW_MS = 160;
const LONGEST_WINDOW_MS = 320;
/** What is played is remembered for the longest delay and the window. */
const KEPT = ((LONGEST_DELAY_MS + LONGEST_WINDOW_MS + 200) * RATE) / 1000;

/** A signal on a clock, at 2 kHz, bounded. */
class Track {
  readonly #samples = new Float32Array(KEPT);
  /** Sample number after the newest. */
  #end = 0;

  /** `atMs`: when it is (to be) heard. A gap is silence; what overlaps with what is known replaces it. */
  put(atMs: number, samples: Float32Array): void {
    const start = Math.round((atMs * RATE) / 1000);
    // Frames arrive with jitter of some milliseconds: what follows closely is joined without a seam.
    const from = Math.abs(start - this.#end) <= RATE / 50 ? this.#end : start;
    for (let at = Math.max(this.#end, from - KEPT); at < from; at++) this.#samples[at % KEPT] = 0;
    samples.forEach((sample, index) => {
      if (from + index >= 0) this.#samples[(from + index) % KEPT] = sample;
    });
    this.#end = from + samples.length;
  }

  get end(): number {
    return this.#end;
  }

  at(index: number): number {
    return index < 0 || index >= this.#end || index < this.#end - KEPT ? 0 : (this.#samples[index % KEPT] as number);
  }

  clearFrom(atMs: number): void {
    this.#end = Math.min(this.#end, Math.max(0, Math.round((atMs * RATE) / 1000)));
  }
}

export class EchoMeter {
  readonly #factor: number;
  readonly #played = new Track();
  readonly #heard = new Track();

  /** `sampleRate`: of both signals, a multiple of 2 kHz. */
  constructor(sampleRate: number) {
    this.#factor = Math.max(1, Math.round(sampleRate / RATE));
  }

  /** The bot's sound, with the time at which the caller hears it. */
  played(atMs: number, pcm: Int16Array): void {
    this.#played.put(atMs, decimate(pcm, this.#factor));
  }

  /** What was to be heard after this is not. */
  cut(atMs: number): void {
    this.#played.clearFrom(atMs);
  }

  /** The caller's line, with the time at which it arrived. */
  heard(atMs: number, pcm: Int16Array): void {
    this.#heard.put(atMs, decimate(pcm, this.#factor));
  }

  /** How alike they are, see `compare`. */
  likeness(sinceMs: number): number | undefined {
    return this.compare(sinceMs)?.likeness;
  }

  /**
   * Compares the line since `sinceMs` (at most its last 320 ms) with what was played before it. `likeness`: 0..1, the largest normalised correlation over all
   * delays; `gain`: how loud the line is against what was played at that delay (amplitudes); `windowMs`: how much of the line was compared. Undefined when too
   * little was heard to tell.
   */
  compare(sinceMs: number): (Likeness & { readonly windowMs: number }) | undefined {
    const to = this.#heard.end;
    const from = Math.max(Math.round((sinceMs * RATE) / 1000), to - (LONGEST_WINDOW_MS * RATE) / 1000);
    const length = to - from;
    if (length < (SHORTEST_WINDOW_MS * RATE) / 1000) return undefined;
    const line = Float32Array.from({ length }, (_, index) => this.#heard.at(from + index));
    const lineEnergy = energyOf(line);
    const windowMs = (length * 1000) / RATE;
    if (lineEnergy < 1) return { likeness: 0, gain: 0, windowMs };
    const longest = (LONGEST_DELAY_MS * RATE) / 1000;
    const reference = Float32Array.from({ length: length + longest }, (_, index) =>
      this.#played.at(from - longest + index),
    );
    return { ...closest(line, lineEnergy, reference), windowMs };
  }
}

export interface Likeness {
  readonly likeness: number;
  readonly gain: number;
}

function closest(line: Float32Array, lineEnergy: number, reference: Float32Array): Likeness {
  const delays = reference.length - line.length;
  let energy = energyOf(reference.subarray(0, line.length));
  let likeness = 0;
  let gain = 0;
  for (let delay = 0; delay <= delays; delay++) {
    if (energy > lineEnergy * 1e-3) {
      let sum = 0;
      for (let index = 0; index < line.length; index++)
        sum += (line[index] as number) * (reference[delay + index] as number);
      const value = Math.abs(sum) / Math.sqrt(energy * lineEnergy);
      if (value > likeness) {
        likeness = value;
        gain = Math.sqrt(lineEnergy / energy);
      }
    }
    const leaving = reference[delay] as number;
    const entering = reference[delay + line.length] ?? 0;
    energy += entering * entering - leaving * leaving;
  }
  return { likeness: Math.min(1, likeness), gain };
}

function energyOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum;
}

/** Means of `factor` samples: a crude low pass, alike for both signals, which is all a comparison needs. */
function decimate(pcm: Int16Array, factor: number): Float32Array {
  const length = Math.floor(pcm.length / factor);
  return Float32Array.from({ length }, (_, index) => {
    let sum = 0;
    for (let offset = 0; offset < factor; offset++) sum += pcm[index * factor + offset] ?? 0;
    return sum / factor;
  });
}

/**
 * Streaming sample-rate conversion by a polyphase FIR (windowed sinc, Kaiser). The ratio is a fraction L/M; only the
 * output samples that are needed are computed, each as one dot product with the phase it falls on.
 */

/** Filter length in samples of the lower of the two rates. */
const TAPS_AT_LOWER_RATE = 64;
/** Kaiser's beta for 75 dB of stop-band (Kaiser & Schafer 1980: 0.1102 (A - 8.7)). */
const KAISER_BETA = 0.1102 * (75 - 8.7);
/**
 * Half-amplitude point as a share of the lower rate. Kaiser's estimate of the transition width for 64 taps and 75 dB is 0.073 of
 * the rate, so the stop-band begins at the lower Nyquist frequency and 8 kHz audio stays flat up to the 3.4 kHz of telephony.
 */
const CUTOFF = 0.5 - 0.073 / 2;

interface Filter {
  readonly up: number;
  readonly down: number;
  readonly tapsPerPhase: number;
  /** `up` phases of `tapsPerPhase` coefficients, newest input sample first. */
  readonly phases: Float32Array;
  /** Delay of the filter in output samples, rounded. */
  readonly delay: number;
}

const filters = new Map<string, Filter>();

/**
 * One direction of one stream. Holds the last input samples and the position between them; feed it pieces of any
 * size and the joined output is the same as for one big piece. Output lags by half the filter (4 ms at 8 kHz).
 */
export class Resampler {
  readonly fromHz: number;
  readonly toHz: number;
  readonly #filter: Filter | undefined;
  #history: Float32Array;
  /** Filled part of #history. */
  #filled: number;
  /** Input index (within #history) and phase of the next output sample. */
  #position: number;
  #phase = 0;

  constructor(fromHz: number, toHz: number) {
    assertRate(fromHz);
    assertRate(toHz);
    this.fromHz = fromHz;
    this.toHz = toHz;
    this.#filter = fromHz === toHz ? undefined : filterFor(fromHz, toHz);
    const before = this.#filter ? this.#filter.tapsPerPhase - 1 : 0;
    this.#history = new Float32Array(before + 1024);
    this.#filled = before;
    this.#position = before;
  }

  /** Delay of the output against the input, in output samples. */
  get delaySamples(): number {
    return this.#filter?.delay ?? 0;
  }

  /** Samples in any scale in, the same scale out. */
  processFloat(input: Float32Array): Float32Array {
    if (!this.#filter) return input.slice();
    this.#append(input, 1);
    return this.#drain(this.#filter);
  }

  /** 16-bit samples in, [-1, 1] out: what recognisers take. */
  processToFloat(input: Int16Array): Float32Array {
    const scale = 1 / 32_768;
    if (!this.#filter) {
      const out = new Float32Array(input.length);
      for (let index = 0; index < input.length; index++) out[index] = (input[index] as number) * scale;
      return out;
    }
    this.#append(input, scale);
    return this.#drain(this.#filter);
  }

  /** 16-bit samples in and out, clipped at full scale. */
  process(input: Int16Array): Int16Array {
    if (!this.#filter) return input.slice();
    this.#append(input, 1);
    return roundToInt16(this.#drain(this.#filter), 1);
  }

  #append(input: Float32Array | Int16Array, scale: number): void {
    if (this.#filled + input.length > this.#history.length) {
      const grown = new Float32Array(Math.max(this.#history.length * 2, this.#filled + input.length));
      grown.set(this.#history.subarray(0, this.#filled));
      this.#history = grown;
    }
    const history = this.#history;
    const filled = this.#filled;
    if (scale === 1) history.set(input, filled);
    else for (let index = 0; index < input.length; index++) history[filled + index] = (input[index] as number) * scale;
    this.#filled += input.length;
  }

  #drain({ up, down, tapsPerPhase, phases }: Filter): Float32Array {
    const history = this.#history;
    const available = this.#filled - this.#position;
    const count = available <= 0 ? 0 : Math.floor((available * up - this.#phase - 1) / down) + 1;
    const out = new Float32Array(Math.max(0, count));
    let position = this.#position;
    let phase = this.#phase;
    let done = 0;
    // What every call of the recogniser needs, 8 to 16 kHz.
    if (up === 2 && down === 1 && phase === 0) {
      done = doubled(phases, tapsPerPhase, history, position, out);
      position += done / 2;
    }
    for (let index = done; index < out.length; index++) {
      const row = phase * tapsPerPhase;
      // Four sums at once: additions need not wait for each other, which makes this twice as fast.
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let tap = 0; tap < tapsPerPhase; tap += 4) {
        a += (phases[row + tap] as number) * (history[position - tap] as number);
        b += (phases[row + tap + 1] as number) * (history[position - tap - 1] as number);
        c += (phases[row + tap + 2] as number) * (history[position - tap - 2] as number);
        d += (phases[row + tap + 3] as number) * (history[position - tap - 3] as number);
      }
      out[index] = a + b + c + d;
      phase += down;
      while (phase >= up) {
        phase -= up;
        position++;
      }
    }
    const keepFrom = Math.min(position, this.#filled) - (tapsPerPhase - 1);
    history.copyWithin(0, keepFrom, this.#filled);
    this.#filled -= keepFrom;
    this.#position = position - keepFrom;
    this.#phase = phase;
    return out;
  }
}

/**
 * Both phases of two neighbouring positions at once: each coefficient and each sample is read once for two products, nearly twice as fast. Returns how many output
 * samples were made, a multiple of four.
 */
function doubled(
  phases: Float32Array,
  taps: number,
  history: Float32Array,
  position: number,
  out: Float32Array,
): number {
  const count = out.length - (out.length % 4);
  for (let index = 0, at = position; index < count; index += 4, at += 2) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let later = history[at + 1] as number;
    for (let tap = 0; tap < taps; tap++) {
      const sample = history[at - tap] as number;
      const even = phases[tap] as number;
      const odd = phases[taps + tap] as number;
      a += even * sample;
      b += odd * sample;
      c += even * later;
      d += odd * later;
      later = sample;
    }
    out[index] = a;
    out[index + 1] = b;
    out[index + 2] = c;
    out[index + 3] = d;
  }
  return count;
}

/** A whole recording at once, the filter's delay taken out: `ceil(length * toHz / fromHz)` samples. */
export function resample(pcm: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return pcm.slice();
  const resampler = new Resampler(fromHz, toHz);
  const delay = resampler.delaySamples;
  const wanted = Math.ceil((pcm.length * toHz) / fromHz);
  const tail = Math.ceil(((delay + 2) * fromHz) / toHz) + 1;
  const padded = new Int16Array(pcm.length + tail);
  padded.set(pcm);
  return resampler.process(padded).slice(delay, delay + wanted);
}

/** [-1, 1] (scale 32768) or already 16-bit-scaled (scale 1) floats to 16-bit samples, clipped. NaN becomes 0. */
export function roundToInt16(samples: Float32Array, scale = 32_768): Int16Array {
  const out = new Int16Array(samples.length);
  for (let index = 0; index < samples.length; index++) {
    const value = Math.round((samples[index] as number) * scale);
    out[index] = Math.max(-32_768, Math.min(32_767, value));
  }
  return out;
}

/** 16-bit samples to [-1, 1). */
export function toFloat(pcm: Int16Array): Float32Array {
  const out = new Float32Array(pcm.length);
  for (let index = 0; index < pcm.length; index++) out[index] = (pcm[index] as number) / 32_768;
  return out;
}

function filterFor(fromHz: number, toHz: number): Filter {
  const key = `${fromHz}:${toHz}`;
  const known = filters.get(key);
  if (known) return known;
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  const down = fromHz / divisor;
  // The prototype runs at fromHz * up; there the lower of both rates is 1 / max(up, down) of the rate.
  const stretch = Math.max(up, down);
  // A multiple of four, for the unrolled sum.
  const tapsPerPhase = 4 * Math.ceil((TAPS_AT_LOWER_RATE * stretch) / up / 4);
  const length = tapsPerPhase * up;
  const cutoff = CUTOFF / stretch;
  const centre = (length - 1) / 2;
  const phases = new Float32Array(length);
  for (let index = 0; index < length; index++) {
    const distance = index - centre;
    const sinc = distance === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * distance) / (Math.PI * distance);
    const span = distance / (centre + 1);
    const window = besselI0(KAISER_BETA * Math.sqrt(1 - span * span)) / besselI0(KAISER_BETA);
    phases[(index % up) * tapsPerPhase + Math.floor(index / up)] = sinc * window;
  }
  normalizePhases(phases, up, tapsPerPhase);
  const filter = { up, down, tapsPerPhase, phases, delay: Math.round(centre / down) };
  filters.set(key, filter);
  return filter;
}

/** Each phase passes a constant unchanged, so that no tone at the phase rate is left on one. */
function normalizePhases(phases: Float32Array, up: number, tapsPerPhase: number): void {
  for (let phase = 0; phase < up; phase++) {
    const row = phases.subarray(phase * tapsPerPhase, (phase + 1) * tapsPerPhase);
    let sum = 0;
    for (const value of row) sum += value;
    for (let tap = 0; tap < row.length; tap++) row[tap] = (row[tap] as number) / sum;
  }
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; k < 50; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
    if (term < sum * 1e-12) break;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function assertRate(rate: number): void {
  if (!Number.isInteger(rate) || rate < 1000 || rate > 192_000) {
    throw new RangeError(`sample rate ${rate} is not a whole number of Hz between 1000 and 192000`);
  }
}

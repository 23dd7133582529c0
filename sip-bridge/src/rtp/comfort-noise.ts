import { LineWriter } from './line.js';
import { LINES, type LineFormat } from './packet.js';

/**
 * Noise as a telephone line has it: soft, without a tone, a little darker than white. Made once a level and format and then only looked up, so that a hundred idle calls cost
 * nothing.
 */

/** 2.56 s: too long to be heard as a repetition at these levels. */
const FRAMES = 128;
/** One-pole low-pass; -3 dB at about 1.6 kHz, as the background of a room. */
const DARKER = 0.35;
/** RFC 3389 §3.1: levels are -dBov, 0…127. */
const QUIETEST_DBOV = -127;

const made = new Map<string, readonly Uint8Array[]>();

/** Frames of 20 ms at `dbov` (0 = full scale), to be sent round and round. Shared: not to be written to. */
export function noiseFrames(line: LineFormat, dbov: number): readonly Uint8Array[] {
  const level = Math.min(0, Math.max(QUIETEST_DBOV, Math.round(dbov)));
  const key = `${line}${level}`;
  const known = made.get(key);
  if (known) return known;
  const { sampleRate, frameBytes } = LINES[line];
  const samples = (sampleRate / 50) * FRAMES;
  const bytes = new LineWriter(sampleRate, line).write(noise(samples, level));
  const frames = Array.from({ length: FRAMES }, (_, index) =>
    bytes.subarray(index * frameBytes, (index + 1) * frameBytes),
  );
  made.set(key, frames);
  return frames;
}

/** Always the same noise: a linear congruential generator (Numerical Recipes' constants) through a low-pass, brought to its level. */
function noise(count: number, dbov: number): Int16Array {
  const shaped = new Float64Array(count);
  let state = 12_345;
  let last = 0;
  let power = 0;
  for (let at = 0; at < count; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    last += DARKER * (state / 0x8000_0000 - last);
    shaped[at] = last;
    power += last * last;
  }
  const gain = (32_768 * 10 ** (dbov / 20)) / Math.sqrt(power / count);
  return Int16Array.from(shaped, (value) => Math.max(-32_768, Math.min(32_767, Math.round(value * gain))));
}

/** Goes round the frames of one level. */
export class NoiseSource {
  #frames: readonly Uint8Array[];
  #at = 0;

  constructor(line: LineFormat, dbov: number) {
    this.#frames = noiseFrames(line, dbov);
  }

  /** The same place, another level. */
  setLevel(line: LineFormat, dbov: number): void {
    this.#frames = noiseFrames(line, dbov);
  }

  next(): Uint8Array {
    this.#at = (this.#at + 1) % this.#frames.length;
    return this.#frames[this.#at] as Uint8Array;
  }
}

/** The level of a comfort noise packet; its spectrum, where it has one, is not followed (RFC 3389 §3 lets us). Undefined when it is empty. */
export function readComfortNoise(payload: Uint8Array): number | undefined {
  const [level] = payload;
  return level === undefined ? undefined : -(level & 0x7f);
}

/** What we send: the level alone. */
export function comfortNoisePayload(dbov: number): Uint8Array {
  return Uint8Array.of(Math.min(127, Math.max(0, Math.round(-dbov))));
}

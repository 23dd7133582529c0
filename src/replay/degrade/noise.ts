import { seededRandom } from '../statistics/random.js';

/** Frames this far below the loudest are pauses: levels are those of the speech. */
const PAUSE_BELOW_DB = 30;
const FRAME = 160;

/** Mean power of the frames in which something is said. */
export function speechPower(pcm: Int16Array): number {
  const powers: number[] = [];
  for (let start = 0; start < pcm.length; start += FRAME) powers.push(power(pcm.subarray(start, start + FRAME)));
  const loudest = powers.reduce((most, each) => Math.max(most, each), 0);
  const spoken = powers.filter((each) => each > 0 && each >= loudest / 10 ** (PAUSE_BELOW_DB / 10));
  return spoken.length === 0 ? 0 : spoken.reduce((sum, each) => sum + each, 0) / spoken.length;
}

function power(frame: Int16Array): number {
  let sum = 0;
  for (const sample of frame) sum += sample * sample;
  return frame.length === 0 ? 0 : sum / frame.length;
}

export type NoiseKind = 'white' | 'street';

/** Adds noise at a signal to noise ratio (dB, against the speech in it): white, or with the falling spectrum of a street. The same for the same seed. */
export function addNoise(pcm: Int16Array, snrDb: number, kind: NoiseKind, seed: number): Int16Array {
  const random = seededRandom(seed);
  const noise = new Float64Array(pcm.length);
  let low = 0;
  let sum = 0;
  for (let index = 0; index < noise.length; index++) {
    const white = random() + random() + random() + random() - 2;
    // One pole at 0.95: -3 dB at about 65 Hz of 8 kHz, then 6 dB an octave, as traffic has it.
    low = 0.95 * low + white;
    const value = kind === 'white' ? white : low;
    noise[index] = value;
    sum += value * value;
  }
  const wanted = speechPower(pcm) / 10 ** (snrDb / 10);
  const gain = sum === 0 ? 0 : Math.sqrt(wanted / (sum / Math.max(1, noise.length)));
  return pcm.map((sample, index) => clipped(sample + gain * (noise[index] as number)));
}

export function clipped(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}

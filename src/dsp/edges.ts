import { samplesIn } from './framing.js';

/** A frame this far below the loudest one is no part of a word. */
const BELOW_LOUDEST_DB = 30;
const FRAME_MS = 10;

/**
 * Where the last sound of speech in `pcm` ends: the end of the last 10 ms that lie within 30 dB of its loudest 10 ms, in samples. Voice activity models are
 * some windows late with this; the ear is not. 0 for silence.
 */
export function endOfSound(pcm: Int16Array, sampleRate: number): number {
  const frame = samplesIn(FRAME_MS, sampleRate);
  const powers: number[] = [];
  for (let start = 0; start + frame <= pcm.length; start += frame) {
    let sum = 0;
    for (let index = start; index < start + frame; index++) sum += (pcm[index] as number) ** 2;
    powers.push(sum);
  }
  const loudest = powers.reduce((most, power) => Math.max(most, power), 0);
  if (loudest === 0) return 0;
  const threshold = loudest / 10 ** (BELOW_LOUDEST_DB / 10);
  return (powers.findLastIndex((power) => power >= threshold) + 1) * frame;
}

/** The same samples without the silence in front, but for `keepMs`. Quieter than -42 dBFS is silence. */
export function withoutLead(pcm: Int16Array, sampleRate: number, keepMs: number): Int16Array {
  const threshold = 260;
  const first = pcm.findIndex((sample) => sample > threshold || sample < -threshold);
  return first < 0 ? pcm : pcm.subarray(Math.max(0, first - samplesIn(keepMs, sampleRate)));
}

import { clipped } from '../degrade/noise.js';

/** Plays sound faster (more than 1: shorter and higher) or slower, as a tape does; with a synthesiser that speaks slower by as much, only the pitch changes. */
export function atSpeed(pcm: Int16Array, factor: number): Int16Array {
  if (factor === 1) return pcm;
  const out = new Int16Array(Math.floor(pcm.length / factor));
  for (let index = 0; index < out.length; index++) {
    const at = index * factor;
    const left = pcm[Math.floor(at)] ?? 0;
    const right = pcm[Math.floor(at) + 1] ?? left;
    out[index] = clipped(left + (right - left) * (at - Math.floor(at)));
  }
  return out;
}

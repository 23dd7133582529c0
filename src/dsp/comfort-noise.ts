/** -62 dBFS: heard as a living line, far below speech; the level that RFC 3389's example for a quiet office comes to. */
const LEVEL_DBFS = -62;

/** Soft noise for a pause, so that the line does not sound dead. The same length gives the same noise. */
export function comfortNoise(samples: number): Int16Array {
  const amplitude = 32_768 * 10 ** (LEVEL_DBFS / 20) * Math.sqrt(3);
  const out = new Int16Array(samples);
  // Numerical Recipes' linear congruential generator; a little low-passed, as rooms are.
  let state = 0x2545f491;
  let last = 0;
  for (let index = 0; index < samples; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    last = 0.5 * last + (state / 0x80000000 - 1) * amplitude * 0.87;
    out[index] = Math.round(last);
  }
  return out;
}

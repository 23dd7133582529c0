/** Lowest level reported: digital silence has no logarithm. */
export const SILENCE_DBFS = -120;

/** Root mean square in dB of full scale (a full-scale square wave is 0, a full-scale sine -3). Empty or silent: -120. */
export function rmsDbfs(pcm: Int16Array): number {
  let sum = 0;
  for (const sample of pcm) sum += sample * sample;
  return toDbfs(pcm.length === 0 ? 0 : Math.sqrt(sum / pcm.length));
}

/** Largest magnitude in dB of full scale. */
export function peakDbfs(pcm: Int16Array): number {
  let peak = 0;
  for (const sample of pcm) {
    const magnitude = sample < 0 ? -sample : sample;
    if (magnitude > peak) peak = magnitude;
  }
  return toDbfs(peak);
}

/**
 * Level of the speech in it: RMS over the 20 ms frames that lie within 25 dB of the loudest one, so that pauses do not make
 * a recording look quiet. dBFS.
 */
export function activeRmsDbfs(pcm: Int16Array, sampleRate: number): number {
  const frame = Math.max(1, Math.round(sampleRate / 50));
  const powers: number[] = [];
  for (let start = 0; start < pcm.length; start += frame) {
    const part = pcm.subarray(start, start + frame);
    let sum = 0;
    for (const sample of part) sum += sample * sample;
    powers.push(sum / part.length);
  }
  const loudest = powers.reduce((most, power) => Math.max(most, power), 0);
  const active = powers.filter((power) => power >= loudest / 316 && power > 0);
  if (active.length === 0) return SILENCE_DBFS;
  return toDbfs(Math.sqrt(active.reduce((sum, power) => sum + power, 0) / active.length));
}

/**
 * Brings the speech in `pcm` to `targetDbfs`, raised by at most `maxGainDb` (noise is not to be blown up) and never with a peak above `ceilingDbfs`. Changes it in place;
 * returns the gain used, in dB.
 */
export function levelTo(
  pcm: Int16Array,
  sampleRate: number,
  targetDbfs: number,
  { maxGainDb = 15, ceilingDbfs = -1 }: { readonly maxGainDb?: number; readonly ceilingDbfs?: number } = {},
): number {
  const level = activeRmsDbfs(pcm, sampleRate);
  if (level <= SILENCE_DBFS) return 0;
  const wanted = Math.min(maxGainDb, targetDbfs - level);
  const gainDb = Math.min(wanted, ceilingDbfs - peakDbfs(pcm));
  applyGain(pcm, gainDb);
  return gainDb;
}

/** In place, clipped at full scale. */
export function applyGain(pcm: Int16Array, gainDb: number): void {
  if (gainDb === 0) return;
  const factor = 10 ** (gainDb / 20);
  for (let index = 0; index < pcm.length; index++) {
    pcm[index] = Math.max(-32_768, Math.min(32_767, Math.round((pcm[index] as number) * factor)));
  }
}

function toDbfs(amplitude: number): number {
  return amplitude <= 0 ? SILENCE_DBFS : Math.max(SILENCE_DBFS, 20 * Math.log10(amplitude / 32_768));
}

/** How far a recognised text may be trusted, 0..1. */

export interface ConfidenceInput {
  readonly text: string;
  /** Log probability of each token, where the model tells (transducers do, decoding over a graph does not). */
  readonly logProbabilities: readonly number[];
  /** Milliseconds of voice, by voice activity, within the utterance. */
  readonly voicedMs: number;
}

/** Characters (Chinese) or words a second between which speech is plausible: slow dictation of digits to fast talk. */
const PLAUSIBLE_RATE = { least: 1.2, most: 8.5 };

/**
 * With log probabilities: their geometric mean. Without: a heuristic that is honest about knowing little. It starts from 0.75, never says more, and
 * falls when the text is much shorter or longer than the voice heard can hold: a graph makes words of any noise, but seldom as many
 * as were spoken. It does not tell a well-heard sentence from a plausible wrong one.
 */
export function confidenceOf({ text, logProbabilities, voicedMs }: ConfidenceInput): number {
  const units = unitsIn(text);
  if (units === 0) return 0;
  if (logProbabilities.length > 0) {
    const mean = logProbabilities.reduce((sum, value) => sum + value, 0) / logProbabilities.length;
    return clamp(Math.exp(mean));
  }
  // Voice activity is noticed in steps of 32 ms and rounds short words up: 150 ms are not held against the text.
  const rate = units / (Math.max(100, voicedMs) / 1000);
  const slowest = units / (Math.max(100, voicedMs - 150) / 1000);
  const fit = Math.min(1, slowest / PLAUSIBLE_RATE.least, PLAUSIBLE_RATE.most / rate);
  return clamp(0.75 * fit);
}

/** Chinese characters and words of other scripts; the signs of an e-mail address, which is spelled. */
function unitsIn(text: string): number {
  if (/[a-z0-9]@[a-z0-9]/.test(text)) return text.match(/\p{Script=Han}|[\p{L}\p{N}@._-]/gu)?.length ?? 0;
  return text.match(/\p{Script=Han}|[\p{L}\p{N}']+/gu)?.length ?? 0;
}

function clamp(value: number): number {
  return Number.isFinite(value) ? Math.max(0, Math.min(1, value)) : 0;
}

import { pinyin } from 'pinyin-pro';

/** Coarse reading of each character seen so far. Bounded by the number of Han characters. */
const cache = new Map<string, string>();

/**
 * What recognisers and southern speakers mix up falls together: zh/z, ch/c, sh/s, n/l (initial), an/ang, en/eng, in/ing (final),
 * and no tones. The merges are those of NLU practice for Mandarin ASR errors.
 */
export function coarsen(syllable: string): string {
  return syllable
    .replace(/^([zcs])h/, '$1')
    .replace(/^n(?=[^g]|$)/, 'l')
    .replace(/([aei])ng$/, '$1n');
}

/** Coarse toneless reading of one Han character by its most common pronunciation; empty when it has none. */
export function coarsePinyin(char: string): string {
  const known = cache.get(char);
  if (known !== undefined) return known;
  const syllable = pinyin(char, { toneType: 'none', type: 'string', nonZh: 'removed', v: true });
  const coarse = coarsen(syllable);
  cache.set(char, coarse);
  return coarse;
}

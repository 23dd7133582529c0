import { isHan, normalizeText } from '../features/normalize.js';

/** Han characters and pairs of them, repeats included. `hanKeys` has them as numbers. */
export function sentimentFeatures(text: string): string[] {
  const out: string[] = [];
  let previous = '';
  for (const char of normalizeText(text)) {
    if (!isHan(char)) {
      previous = '';
      continue;
    }
    out.push(char);
    if (previous !== '') out.push(previous + char);
    previous = char;
  }
  return out;
}

/** Han characters that `isHan` knows lie between this one and 15 bits above it, so that a pair of them is a small integer. */
const FIRST = 0x3000;
const NO_HAN = -1;

/** The number of a feature of `sentimentFeatures`: below zero for a character, above for a pair. */
export function hanKey(feature: string): number {
  const code = feature.charCodeAt(0);
  return feature.length === 1 ? -code : pairKey(code, feature.charCodeAt(1));
}

const pairKey = (first: number, second: number) => ((first - FIRST) << 15) | (second - FIRST);

/** The features of a text as numbers, each once, in the order in which they first come. */
export function hanKeys(text: string): ReadonlySet<number> {
  const out = new Set<number>();
  let previous = NO_HAN;
  const plain = normalizeText(text);
  for (let at = 0; at < plain.length; at++) {
    if (!isHan(plain.charAt(at))) {
      previous = NO_HAN;
      continue;
    }
    const code = plain.charCodeAt(at);
    out.add(-code);
    if (previous !== NO_HAN) out.add(pairKey(previous, code));
    previous = code;
  }
  return out;
}

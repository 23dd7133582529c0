import { isHan, normalizeText } from '../features/normalize.js';

/** Han characters and pairs of them, repeats included. */
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

import { TRADITIONAL_TO_SIMPLIFIED } from './traditional.js';

/** Longest text that is looked at for features, in UTF-16 units: 15 s of fast speech is far below it. */
export const MAX_FEATURE_CHARS = 1000;

/**
 * The form in which texts are compared: NFKC (full-width to half-width), lower case, simplified characters, one kind of
 * apostrophe, no control characters, single spaces. Spans are not kept; entity extractors work on the text as given.
 */
export function normalizeText(text: string): string {
  const cut = text.length > MAX_FEATURE_CHARS ? text.slice(0, MAX_FEATURE_CHARS) : text;
  return toSimplified(cut.normalize('NFKC').toLowerCase())
    .replace(/[\u2018\u2019\u02bc`´]/g, "'")
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

/** Traditional characters to simplified ones, one to one, so that spans stay where they are. */
export function toSimplified(text: string): string {
  let changed = false;
  let out = '';
  for (const char of text) {
    const simple = TRADITIONAL_TO_SIMPLIFIED.get(char);
    if (simple === undefined) out += char;
    else {
      out += simple;
      changed = true;
    }
  }
  return changed ? out : text;
}

/** Han ideographs of the basic plane, plus 〇. */
export function isHan(char: string): boolean {
  const code = char.charCodeAt(0);
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) || code === 0x3007;
}

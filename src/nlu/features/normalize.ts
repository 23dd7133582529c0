import { TRADITIONAL_TO_SIMPLIFIED } from './traditional.js';

/** Longest text that is looked at for features, in UTF-16 units: 15 s of fast speech is far below it. */
export const MAX_FEATURE_CHARS = 1000;

/**
 * The form in which texts are compared: NFKC (full-width to half-width), lower case, simplified characters, one kind of
 * apostrophe, no control characters, single spaces. Spans are not kept; entity extractors work on the text as given.
 */
export function normalizeText(text: string): string {
  const cut = text.length > MAX_FEATURE_CHARS ? text.slice(0, MAX_FEATURE_CHARS) : text;
  if (isNormal(cut)) return cut;
  return toSimplified(cut.normalize('NFKC').toLowerCase())
    .replace(/[\u2018\u2019\u02bc`´]/g, "'")
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

/** True for what most callers' texts are made of, simplified Han characters and plain ASCII in its final form: nothing there would change. */
function isNormal(text: string): boolean {
  let blank = true;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isBlank = code === 0x20;
    if (isBlank ? blank : !isNormalCode(code)) return false;
    blank = isBlank;
  }
  return !blank || text === '';
}

function isNormalCode(code: number): boolean {
  if (code < 0x7f) return code > 0x20 && code !== 0x60 && (code < 0x41 || code > 0x5a);
  return code >= 0x4e00 && code <= 0x9fff && !TRADITIONAL.has(code);
}

const TRADITIONAL: ReadonlySet<number> = new Set(
  [...TRADITIONAL_TO_SIMPLIFIED.keys()].map((char) => char.charCodeAt(0)),
);

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

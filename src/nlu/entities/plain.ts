import { TRADITIONAL_TO_SIMPLIFIED } from '../features/traditional.js';

/**
 * Lower case, simplified characters, half-width forms, one kind of apostrophe, each character in its place: the result has the length of the
 * text, so that spans found in it hold for the text.
 */
export function plainText(text: string): string {
  let at = 0;
  while (at < text.length && plainCode(text.charCodeAt(at)) === text.charCodeAt(at)) at++;
  if (at === text.length) return text;
  let out = text.slice(0, at);
  for (; at < text.length; at++) out += String.fromCharCode(plainCode(text.charCodeAt(at)));
  return out;
}

/** Plain form of each UTF-16 unit met so far, 0 for the others. */
const codes = new Uint16Array(0x10000);

function plainCode(code: number): number {
  const known = codes[code];
  if (known !== undefined && known !== 0) return known;
  const found = plainUnit(String.fromCharCode(code)).charCodeAt(0);
  codes[code] = found;
  return found;
}

function plainUnit(unit: string): string {
  const code = unit.charCodeAt(0);
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0).toLowerCase();
  if (code === 0x3000 || unit === '\t' || unit === '\n' || unit === '\r') return ' ';
  if (code === 0x2019 || code === 0x2018 || code === 0x02bc) return "'";
  const simple = TRADITIONAL_TO_SIMPLIFIED.get(unit);
  if (simple !== undefined) return simple;
  const low = unit.toLowerCase();
  return low.length === 1 ? low : unit;
}

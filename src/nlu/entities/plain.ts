import { TRADITIONAL_TO_SIMPLIFIED } from '../features/traditional.js';

/**
 * Lower case, simplified characters, half-width forms, one kind of apostrophe, each character in its place: the result has the length of the
 * text, so that spans found in it hold for the text.
 */
export function plainText(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; at++) out += plainUnit(text[at] ?? '');
  return out;
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

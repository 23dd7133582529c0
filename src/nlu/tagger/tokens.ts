import { isHan } from '../features/normalize.js';

export interface Token {
  /** Lower case. */
  readonly text: string;
  /** What kind of word it is. */
  readonly shape: string;
  readonly start: number;
  readonly end: number;
}

/** From a place on: a run of what is neither Han nor blank. */
const OTHER = /[^\s\u3007\u3400-\u4dbf\u4e00-\u9fff]+/uy;

/** Each Han character, and each run of other non-space characters, with punctuation at its ends split off. Spans are of the text given. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const add = (start: number, end: number) => {
    const word = text.slice(start, end).toLowerCase();
    tokens.push({ text: word, shape: shapeOf(word), start, end });
  };
  for (let start = 0; start < text.length; start++) {
    const char = text.charAt(start);
    if (isHan(char)) {
      tokens.push({ text: char, shape: char === '〇' ? shapeOf(char) : HAN_SHAPE, start, end: start + 1 });
      continue;
    }
    OTHER.lastIndex = start;
    const word = OTHER.exec(text)?.[0];
    if (word === undefined) continue;
    const lead = /^[^\p{L}\p{N}]+(?=.)/u.exec(word)?.[0].length ?? 0;
    // A full stop inside or after an abbreviation ("st.", "d.c.") belongs to it; other punctuation at the end does not.
    const tail = lead === word.length ? 0 : (/[^\p{L}\p{N}.]+$/u.exec(word.slice(lead))?.[0].length ?? 0);
    for (let at = 0; at < lead; at++) add(start + at, start + at + 1);
    if (lead < word.length - tail) add(start + lead, start + word.length - tail);
    for (let at = word.length - tail; at < word.length; at++) if (at >= lead) add(start + at, start + at + 1);
    start += word.length - 1;
  }
  return tokens;
}

/** A number by its length, a code by its pattern, anything else by whether it is short or long. `word`: lower case. */
export function shapeOf(word: string): string {
  if (/^\d+$/.test(word)) return `d${Math.min(word.length, 4)}`;
  if (/\d/.test(word))
    return word
      .replace(/\d/g, '0')
      .replace(/[a-z]+/g, 'a')
      .slice(0, 8);
  if (/^[^\p{L}]+$/u.test(word)) return 'p';
  return word.length <= 2 ? 's' : 'a';
}

/** Of an ideograph; 〇 counts as a numeral. */
const HAN_SHAPE = shapeOf('一');

import { isHan } from '../features/normalize.js';

export interface Token {
  /** Lower case. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Each Han character, and each run of other non-space characters, with punctuation at its ends split off. Spans are of the text given. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const add = (start: number, end: number) => tokens.push({ text: text.slice(start, end).toLowerCase(), start, end });
  for (const match of text.matchAll(/[\u3007\u3400-\u4dbf\u4e00-\u9fff]|[^\s\u3007\u3400-\u4dbf\u4e00-\u9fff]+/gu)) {
    const word = match[0];
    const start = match.index;
    if (isHan(word)) {
      add(start, start + word.length);
      continue;
    }
    const lead = /^[^\p{L}\p{N}]+(?=.)/u.exec(word)?.[0].length ?? 0;
    // A full stop inside or after an abbreviation ("st.", "d.c.") belongs to it; other punctuation at the end does not.
    const tail = lead === word.length ? 0 : (/[^\p{L}\p{N}.]+$/u.exec(word.slice(lead))?.[0].length ?? 0);
    for (let at = 0; at < lead; at++) add(start + at, start + at + 1);
    if (lead < word.length - tail) add(start + lead, start + word.length - tail);
    for (let at = word.length - tail; at < word.length; at++) if (at >= lead) add(start + at, start + at + 1);
  }
  return tokens;
}

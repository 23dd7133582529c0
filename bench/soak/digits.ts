import { distance } from 'fastest-levenshtein';

/** Numbers that callers speak, and how those that came out are compared. */

export const DIGIT_CHARACTERS = '零一二三四五六七八九';

/** Numbers of eight digits of which no two are alike: at least five edits between any two. The same for the same count. */
export function distinctNumbers(count: number): readonly string[] {
  const out: string[] = [];
  let state = 20_251_121;
  while (out.length < count) {
    let number = '';
    while (number.length < 8) {
      // Park and Miller's generator (CACM 31, 1988).
      state = (state * 48_271) % 2_147_483_647;
      number += state % 10;
    }
    if (out.every((other) => distance(other, number) >= (count > 120 ? 4 : 5))) out.push(number);
  }
  return out;
}

/** The number in a recognised text; '' when there is none of at least five digits. */
export function numberIn(text: string): string {
  const digits = text
    .replace(/幺/g, '一')
    .replace(/两/g, '二')
    .replace(/〇/g, '零')
    .replace(/[零一二三四五六七八九]/g, (character) => String(DIGIT_CHARACTERS.indexOf(character)));
  return digits.match(/\d{5,}/)?.[0] ?? '';
}

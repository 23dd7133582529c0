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
    if (out.every((other) => edits(other, number) >= (count > 120 ? 4 : 5))) out.push(number);
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

/** Levenshtein's distance. */
export function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0] ?? 0;
    row = row.map((above, j) => {
      if (j === 0) return i;
      const cost = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      diagonal = above;
      return Math.min(cost, above + 1);
    });
    for (let j = 1; j < row.length; j++) row[j] = Math.min(row[j] ?? 0, (row[j - 1] ?? 0) + 1);
  }
  return row[b.length] ?? 0;
}

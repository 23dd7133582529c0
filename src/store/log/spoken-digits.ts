/** Digits as people say them, and as a recogniser writes them down: 幺三八…, "one three oh …". */

export const HAN_DIGITS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from('零〇一幺二两三四五六七八九').map((sign, index) => [
    sign,
    String([0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9][index]),
  ]),
);
export const ENGLISH_DIGITS: Readonly<Record<string, string>> = {
  zero: '0',
  oh: '0',
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
};

/** A row of spoken digits: each as it was said, and all of them in figures. */
export interface SpokenRow {
  readonly said: readonly string[];
  readonly digits: string;
  /** What stands between the digits where they are written again. */
  readonly between: string;
}

const HAN = `[${Object.keys(HAN_DIGITS).join('')}]`;
const WORD = `(?:(?:double|treble|triple)[\\s-])?(?:${Object.keys(ENGLISH_DIGITS).join('|')})`;
/** Nine digits or more: what is shorter is nobody's number. Bounded, so that long texts take no quadratic time. */
const HAN_ROW = new RegExp(`(?<!${HAN})${HAN}(?:[\\s，,、-]{0,2}${HAN}){8,20}[Xx]?`, 'g');
const ENGLISH_ROW = new RegExp(`\\b${WORD}(?:[\\s,-]{1,2}${WORD}){5,20}\\b`, 'gi');
const TIMES: Readonly<Record<string, number>> = { double: 2, treble: 3, triple: 3 };

/** The text with each long row of spoken digits as `shown` gives it back; rows that it gives nothing for stay. */
export function replaceSpokenRows(text: string, shown: (row: SpokenRow) => string | undefined): string {
  const han = text.replace(HAN_ROW, (all) => {
    const said = Array.from(all).filter((sign) => HAN_DIGITS[sign] !== undefined || /[Xx]/.test(sign));
    return shown({ said, digits: said.map((sign) => HAN_DIGITS[sign] ?? sign).join(''), between: '' }) ?? all;
  });
  return han.replace(ENGLISH_ROW, (all) => {
    const said: string[] = [];
    let times = 1;
    for (const word of all.match(/[a-z]+/gi) ?? []) {
      const more = TIMES[word.toLowerCase()];
      if (more === undefined) said.push(...Array<string>(times).fill(word));
      times = more ?? 1;
    }
    const digits = said.map((word) => ENGLISH_DIGITS[word.toLowerCase()] ?? '').join('');
    return shown({ said, digits, between: ' ' }) ?? all;
  });
}

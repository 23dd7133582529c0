import { LETTER_NAMES } from './english/dictionary.js';
import { syllableTokens, type Way } from './speller.js';
import type { PhoneUnits } from './units.js';

/** Something that a number may hold, with what it costs on top of a digit. */
export interface NumberPart {
  readonly ways: readonly Way[];
  readonly cost: number;
  /** A spelled letter: needs the way into letters first. */
  readonly letter: boolean;
}

/** Mandarin digits as they are said, each with its reading. */
const MANDARIN: readonly (readonly [string, string])[] = [
  ['零', 'ling2'],
  ['一', 'yi1'],
  ['幺', 'yao1'],
  ['二', 'er4'],
  ['三', 'san1'],
  ['四', 'si4'],
  ['五', 'wu3'],
  ['六', 'liu4'],
  ['七', 'qi1'],
  ['八', 'ba1'],
  ['九', 'jiu3'],
];
const ENGLISH_DIGITS = 'zero oh one two three four five six seven eight nine'.split(' ');
const ENGLISH_REPEATS = ['double', 'triple'];
const ENGLISH_PAIRS =
  'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety'.split(
    ' ',
  );
/** "Zero" and "two" end nearly as "oh" sounds; a real one is worth more than this. */
const OH_COST = 1;
/** "Eighty" must not win over "eight" for a voice that the model hears badly: what is rarer costs more. */
const REPEAT_COST = 2;
const PAIR_COST = 3;

/** What numbers are made of in the model's language; parts that it cannot say are left out. */
export function numberParts(units: PhoneUnits): readonly NumberPart[] {
  const { english } = units;
  if (english === undefined) {
    return MANDARIN.flatMap(([char, syllable]) => {
      const way = syllableTokens(char, syllable, units);
      return way === undefined ? [] : [{ ways: [way], cost: 0, letter: false }];
    });
  }
  const word = (text: string, cost: number): NumberPart => ({ ways: english.tokens(text), cost, letter: false });
  const letters = Object.keys(LETTER_NAMES).flatMap((letter) => {
    const way = english.letterTokens(letter);
    return way === undefined ? [] : [{ ways: [way], cost: 0, letter: true }];
  });
  return [
    ...ENGLISH_DIGITS.map((digit) => word(digit, digit === 'oh' ? OH_COST : 0)),
    ...ENGLISH_REPEATS.map((repeat) => word(repeat, REPEAT_COST)),
    ...ENGLISH_PAIRS.map((pair) => word(pair, PAIR_COST)),
    ...letters,
  ].filter(({ ways }) => ways.length > 0);
}

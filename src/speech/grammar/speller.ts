import { speak } from './lexicon.js';
import { type PhoneUnits, phonesOf } from './units.js';

/** One way to say a character or word: the model's outputs in order, the last of them (at least) printing. */
export type Way = readonly number[];

/** More ways to say a phrase than this are not followed: "the" and "to" have two each. */
const MOST_WAYS = 8;

/** The ways of each character (Mandarin) or word (English) of a text in spoken form; undefined when the model cannot say or print one. */
export function spellText(text: string, units: PhoneUnits): readonly (readonly Way[])[] | undefined {
  if (text.trim() === '') return [];
  return units.english === undefined ? spellMandarin(text, units) : spellEnglish(text, units);
}

/** Every combination of the ways of a phrase's words, at most `MOST_WAYS`. */
export function waysOf(items: readonly (readonly Way[])[]): readonly (readonly Way[])[] {
  let all: (readonly Way[])[] = [[]];
  for (const ways of items) {
    const room = all.length * ways.length <= MOST_WAYS;
    all = (room ? ways : ways.slice(0, 1)).flatMap((way) => all.map((before) => [...before, way]));
  }
  return all;
}

/** The outputs of one character said as `syllable`; undefined when the model lacks them. */
export function syllableTokens(char: string, syllable: string, units: PhoneUnits): Way | undefined {
  const phones = phonesOf(syllable);
  const ids = phones.map((phone) => units.phoneId(phone));
  const alias = units.aliasId(char, phones.at(-1) ?? '');
  if (alias === undefined || ids.includes(undefined)) return undefined;
  return [...ids.slice(0, -1).filter((id) => id !== undefined), alias];
}

function spellMandarin(text: string, units: PhoneUnits): readonly (readonly Way[])[] | undefined {
  const spoken = speak(text);
  if (spoken === undefined) return undefined;
  const ways = spoken.chars.map((char, i) => syllableTokens(char, spoken.pinyin[i] ?? '', units));
  const known = ways.filter((way) => way !== undefined);
  return known.length === ways.length ? known.map((way) => [way]) : undefined;
}

function spellEnglish(text: string, units: PhoneUnits): readonly (readonly Way[])[] | undefined {
  const words = text
    .trim()
    .split(/\s+/)
    .map((word) => units.english?.tokens(word) ?? []);
  return words.every((ways) => ways.length > 0) ? words : undefined;
}

import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { HearkenError, messageOf } from '../../../errors.js';
import type { PhoneUnits } from '../units.js';
import { LetterSounds } from './letter-sounds.js';
import { Spelling } from './spelling.js';

const MAX_BYTES = 32 * 1024 * 1024;
/** Words of the dictionary that unknown words are read after: more take longer to count and tell little new. */
const TEACHERS = 12_000;
const PLAIN_WORD = /^[a-z]+$/;

/** A spelled letter's name. */
export const LETTER_NAMES: Readonly<Record<string, string>> = {
  a: 'EY',
  b: 'B IY',
  c: 'S IY',
  d: 'D IY',
  e: 'IY',
  f: 'EH F',
  g: 'JH IY',
  h: 'EY CH',
  i: 'AY',
  j: 'JH EY',
  k: 'K EY',
  l: 'EH L',
  m: 'EH M',
  n: 'EH N',
  o: 'OW',
  p: 'P IY',
  q: 'K Y UW',
  r: 'AA R',
  s: 'EH S',
  t: 'T IY',
  u: 'Y UW',
  v: 'V IY',
  w: 'D AH B AH L Y UW',
  x: 'EH K S',
  y: 'W AY',
  z: 'Z IY',
};

/** Readings that the dictionary lacks or that callers shorten. */
const SHORT_FORMS: Readonly<Record<string, readonly string[]>> = {
  a: ['AH', 'EY'],
  the: ['DH AH', 'DH IY'],
  to: ['T UW', 'T AH'],
  and: ['AE N D', 'AH N D', 'AH N'],
  oh: ['OW'],
  ok: ['OW K EY'],
};

/** How English words are said by a model's phones: a dictionary, and rules learnt from it for words it lacks. */
export class EnglishDictionary {
  readonly #readings: ReadonlyMap<string, readonly string[]>;
  readonly #spelling: Spelling;
  #rules: LetterSounds | undefined;

  /** `readings`: words of lower case with their phones joined by spaces. */
  constructor(readings: ReadonlyMap<string, readonly string[]>, units: PhoneUnits) {
    this.#readings = readings;
    this.#spelling = new Spelling(units);
  }

  has(word: string): boolean {
    return Object.hasOwn(SHORT_FORMS, word) || this.#readings.has(word);
  }

  /** Phones of each way to say a word of lower case letters and apostrophes; empty when it has other signs. */
  readings(word: string): readonly (readonly string[])[] {
    const known = Object.hasOwn(SHORT_FORMS, word) ? SHORT_FORMS[word] : this.#readings.get(word);
    if (known !== undefined) return known.map((reading) => reading.split(' '));
    if (word.endsWith("'s")) {
      return this.readings(word.slice(0, -2)).map((phones) => [...phones, ...possessive(phones.at(-1) ?? '')]);
    }
    const plain = word.replaceAll("'", '');
    if (!PLAIN_WORD.test(plain)) return [];
    const letter = plain.length === 1 ? LETTER_NAMES[plain] : undefined;
    if (letter !== undefined) return [letter.split(' ')];
    this.#rules ??= new LetterSounds(this.#teachers(), this.#spelling.cost);
    const phones = this.#rules.phonesOf(plain);
    return phones.length === 0 ? [] : [phones];
  }

  /** The model's outputs that print a word, for each way to say it; empty when it has none. */
  tokens(word: string): readonly (readonly number[])[] {
    const ways = this.readings(word).map((phones) => this.#spelling.tokens(word, phones));
    return distinct(ways.filter((way) => way !== undefined));
  }

  /** The outputs of a spelled letter. */
  letterTokens(letter: string): readonly number[] | undefined {
    const name = LETTER_NAMES[letter];
    return name === undefined ? undefined : this.#spelling.tokens(letter, name.split(' '));
  }

  *#teachers(): Iterable<readonly [string, readonly string[]]> {
    const step = Math.max(1, Math.floor(this.#readings.size / TEACHERS));
    let i = 0;
    for (const [word, readings] of this.#readings) {
      if (i++ % step === 0 && PLAIN_WORD.test(word)) yield [word, (readings[0] ?? '').split(' ')];
    }
  }
}

/** The ending of "Smith's" after a word's last phone. */
function possessive(last: string): readonly string[] {
  if (['S', 'Z', 'SH', 'ZH', 'CH', 'JH'].includes(last)) return ['AH', 'Z'];
  return ['P', 'T', 'K', 'F', 'TH'].includes(last) ? ['S'] : ['Z'];
}

function distinct(ways: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return Array.from(new Map(ways.map((way) => [way.join(' '), way])).values());
}

/**
 * Reads a model's `lexicon.txt.gz`: one reading a line, the word and its phones separated by spaces. A folder without one gives an
 * empty dictionary. Throws MODEL_INVALID.
 */
export function loadEnglishDictionary(path: string, units: PhoneUnits): EnglishDictionary {
  const readings = new Map<string, string[]>();
  try {
    const text = existsSync(path)
      ? gunzipSync(readFileSync(path), { maxOutputLength: MAX_BYTES }).toString('utf8')
      : '';
    for (const line of text.split('\n')) {
      const cut = line.indexOf(' ');
      if (cut <= 0) continue;
      const word = line.slice(0, cut);
      const list = readings.get(word);
      if (list) list.push(line.slice(cut + 1));
      else readings.set(word, [line.slice(cut + 1)]);
    }
  } catch (error) {
    throw new HearkenError('MODEL_INVALID', `Cannot read the pronunciations of ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return new EnglishDictionary(readings, units);
}

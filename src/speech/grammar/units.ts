import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HearkenError, messageOf } from '../../errors.js';
import { type EnglishDictionary, loadEnglishDictionary } from './english/dictionary.js';

/** Pinyin initials as the recogniser's labels spell them; longer ones first. */
const INITIALS = 'zh ch sh b p m f d t n l g k h j q x r z c s y w'.split(' ');

const unitsSchema = z.strictObject({
  /** What the model hears; Mandarin when nothing is said. */
  language: z.enum(['zh', 'en']).default('zh'),
  /** Label names of the network in order of id; the first is the CTC blank. */
  phones: z.array(z.string().min(1)).min(2),
  /**
   * Extra outputs after the phones, each a copy of a phone's score that prints something: in Mandarin [character, its final], in English
   * [group of letters, their phone], ordered by how often words use them.
   */
  aliases: z.array(z.tuple([z.string().min(1), z.string().min(1)])),
});

/** 'zhong1' gives ['zh', 'ong1'], 'an4' gives ['an4']. */
export function phonesOf(syllable: string): readonly string[] {
  const initial = INITIALS.find((i) => syllable.startsWith(i) && syllable.length > i.length + 1);
  return initial === undefined ? [syllable] : [initial, syllable.slice(initial.length)];
}

/** The output labels of a phone recogniser: phones, and the aliases that print as characters or letters. */
export class PhoneUnits {
  readonly phones: readonly string[];
  readonly language: 'zh' | 'en';
  /** How English words are said; undefined for Mandarin. */
  readonly english: EnglishDictionary | undefined;
  readonly #phoneIds: ReadonlyMap<string, number>;
  readonly #aliasIds: ReadonlyMap<string, number>;

  /** `dictionary`: makes it an English model's. */
  constructor(
    phones: readonly string[],
    aliases: readonly (readonly [string, string])[],
    dictionary?: (units: PhoneUnits) => EnglishDictionary,
  ) {
    this.phones = phones;
    this.language = dictionary === undefined ? 'zh' : 'en';
    this.#phoneIds = new Map(phones.map((phone, id) => [phone, id]));
    this.#aliasIds = new Map(aliases.map(([char, final], i) => [`${char} ${final}`, phones.length + i]));
    this.english = dictionary?.(this);
  }

  get aliases(): number {
    return this.#aliasIds.size;
  }

  phoneId(phone: string): number | undefined {
    return this.#phoneIds.get(phone);
  }

  /** Token id that prints `char` when its (last) phone is `final`. */
  aliasId(char: string, final: string): number | undefined {
    return this.#aliasIds.get(`${char} ${final}`);
  }
}

/** Reads a model's `units.json` and, for an English one, the `lexicon.txt.gz` beside it. Throws MODEL_INVALID. */
export function loadPhoneUnits(path: string): PhoneUnits {
  try {
    const units = unitsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    const lexicon = join(dirname(path), 'lexicon.txt.gz');
    return new PhoneUnits(
      units.phones,
      units.aliases,
      units.language === 'en' ? (all) => loadEnglishDictionary(lexicon, all) : undefined,
    );
  } catch (error) {
    throw new HearkenError('MODEL_INVALID', `Cannot read the recogniser's units from ${path}: ${messageOf(error)}`, {
      cause: error,
      hint: 'Graphs can be built for phone models only; their folder holds units.json.',
    });
  }
}

import { pinyin } from 'pinyin-pro';
import { type PhoneUnits, phonesOf } from './units.js';

const HAN = /^\p{Script=Han}$/u;

/** The hummed 嗯 has no vowel in the dictionaries; callers and engines say it like this. */
const HUM = /^(?:ng|n|hm|m)\d$/;

export interface SpokenSentence {
  readonly chars: readonly string[];
  /** One tone-numbered syllable a character, as it is spoken in this sentence (third-tone, 一 and 不 sandhi applied). */
  readonly pinyin: readonly string[];
}

/** How a sentence of Chinese characters is spoken; undefined when it holds anything else or cannot be read. */
export function speak(text: string): SpokenSentence | undefined {
  const chars = Array.from(text);
  if (chars.length === 0 || !chars.every((c) => HAN.test(c))) return undefined;
  const syllables = pinyin(text, { toneType: 'num', type: 'array', v: true, toneSandhi: true }).map((s) =>
    HUM.test(s) ? 'en4' : s,
  );
  return syllables.length === chars.length ? { chars, pinyin: syllables } : undefined;
}

export interface Pronunciation {
  readonly phones: readonly string[];
  /** How often it was met. */
  readonly count: number;
}

/** Pronunciations of characters, counted over the sentences they were met in. */
export class Lexicon {
  readonly #units: PhoneUnits;
  readonly #entries = new Map<string, Map<string, { phones: readonly string[]; count: number }>>();

  constructor(units: PhoneUnits) {
    this.#units = units;
  }

  /** Counts a sentence's readings; those with a phone that the model does not have are left out. */
  add(sentence: SpokenSentence, weight = 1): void {
    sentence.chars.forEach((char, i) => {
      const phones = phonesOf(sentence.pinyin[i] ?? '');
      if (phones.every((phone) => this.#units.phoneId(phone) !== undefined)) this.#count(char, phones, weight);
    });
  }

  #count(char: string, phones: readonly string[], weight: number): void {
    const readings = this.#entries.get(char) ?? new Map<string, { phones: readonly string[]; count: number }>();
    const key = phones.join(' ');
    const reading = readings.get(key) ?? { phones, count: 0 };
    reading.count += weight;
    readings.set(key, reading);
    this.#entries.set(char, readings);
  }

  /** Counts one reading of a character, its phones joined by spaces. */
  addReading(char: string, reading: string, count: number): void {
    const phones = reading.split(' ');
    if (!phones.every((phone) => this.#units.phoneId(phone) !== undefined)) return;
    this.#count(char, phones, count);
  }

  has(char: string): boolean {
    return this.#entries.has(char);
  }

  pronunciations(char: string): readonly Pronunciation[] {
    return Array.from(this.#entries.get(char)?.values() ?? []);
  }
}

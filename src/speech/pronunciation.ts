import { readFileSync } from 'node:fs';
import { HearkenError, messageOf } from '../errors.js';
import type { InstalledModel } from './registry.js';

/** A syllable with its tone, as pinyin is typed: `zhong4`, `lv3`, `er5`. */
const SYLLABLE = /^[a-zü]{1,6}[0-5]$/;

/** How a Mandarin voice is made to read characters otherwise than it would: by characters that sound as wanted. */
export class Pronunciation {
  readonly #bySyllable: ReadonlyMap<string, string>;

  constructor(bySyllable: ReadonlyMap<string, string>) {
    this.#bySyllable = bySyllable;
  }

  /** From the voice's own `lexicon.txt` (`word syllable … /`): one character for each syllable it can say. Undefined for a voice without one. */
  static of(installed: InstalledModel): Pronunciation | undefined {
    const { engine } = installed.model;
    const file = 'lexicon' in engine && engine.lexicon !== undefined ? installed.paths.get(engine.lexicon) : undefined;
    if (file === undefined) return undefined;
    const bySyllable = new Map<string, string>();
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [word = '', syllable = '', end] = line.trim().split(/\s+/);
      if (
        [...word].length === 1 &&
        SYLLABLE.test(syllable) &&
        (end === undefined || end === '/') &&
        !bySyllable.has(syllable)
      )
        bySyllable.set(syllable, word);
    }
    return bySyllable.size === 0 ? undefined : new Pronunciation(bySyllable);
  }

  /** `chong2 qing4` → two characters that are read so; undefined when one of the syllables is not known. */
  respell(pinyin: string): string | undefined {
    const syllables = pinyin.toLowerCase().replace(/u:|ü/g, 'v').trim().split(/\s+/);
    const characters = syllables.map((syllable) => this.#bySyllable.get(syllable));
    return characters.every((character) => character !== undefined) ? characters.join('') : undefined;
  }
}

/** The user's own readings: words with the pinyin they are to be read with. */
export class UserLexicon {
  readonly #pattern: RegExp | undefined;
  readonly #readings: ReadonlyMap<string, string>;

  constructor(readings: ReadonlyMap<string, string>) {
    this.#readings = readings;
    const words = [...readings.keys()]
      .sort((a, b) => b.length - a.length)
      .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    this.#pattern = words.length === 0 ? undefined : new RegExp(words.join('|'), 'gu');
  }

  /** Lines `word<tab>pinyin or other words`; `#` begins a comment. Throws CONFIG_INVALID with the line. */
  static read(file: string, pronunciation: Pronunciation | undefined): UserLexicon {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      throw new HearkenError('FILE_UNREADABLE', `The lexicon ${file} can't be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
    const readings = new Map<string, string>();
    text.split('\n').forEach((line, index) => {
      if (line.trim() === '' || line.startsWith('#')) return;
      const [word = '', reading = ''] = line.split('\t').map((cell) => cell.trim());
      const said = reading.split(/\s+/).every((syllable) => SYLLABLE.test(syllable))
        ? pronunciation?.respell(reading)
        : reading;
      if (word === '' || said === undefined || said === '') {
        throw new HearkenError('CONFIG_INVALID', `${file}:${index + 1}: "${line}" is no reading the voice knows.`, {
          hint: 'Write the word, a tab, and its pinyin with tone numbers ("重庆\tchong2 qing4") or other words that sound right.',
        });
      }
      readings.set(word, said);
    });
    return new UserLexicon(readings);
  }

  apply(text: string): string {
    return this.#pattern ? text.replace(this.#pattern, (word) => this.#readings.get(word) ?? word) : text;
  }
}

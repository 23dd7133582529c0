import { type Likeness, mostAlike, type Sounds, type Unit } from './sounds.js';

/**
 * What may be said to the open question: words (names, cities, goods, choices), and numbers known of this caller. A recogniser that could not be told of them before is
 * corrected afterwards, when what it heard sounds like one of them.
 */
export interface ExpectedWords {
  /** As they are written; at most 2000 count. */
  readonly words: readonly string[];
  /** Strings of digits. */
  readonly numbers: readonly string[];
}

export const NOTHING_EXPECTED: ExpectedWords = { words: [], numbers: [] };

export interface CorrectorOptions {
  readonly sounds: Sounds;
  /** How a word or a number is said, in what the recogniser prints; '' when it can't be said in this language. */
  readonly spoken: (text: string) => string;
  /** The digits of a text that is a number and nothing else of weight; undefined when it is not one. */
  readonly digitsIn: (text: string) => { readonly start: number; readonly end: number } | undefined;
  /** For measuring other thresholds than those that were found. */
  readonly limits?: Partial<CorrectionLimits>;
}

export interface CorrectionLimits {
  /** Farthest a word may be from what was heard, cost per phone; for words of up to three phones, and from eight on; between them it rises evenly. */
  readonly shortWord: number;
  readonly longWord: number;
  /** By so much the second-best word must be farther. */
  readonly margin: number;
  /** Least share of what was heard that the word takes the place of. */
  readonly share: number;
  /** Farthest a known number may be from what was heard with digits too few or too many, all of it together: something was misheard then for sure. */
  readonly number: number;
  /** The same where there are as many digits: they may be those of another number. */
  readonly digit: number;
}

/**
 * Found with `npm run -s bench:corrections -- --tune` on synthetic answers through the telephone (four of six voices); the other two voices and real people
 * measure them.
 */
export const CORRECTION_LIMITS: CorrectionLimits = {
  shortWord: 0.12,
  longWord: 0.3,
  margin: 0.08,
  share: 0.4,
  number: 2,
  digit: 0.35,
};

const MOST_WORDS = 2000;
/** Longer texts are not answers. */
const LONGEST_TEXT = 60;

interface Candidate {
  readonly said: string;
  readonly phones: readonly string[];
  /** Characters or words. */
  readonly units: number;
}

/** Corrects the answers to one question. Pure: the same text gives the same correction. */
export class Corrector {
  readonly #options: CorrectorOptions;
  readonly #limits: CorrectionLimits;
  readonly #words: readonly Candidate[];
  readonly #numbers: readonly Candidate[];

  constructor(options: CorrectorOptions, expected: ExpectedWords) {
    this.#options = options;
    this.#limits = { ...CORRECTION_LIMITS, ...options.limits };
    this.#words = this.#candidates(expected.words.slice(0, MOST_WORDS));
    this.#numbers = this.#candidates(expected.numbers.slice(0, MOST_WORDS));
  }

  /** The text with the word that was most likely said in it; the text itself where nothing is to be corrected. */
  correct(text: string): string {
    if (text === '' || text.length > LONGEST_TEXT) return text;
    return this.#number(text) ?? this.#word(text) ?? text;
  }

  #candidates(texts: readonly string[]): Candidate[] {
    const said = new Set(texts.map((text) => this.#options.spoken(text)).filter((each) => each !== ''));
    return [...said]
      .map((each) => {
        const units = this.#options.sounds.units(each);
        return { said: each, phones: units.flatMap(({ phones }) => phones), units: units.length };
      })
      .filter(({ phones }) => phones.length >= 2);
  }

  #number(text: string): string | undefined {
    if (this.#numbers.length === 0) return undefined;
    const run = this.#options.digitsIn(text);
    if (!run) return undefined;
    const heard = text.slice(run.start, run.end);
    const units = this.#options.sounds.units(heard);
    const ranked = this.#numbers
      .map((known) => ({ known, cost: this.#costOfAll(units, known) }))
      .sort((a, b) => a.cost - b.cost);
    const [best, second] = ranked;
    if (!best || best.cost === 0) return undefined;
    const most = best.known.units === units.length ? this.#limits.digit : this.#limits.number;
    if (best.cost > most || (second && second.cost - best.cost < most / 2)) return undefined;
    return text.slice(0, run.start) + best.known.said + text.slice(run.end);
  }

  /** Every unit of both sides counts, none is left out. */
  #costOfAll(units: readonly Unit[], known: Candidate): number {
    const { sounds } = this.#options;
    const one: Unit = { start: 0, end: 1, phones: units.flatMap(({ phones }) => phones) };
    const found = mostAlike([one], known.phones, sounds, (this.#limits.number * 2) / known.phones.length);
    return (found?.distance ?? Number.POSITIVE_INFINITY) * known.phones.length;
  }

  #word(text: string): string | undefined {
    if (this.#words.length === 0 || this.#words.some(({ said }) => text.includes(said))) return undefined;
    const { sounds } = this.#options;
    const units = sounds.units(text);
    const all = units.reduce((sum, { phones }) => sum + phones.length, 0);
    const ranked: { readonly word: Candidate; readonly at: Likeness; readonly over: number }[] = [];
    for (const word of this.#words) {
      const most = this.#most(word);
      const at = mostAlike(units, word.phones, sounds, most + this.#limits.margin);
      if (!at) continue;
      const covered = units.slice(at.from, at.to).reduce((sum, { phones }) => sum + phones.length, 0);
      if (covered >= all * this.#limits.share) ranked.push({ word, at, over: at.distance - most });
    }
    ranked.sort((a, b) => a.over - b.over);
    const [best, second] = ranked;
    if (!best || best.over > 0) return undefined;
    if (second && second.over - best.over < this.#limits.margin && !sameSound(second.word, best.word)) return undefined;
    const [first, last] = [units[best.at.from], units[best.at.to - 1]];
    return first && last ? text.slice(0, first.start) + best.word.said + text.slice(last.end) : undefined;
  }

  #most({ phones }: Candidate): number {
    const { shortWord, longWord } = this.#limits;
    return shortWord + (longWord - shortWord) * Math.max(0, Math.min(1, (phones.length - 3) / 5));
  }
}

function sameSound(a: Candidate, b: Candidate): boolean {
  return a.phones.join(' ') === b.phones.join(' ');
}

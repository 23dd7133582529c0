/** What absolute discounting takes from every count (0.5 to 0.8 is usual; 0.6 was best on held-out sentences). */
const DISCOUNT = 0.6;
const START = '<s>';
/** Stands for all followers of a history that were dropped for being rare. */
const CUT = '<cut>';
const SEPARATOR = '\u0001';

export interface NgramOptions {
  /** Sentences' trigrams met less often than this are dropped, their mass goes to the back-off. */
  readonly minTrigram?: number;
  /** Sentences' characters met less often than this are dropped. */
  readonly minUnigram?: number;
}

/** A history: up to two characters, joined. */
export type History = string;

export const historyOf = (...chars: readonly string[]): History => chars.join(SEPARATOR);
export const lengthOf = (history: History): number => (history === '' ? 0 : history.split(SEPARATOR).length);
const shorter = (history: History): History => {
  const cut = history.indexOf(SEPARATOR);
  return cut < 0 ? '' : history.slice(cut + 1);
};

/** Trigram model of characters (or words) with absolute discounting, interpolated with its back-off. */
export class NgramModel {
  readonly #counts: readonly Map<string, number>[];
  readonly #total: readonly Map<History, number>[] = [new Map(), new Map(), new Map()];
  readonly #types: readonly Map<History, number>[] = [new Map(), new Map(), new Map()];
  readonly #next: readonly Map<History, string[]>[] = [new Map(), new Map(), new Map()];

  private constructor(counts: readonly Map<string, number>[]) {
    this.#counts = counts;
  }

  /**
   * `known`: characters outside it break a sentence in two for counting. `base`: counts of n-grams (characters joined by
   * `historyOf`) of a larger text that these are added to; pruned already, so all of them stay.
   */
  static train(
    sentences: Iterable<{ readonly chars: readonly string[]; readonly weight: number }>,
    known: (char: string) => boolean,
    options: NgramOptions = {},
    base: Iterable<readonly [gram: string, count: number]> = [],
  ): NgramModel {
    const counts = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
    const stays = new Set<string>();
    for (const [gram, count] of base) {
      const chars = gram.split(SEPARATOR);
      if (!chars.every((c) => c === START || c === CUT || known(c))) continue;
      counts[chars.length - 1]?.set(gram, count);
      stays.add(gram);
    }
    for (const { chars, weight } of sentences) {
      const items = [START, ...chars.map((c) => (known(c) ? c : undefined))];
      for (let i = 1; i < items.length; i++) {
        counts.forEach((map, n) => {
          const gram = items.slice(Math.max(0, i - n), i + 1);
          if (gram.length !== n + 1 || gram.includes(undefined)) return;
          const key = gram.join(SEPARATOR);
          map.set(key, (map.get(key) ?? 0) + weight);
        });
      }
    }
    const model = new NgramModel(counts);
    model.#prepare(options.minTrigram ?? 2, options.minUnigram ?? 1, stays);
    return model;
  }

  #prepare(minTrigram: number, minUnigram: number, stays: ReadonlySet<string>): void {
    const unigrams = this.#counts[0] ?? new Map<string, number>();
    for (const [gram, count] of unigrams) if (count < minUnigram && !stays.has(gram)) unigrams.delete(gram);
    this.#counts.forEach((map, n) => {
      const total = this.#total[n] ?? new Map();
      const types = this.#types[n] ?? new Map();
      const next = this.#next[n] ?? new Map();
      for (const [gram, count] of map) {
        const chars = gram.split(SEPARATOR);
        if (chars.some((c) => c !== START && c !== CUT && !unigrams.has(c))) continue;
        const history = chars.slice(0, -1).join(SEPARATOR);
        total.set(history, (total.get(history) ?? 0) + count);
        if (chars[n] === CUT || (n === 2 && count < minTrigram && !stays.has(gram))) {
          types.set(history, (types.get(history) ?? 0) + count / DISCOUNT);
          continue;
        }
        types.set(history, (types.get(history) ?? 0) + Math.min(1, count / DISCOUNT));
        const list = next.get(history);
        if (list) list.push(chars[n] ?? '');
        else next.set(history, [chars[n] ?? '']);
      }
    });
  }

  get characters(): readonly string[] {
    return Array.from(this.#counts[0]?.keys() ?? []);
  }

  /** Histories that have a state of their own: the empty one, those with followers, then single characters without. */
  histories(): readonly History[] {
    const all = ['', ...(this.#next[1]?.keys() ?? []), ...(this.#next[2]?.keys() ?? [])];
    all.push(...this.characters.filter((c) => !this.#next[1]?.has(c)));
    return Array.from(new Set(all));
  }

  followers(history: History): readonly string[] {
    return this.#next[lengthOf(history)]?.get(history) ?? [];
  }

  /** Probability mass that is left for characters not seen after `history`. */
  backOff(history: History): number {
    const n = lengthOf(history);
    const total = this.#total[n]?.get(history);
    return total ? Math.min(0.99, (DISCOUNT * (this.#types[n]?.get(history) ?? 0)) / total) : 1;
  }

  probability(history: History, char: string): number {
    const n = lengthOf(history);
    if (n === 0) return Math.max(this.#counts[0]?.get(char) ?? 0, 0.1) / (this.#total[0]?.get('') ?? 1);
    const total = this.#total[n]?.get(history);
    if (!total) return this.probability(shorter(history), char);
    const count = this.#counts[n]?.get(history + SEPARATOR + char) ?? 0;
    return Math.max(count - DISCOUNT, 0) / total + this.backOff(history) * this.probability(shorter(history), char);
  }

  /** The history that follows `history` + `char`, or that `history` backs off to, among those with a state. */
  static reduce(history: History, has: (h: History) => boolean): History {
    let h = history;
    while (!has(h)) h = shorter(h);
    return h;
  }

  static extend(history: History, char: string): History {
    const chars = history === '' ? [char] : [...history.split(SEPARATOR), char];
    return chars.slice(-2).join(SEPARATOR);
  }

  static shorter(history: History): History {
    return shorter(history);
  }

  static readonly start: History = START;
}

import type { PhoneUnits } from '../units.js';

/** Longest group of letters that one phone prints. */
const LONGEST_GROUP = 4;
/** Begins the output that begins a word; sherpa-onnx prints it as a space. */
export const WORD_START = '\u2581';
const INFINITE = Number.POSITIVE_INFINITY;
/** A phone that prints nothing: only where the letters are fewer than the phones, or fit badly. */
const SILENT_COST = 9;

/** What it costs that `letters` are printed by `phone`; undefined: the model has no such output. */
export type GroupCost = (letters: string, phone: string, first: boolean) => number | undefined;

/**
 * Divides a word's letters among its phones, in order, so that the costs are least: each phone prints one group of letters. When there
 * are more phones than letters the last ones print nothing ('six' is S IH K S: s, i, x and nothing). Undefined when it cannot be done.
 */
export function divideLetters(word: string, phones: readonly string[], cost: GroupCost): readonly string[] | undefined {
  const size = word.length;
  if (size === 0 || phones.length === 0) return undefined;
  const best: number[][] = [Array.from({ length: size + 1 }, (_, i) => (i === 0 ? 0 : INFINITE))];
  const groups: number[][] = [[]];
  phones.forEach((phone, p) => {
    const before = best[p] ?? [];
    const row = Array.from({ length: size + 1 }, () => INFINITE);
    const taken = Array.from({ length: size + 1 }, () => 0);
    for (let end = 1; end <= size; end++) {
      for (let length = 1; length <= Math.min(LONGEST_GROUP, end); length++) {
        const reached = before[end - length] ?? INFINITE;
        if (reached === INFINITE) continue;
        const own = cost(word.slice(end - length, end), phone, p === 0);
        if (own === undefined || reached + own >= (row[end] ?? INFINITE)) continue;
        row[end] = reached + own;
        taken[end] = length;
      }
    }
    // All letters are printed: this phone prints nothing.
    const silent = (before[size] ?? INFINITE) + SILENT_COST;
    if (silent < (row[size] ?? INFINITE)) {
      row[size] = silent;
      taken[size] = 0;
    }
    best.push(row);
    groups.push(taken);
  });
  if ((best[phones.length]?.[size] ?? INFINITE) === INFINITE) return undefined;
  const out: string[] = [];
  let end = size;
  for (let p = phones.length; p > 0; p--) {
    const length = groups[p]?.[end] ?? 0;
    out.unshift(word.slice(end - length, end));
    end -= length;
  }
  return out;
}

/** The model's outputs that print a word while its phones are heard. */
export class Spelling {
  readonly #units: PhoneUnits;

  constructor(units: PhoneUnits) {
    this.#units = units;
  }

  /** Token ids, one a phone; undefined when the model has no outputs that print this word so. */
  tokens(word: string, phones: readonly string[]): readonly number[] | undefined {
    if (!phones.every((phone) => this.#units.phoneId(phone) !== undefined)) return undefined;
    const groups = divideLetters(word, phones, this.cost);
    return groups?.map((letters, i) => {
      const phone = phones[i] ?? '';
      const token = letters === '' ? undefined : this.#units.aliasId(i === 0 ? WORD_START + letters : letters, phone);
      return token ?? this.#units.phoneId(phone) ?? 0;
    });
  }

  /** Outputs are listed by how often dictionary words use them: the rank is the cost. */
  readonly cost: GroupCost = (letters, phone, first) => {
    const id = this.#units.aliasId(first ? WORD_START + letters : letters, phone);
    return id === undefined ? undefined : Math.log(2 + id - this.#units.phones.length);
  };
}

/**
 * How much a sentence is like those that callers of this application say: a bigram model over words (of Han script: characters), interpolated down to a flat
 * floor (Witten and Bell's weights, as in Chen and Goodman 1998, with a constant for the number of types). Tells what a recogniser heard from what it made of another language.
 */

const START = '';
const END = '\n';
/** Weight of the coarser model against one observation of the finer. */
const BACK_OFF = 3;
/** Probability of a word nobody has said. */
const FLOOR = 1 / 5000;
const LONGEST_CHARS = 500;

/** Words; each character of Han script for itself. Lower case. */
export function unitsOf(text: string): readonly string[] {
  return (
    text
      .slice(0, LONGEST_CHARS)
      .toLowerCase()
      .match(/\p{Script=Han}|[\p{L}\p{N}'’]+/gu) ?? []
  );
}

export class SentenceModel {
  readonly #single = new Map<string, number>();
  readonly #pairs = new Map<string, Map<string, number>>();
  #total = 0;

  constructor(sentences: Iterable<string>) {
    for (const sentence of sentences) {
      let before = START;
      for (const unit of [...unitsOf(sentence), END]) {
        this.#single.set(unit, (this.#single.get(unit) ?? 0) + 1);
        this.#total++;
        const followers = this.#pairs.get(before) ?? new Map<string, number>();
        followers.set(unit, (followers.get(unit) ?? 0) + 1);
        this.#pairs.set(before, followers);
        before = unit;
      }
    }
  }

  /** Nobody has said anything yet. */
  get empty(): boolean {
    return this.#total === 0;
  }

  /** Mean natural logarithm of the probability of each unit, its end included: -2 to -5 for sentences of the kind, -8 and less for others. */
  familiarity(text: string): number {
    const units = [...unitsOf(text), END];
    let sum = 0;
    let before = START;
    for (const unit of units) {
      sum += Math.log(this.#probability(before, unit));
      before = unit;
    }
    return sum / units.length;
  }

  #probability(before: string, unit: string): number {
    const single = ((this.#single.get(unit) ?? 0) + BACK_OFF * FLOOR) / (this.#total + BACK_OFF);
    const followers = this.#pairs.get(before);
    if (!followers) return single;
    let seen = 0;
    for (const count of followers.values()) seen += count;
    return ((followers.get(unit) ?? 0) + BACK_OFF * single) / (seen + BACK_OFF);
  }
}

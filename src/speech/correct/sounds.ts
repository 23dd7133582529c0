/** A piece of text that is replaced as a whole, and how it is said. */
export interface Unit {
  /** Span in the text, UTF-16 code units, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly phones: readonly string[];
}

/** What a language's sounds are, and how easily one is taken for another. */
export interface Sounds {
  /** Units in order; what can't be said (punctuation, another script) is left out. */
  units(text: string): readonly Unit[];
  /** Cost of hearing one phone for another: 0 the same, 1 nothing alike. */
  substitution(a: string, b: string): number;
  /** Cost of a phone too many or too few. */
  readonly gap: number;
}

/** Where a word was found in a text, and how far from it that sounds: the cost of the best alignment divided by the word's phones. */
export interface Likeness {
  readonly from: number;
  /** Last unit, exclusive. */
  readonly to: number;
  readonly distance: number;
}

/**
 * The part of a text that sounds most like a word. Free ends in the text (Sellers 1980: the first row of the edit matrix is zero), but only at the borders of its units. Undefined when nothing is closer
 * than `most` (cost per phone of the word).
 */
export function mostAlike(
  units: readonly Unit[],
  word: readonly string[],
  sounds: Sounds,
  most: number,
): Likeness | undefined {
  if (word.length === 0) return undefined;
  let best: Likeness | undefined;
  let bound = most * word.length;
  for (let from = 0; from < units.length; from++) {
    // One column for each prefix of the word, one phone of the text after the other.
    let column = word.map((_, index) => (index + 1) * sounds.gap);
    let first = 0;
    for (let to = from; to < units.length; to++) {
      for (const phone of units[to]?.phones ?? []) {
        let diagonal = first;
        first += sounds.gap;
        let above = first;
        column = column.map((left, index) => {
          const cost = Math.min(
            diagonal + sounds.substitution(word[index] ?? '', phone),
            left + sounds.gap,
            above + sounds.gap,
          );
          diagonal = left;
          above = cost;
          return cost;
        });
      }
      const whole = column.at(-1) ?? Number.POSITIVE_INFINITY;
      if (whole < bound || (whole === bound && best === undefined)) {
        bound = whole;
        best = { from, to: to + 1, distance: whole / word.length };
      }
      // Whatever comes after, no part of the word is in reach any more.
      if (Math.min(first, ...column) > bound) break;
    }
  }
  return best;
}

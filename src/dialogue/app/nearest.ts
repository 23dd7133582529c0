import { distance } from 'fastest-levenshtein';

/** How many letters two names may differ in to be taken for the same one mistyped. */
const MOST_EDITS = 2;

/** The name that was most likely meant by a mistyped one; undefined when none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(MOST_EDITS, Math.floor(name.length / 2)) + 1;
  for (const other of known) {
    if (Math.abs(other.length - name.length) >= fewest) continue;
    const count = distance(name, other);
    if (count < fewest) [best, fewest] = [other, count];
  }
  return best;
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}

import { seededRandom } from './random.js';

/** A figure with the range in which it would lie 95 times of 100 for other recordings of the same kind. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** How many recordings it is made of. */
  readonly n: number;
}

/** Errors of one recording and what they are counted against: characters, words, turns, calls. */
export interface Share {
  readonly part: number;
  readonly of: number;
}

export interface BootstrapOptions {
  /** Draws. Default 2,000. */
  readonly draws?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** Draws of a bootstrap: enough for two digits of a 95 % interval (Efron and Tibshirani 1993, chapter 14). */
const DRAWS = 2000;

/**
 * A share of sums (an error rate, a rate of turns) with a 95 % percentile interval; whole recordings are drawn, so that what belongs together stays together. Undefined when
 * there is nothing to divide by.
 */
export function estimateShare(shares: readonly Share[], options: BootstrapOptions = {}): Estimate | undefined {
  const used = shares.filter(({ of }) => of > 0);
  const ratio = (drawn: readonly Share[]): number => {
    let part = 0;
    let of = 0;
    for (const each of drawn) {
      part += each.part;
      of += each.of;
    }
    return part / of;
  };
  return used.length === 0 ? undefined : estimate(used, ratio, options);
}

/** A percentile (0..1) of values that come in groups, one group a recording. */
export function estimatePercentile(
  groups: readonly (readonly number[])[],
  share: number,
  options: BootstrapOptions = {},
): Estimate | undefined {
  const used = groups.filter((group) => group.length > 0);
  return used.length === 0 ? undefined : estimate(used, (drawn) => percentile(drawn.flat(), share), options);
}

/** Any figure of a list of things, with its interval. */
export function estimate<Item>(
  items: readonly Item[],
  figure: (items: readonly Item[]) => number,
  { draws = DRAWS, seed = 1 }: BootstrapOptions = {},
): Estimate {
  const random = seededRandom(seed);
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const drawn: Item[] = [];
    for (let index = 0; index < items.length; index++) drawn.push(items[Math.floor(random() * items.length)] as Item);
    values.push(figure(drawn));
  }
  return { value: figure(items), low: percentile(values, 0.025), high: percentile(values, 0.975), n: items.length };
}

/** The nearest value at that share (0..1) of the sorted list; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

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
  if (used.length === 0) return undefined;
  const ratio = (pick: (nth: number) => number): number => {
    let part = 0;
    let of = 0;
    for (let nth = 0; nth < used.length; nth++) {
      const each = used[pick(nth)] as Share;
      part += each.part;
      of += each.of;
    }
    return part / of;
  };
  return estimateByIndex(used.length, ratio, options);
}

/** A percentile (0..1) of values that come in groups, one group a recording. Values are sorted once, not for each draw: there may be a hundred thousand. */
export function estimatePercentile(
  groups: readonly (readonly number[])[],
  share: number,
  options: BootstrapOptions = {},
): Estimate | undefined {
  const used = groups.filter((group) => group.length > 0);
  if (used.length === 0) return undefined;
  const sorted = used
    .flatMap((group, index) => group.map((value) => ({ value, index })))
    .sort((left, right) => left.value - right.value);
  const times = new Uint32Array(used.length);
  const figure = (pick: (nth: number) => number): number => {
    times.fill(0);
    let count = 0;
    for (let nth = 0; nth < used.length; nth++) {
      const index = pick(nth);
      times[index] = (times[index] ?? 0) + 1;
      count += used[index]?.length ?? 0;
    }
    let left = Math.min(count - 1, Math.floor(count * share));
    for (const { value, index } of sorted) {
      left -= times[index] ?? 0;
      if (left < 0) return value;
    }
    return Number.NaN;
  };
  return estimateByIndex(used.length, figure, options);
}

/** Any figure of a list of things, with its interval. */
export function estimate<Item>(
  items: readonly Item[],
  figure: (items: readonly Item[]) => number,
  options: BootstrapOptions = {},
): Estimate {
  const drawnFigure = (pick: (nth: number) => number): number =>
    figure(Array.from(items, (_, nth) => items[pick(nth)] as Item));
  return estimateByIndex(items.length, drawnFigure, options);
}

/** `figure` is asked for as many picks as there are things, in order; each is the number of one. */
function estimateByIndex(
  n: number,
  figure: (pick: (nth: number) => number) => number,
  { draws = DRAWS, seed = 1 }: BootstrapOptions,
): Estimate {
  const random = seededRandom(seed);
  const drawn = (): number => Math.floor(random() * n);
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw++) values.push(figure(drawn));
  return { value: figure((nth) => nth), low: percentile(values, 0.025), high: percentile(values, 0.975), n };
}

/** The nearest value at that share (0..1) of the sorted list; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

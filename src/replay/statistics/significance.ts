import { percentile } from './bootstrap.js';
import { seededRandom } from './random.js';

/** Tests for two replays of the same recordings. p is the chance to see at least such a difference where there is none. */

/** Two-sided exact binomial test with even odds: `sign test` for how many got better and how many worse, `McNemar's exact test` for right and wrong. */
export function signTest(better: number, worse: number): number {
  const n = better + worse;
  if (n === 0) return 1;
  const k = Math.min(better, worse);
  let tail = 0;
  for (let i = 0; i <= k; i++) tail += Math.exp(logChoose(n, i) - n * Math.LN2);
  return Math.min(1, 2 * tail);
}

/** McNemar's exact test: `onlyBefore` were right before and are wrong now, `onlyAfter` the other way round. */
export function mcNemar(onlyBefore: number, onlyAfter: number): number {
  return signTest(onlyAfter, onlyBefore);
}

export interface PairedDifference {
  /** After minus before. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided, by the share of draws on the other side of zero; never below what so few pairs can show. */
  readonly p: number;
}

export interface PairedShare {
  readonly before: { readonly part: number; readonly of: number };
  readonly after: { readonly part: number; readonly of: number };
}

const DRAWS = 2000;

/** The difference of two shares of sums over the same recordings, with a 95 % interval by paired bootstrap; undefined where there is nothing to divide by. */
export function pairedBootstrap(
  pairs: readonly PairedShare[],
  { draws = DRAWS, seed = 1 } = {},
): PairedDifference | undefined {
  const used = pairs.filter(({ before, after }) => before.of > 0 || after.of > 0);
  if (used.length === 0) return undefined;
  const random = seededRandom(seed);
  const drawn = (): number => Math.floor(random() * used.length);
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    const value = differenceOf(used, drawn);
    if (!Number.isNaN(value)) values.push(value);
  }
  const found = differenceOf(used, (nth) => nth);
  if (Number.isNaN(found) || values.length === 0) return undefined;
  const below = values.filter((value) => value <= 0).length / values.length;
  const above = values.filter((value) => value >= 0).length / values.length;
  return {
    difference: found,
    low: percentile(values, 0.025),
    high: percentile(values, 0.975),
    p: Math.min(1, Math.max(2 * Math.min(below, above), leastP(used))),
  };
}

/** All pairs that differ go the same way by chance with this probability: of one or two nothing follows, whatever a bootstrap of them says. */
function leastP(pairs: readonly PairedShare[]): number {
  const different = pairs.filter(({ before, after }) => before.part !== after.part || before.of !== after.of).length;
  return 2 ** (1 - different);
}

/** After minus before over as many pairs as there are, picked by their numbers; NaN where one side has nothing to divide by. */
function differenceOf(pairs: readonly PairedShare[], pick: (nth: number) => number): number {
  const before = { part: 0, of: 0 };
  const after = { part: 0, of: 0 };
  for (let nth = 0; nth < pairs.length; nth++) {
    const pair = pairs[pick(nth)] as PairedShare;
    before.part += pair.before.part;
    before.of += pair.before.of;
    after.part += pair.after.part;
    after.of += pair.after.of;
  }
  return before.of === 0 || after.of === 0 ? Number.NaN : after.part / after.of - before.part / before.of;
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i++) sum += Math.log(n - k + i) - Math.log(i);
  return sum;
}

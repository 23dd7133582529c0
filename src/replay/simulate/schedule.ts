import { seededRandom } from '../statistics/random.js';
import type { Scenario } from './scenario.js';

/** When each call comes, ms from the begin: at random as callers do (a Poisson process), slowly at first, more of them in the peak. The same for the same seed. */
export function arrivals(load: Scenario['load'], calls: number, seed: number): readonly number[] {
  const random = seededRandom(seed ^ 0x5eed);
  const times: number[] = [];
  // Thinning (Lewis and Shedler 1979): candidates at the highest rate, each kept as often as the rate then is of it.
  const highest = Math.max(load.perMinute, load.peak?.perMinute ?? 0);
  let atMs = 0;
  while (times.length < calls) {
    atMs += (-Math.log(1 - random()) * 60_000) / highest;
    if (random() * highest < rateAt(load, atMs / 1000)) times.push(atMs);
  }
  return times;
}

/** Calls a minute at a time. */
function rateAt({ perMinute, rampS, peak }: Scenario['load'], atS: number): number {
  if (peak && atS >= peak.fromS && atS < peak.fromS + peak.forS) return peak.perMinute;
  // Somebody calls from the first second on.
  return atS < rampS ? perMinute * Math.max(0.05, atS / rampS) : perMinute;
}

import type { Stats } from '../api/contract.js';

/** What the day adds up to; `containment` is null while nothing has ended. Pure. */
export function totals(stats: Stats | undefined): { calls: number; containment: number | null } | undefined {
  if (stats === undefined) return undefined;
  const sum = (name: 'calls' | 'contained' | 'transferred' | 'failed'): number =>
    stats.buckets.reduce((all, bucket) => all + bucket[name], 0);
  const ended = sum('contained') + sum('transferred') + sum('failed');
  return { calls: sum('calls'), containment: ended === 0 ? null : sum('contained') / ended };
}

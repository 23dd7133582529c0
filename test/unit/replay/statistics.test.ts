import { describe, expect, it } from 'vitest';
import { estimate, estimatePercentile, estimateShare, percentile } from '../../../src/replay/statistics/bootstrap.js';
import { seededRandom } from '../../../src/replay/statistics/random.js';
import { mcNemar, pairedBootstrap, signTest } from '../../../src/replay/statistics/significance.js';

describe('intervals by bootstrap', () => {
  it('come out the same for the same seed and hold the figure', () => {
    const shares = Array.from({ length: 40 }, (_, index) => ({ part: index % 5 === 0 ? 2 : 0, of: 10 }));
    const first = estimateShare(shares, { seed: 7 });
    expect(estimateShare(shares, { seed: 7 })).toEqual(first);
    expect(first?.value).toBeCloseTo(0.04);
    expect(first?.low).toBeLessThan(0.04);
    expect(first?.high).toBeGreaterThan(0.04);
    expect(first?.n).toBe(40);
  });

  it('hold the truth about 95 times of 100', () => {
    const random = seededRandom(3);
    let held = 0;
    for (let trial = 0; trial < 100; trial++) {
      const sample = Array.from({ length: 60 }, () => (random() < 0.3 ? 1 : 0));
      const mean = (items: readonly number[]) => items.reduce((sum, each) => sum + each, 0) / items.length;
      const { low, high } = estimate(sample, mean, { draws: 300, seed: trial });
      if (low <= 0.3 && high >= 0.3) held++;
    }
    expect(held).toBeGreaterThan(86);
    expect(held).toBeLessThan(100);
  });

  it('of percentiles are those of all values of each draw', () => {
    const random = seededRandom(5);
    const groups = Array.from({ length: 30 }, () =>
      Array.from({ length: Math.floor(random() * 5) }, () => Math.floor(random() * 40)),
    );
    for (const share of [0, 0.5, 0.95, 1]) {
      const used = groups.filter((group) => group.length > 0);
      const plain = estimate(used, (drawn) => percentile(drawn.flat(), share), { draws: 200, seed: 2 });
      expect(estimatePercentile(groups, share, { draws: 200, seed: 2 })).toEqual(plain);
    }
    expect(estimatePercentile([[7]], 0.5)).toEqual({ value: 7, low: 7, high: 7, n: 1 });
  });

  it('are not given for nothing', () => {
    expect(estimateShare([{ part: 0, of: 0 }])).toBeUndefined();
    expect(estimatePercentile([[], []], 0.5)).toBeUndefined();
    expect(percentile([3, 1, 2], 0.5)).toBe(2);
  });
});

describe('significance', () => {
  it('is that of the exact binomial test', () => {
    expect(signTest(0, 0)).toBe(1);
    expect(signTest(5, 5)).toBe(1);
    // 2 · (1 + 10) / 1024
    expect(signTest(9, 1)).toBeCloseTo(22 / 1024, 10);
    expect(mcNemar(1, 9)).toBeCloseTo(22 / 1024, 10);
    expect(signTest(600, 400)).toBeLessThan(0.001);
  });

  it('of a paired difference is small only where recordings agree on it', () => {
    const pair = (before: number, after: number) => ({
      before: { part: before, of: 20 },
      after: { part: after, of: 20 },
    });
    const better = Array.from({ length: 30 }, (_, index) => pair(4 + (index % 3), 2 + (index % 3)));
    const found = pairedBootstrap(better);
    expect(found?.difference).toBeCloseTo(-0.1);
    expect(found?.p).toBeLessThan(0.01);
    const even = Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? pair(4, 2) : pair(2, 4)));
    expect(pairedBootstrap(even)?.p).toBeGreaterThan(0.2);
    expect(pairedBootstrap([])).toBeUndefined();
    // One call that went better shows nothing, and five alike not much more.
    expect(pairedBootstrap([pair(20, 0)])?.p).toBe(1);
    expect(pairedBootstrap(Array.from({ length: 5 }, () => pair(4, 2)))?.p).toBe(1 / 16);
    expect(pairedBootstrap([pair(4, 4), pair(3, 3)])?.p).toBe(1);
  });
});

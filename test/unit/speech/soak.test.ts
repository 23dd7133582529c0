import { distance } from 'fastest-levenshtein';
import { describe, expect, it } from 'vitest';
import { distinctNumbers, numberIn } from '../../../bench/soak/digits.js';
import { theilSen } from '../../../bench/soak/slope.js';

describe('what the soak reckons with', () => {
  it('a slope that a few wild points do not bend', () => {
    const line = Array.from({ length: 100 }, (_, x) => [x, 3 * x + 5] as const);
    expect(theilSen(line)).toBe(3);
    expect(theilSen(line.map(([x, y]) => [x, x % 9 === 4 ? 1e6 : y] as const))).toBeCloseTo(3, 5);
    expect(theilSen([[1, 2]])).toBeNaN();
  });

  it('numbers of which none is mistaken for another', () => {
    const numbers = distinctNumbers(100);
    expect(new Set(numbers).size).toBe(100);
    for (const [index, number] of numbers.entries())
      for (const other of numbers.slice(index + 1)) expect(distance(number, other)).toBeGreaterThanOrEqual(5);
  });

  it('numbers in what was heard', () => {
    expect(numberIn('是幺二三两五六')).toBe('123256');
    expect(numberIn('我要退货')).toBe('');
  });
});

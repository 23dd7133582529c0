import { describe, expect, it } from 'vitest';
import { distinctNumbers, edits, numberIn } from '../../../bench/soak/digits.js';
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
      for (const other of numbers.slice(index + 1)) expect(edits(number, other)).toBeGreaterThanOrEqual(5);
  });

  it('edits, and numbers in what was heard', () => {
    expect(edits('12345678', '12345678')).toBe(0);
    expect(edits('12345678', '1234567')).toBe(1);
    expect(edits('2345678', '12345678')).toBe(1);
    expect(edits('', '123')).toBe(3);
    expect(edits('kitten', 'sitting')).toBe(3);
    expect(numberIn('是幺二三两五六')).toBe('123256');
    expect(numberIn('我要退货')).toBe('');
  });
});

import { describe, expect, it } from 'vitest';
import { withinMs } from '../../../src/store/time-limit.js';

const never = new Promise<never>(() => {});
const late = () => new Error('too late');

describe('a time limit', () => {
  it('ends a wait for what never comes', async () => {
    await expect(withinMs(never, 20, late)).rejects.toThrow('too late');
  });

  it('gives the outcome of what comes in time, also a rejection', async () => {
    expect(await withinMs(Promise.resolve(1), 20, late)).toBe(1);
    await expect(withinMs(Promise.reject(new Error('own')), 20, late)).rejects.toThrow('own');
  });

  it('does not count the time in which this process stood still', async () => {
    let answer: (value: string) => void = () => {};
    const promise = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const waiting = withinMs(promise, 50, late);
    const until = performance.now() + 200;
    while (performance.now() < until);
    // As an answer would that lay in the socket meanwhile: read after the timers.
    setTimeout(() => answer('in time'), 10);
    expect(await waiting).toBe('in time');
  });
});

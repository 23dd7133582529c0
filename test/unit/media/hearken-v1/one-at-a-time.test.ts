import { expect, it } from 'vitest';
import { OneAtATime } from '../../../../src/media/hearken-v1/one-at-a-time.js';

it('a crowd is let in one by one, in the order in which it came, and timers fire in between', async () => {
  const line = new OneAtATime();
  const happened: string[] = [];
  const spin = (ms: number): void => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };
  const timer = setInterval(() => happened.push('tick'), 5);
  await new Promise<void>((resolve) => {
    for (const name of ['a', 'b', 'c', 'd'])
      line.run(() => {
        spin(20);
        happened.push(name);
        if (name === 'd') resolve();
      });
    expect(line.waiting).toBe(4);
    expect(happened).toEqual([]);
  });
  clearInterval(timer);
  expect(happened.filter((each) => each !== 'tick')).toEqual(['a', 'b', 'c', 'd']);
  const between = happened.slice(happened.indexOf('a'), happened.indexOf('d'));
  expect(between.filter((each) => each === 'tick').length).toBeGreaterThanOrEqual(2);
  expect(line.waiting).toBe(0);
});

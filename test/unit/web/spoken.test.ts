import { expect, it } from 'vitest';
import { Pace, saidUnits } from '../../../web/widget/src/spoken.js';

it('words appear as they are said, never before, and all of them in the end', () => {
  const text = '好的，正在为您转接人工客服。';
  const pace = new Pace();
  const shown = [0, 500, 1000, 2000, 6000].map((ms) => saidUnits(text, ms, pace));
  expect(shown[0]).toBe(0);
  expect(shown).toEqual([...shown].sort((left, right) => left - right));
  expect(shown[2]).toBeGreaterThan(2);
  expect(shown[2]).toBeLessThan(8);
  expect(shown.at(-1)).toBe(text.length);
});

it('an English word is shown whole or not at all', () => {
  const text = 'Your order has been shipped.';
  const pace = new Pace();
  for (let ms = 0; ms < 5000; ms += 50) {
    const rest = text.slice(saidUnits(text, ms, pace));
    expect(rest === '' || /^(?:[ .]|Your|order|has|been|shipped)/.test(rest), `${ms}: "${rest}"`).toBe(true);
  }
});

it('the pace of a slow voice is learnt, and a freak measure does not spoil it', () => {
  const pace = new Pace();
  const before = pace.msPerSyllable;
  for (let prompt = 0; prompt < 6; prompt++) pace.learn('您好这里是小希商城', 9 * 330);
  expect(pace.msPerSyllable).toBeGreaterThan(before + 70);
  pace.learn('您好', 60_000);
  expect(pace.msPerSyllable).toBeLessThan(500);
  pace.learn('', 10_000);
  expect(pace.msPerSyllable).toBeLessThan(500);
});

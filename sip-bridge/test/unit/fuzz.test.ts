import { expect, it } from 'vitest';
import { fuzz } from '../fuzz/run.js';

it('five thousand mutated messages of every kind bring nothing down', async () => {
  const result = await fuzz({ seed: 475, mutations: 5000 });
  expect(result.findings).toEqual([]);
  expect(result.unhandled).toBe(0);
  expect(Object.values(result.perTarget).every((count) => count > 500)).toBe(true);
});

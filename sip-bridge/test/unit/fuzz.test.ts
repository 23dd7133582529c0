import { expect, it } from 'vitest';
import { fuzz } from '../fuzz/run.js';

it('twenty thousand mutated messages of every kind bring nothing down', async () => {
  const result = await fuzz({ seed: 475, mutations: 20_000 });
  expect(result.findings).toEqual([]);
  expect(result.unhandled).toBe(0);
  expect(Object.values(result.perTarget).every((count) => count > 2000)).toBe(true);
}, 180_000);

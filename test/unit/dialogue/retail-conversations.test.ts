import { expect, it } from 'vitest';
import { testApplication } from '../../../src/cli/test-app.js';

it('every conversation test of the sample shop passes', async () => {
  const outcomes = await testApplication('apps/retail');
  expect(outcomes.length).toBeGreaterThanOrEqual(110);
  for (const { test, diff } of outcomes) expect(diff, `${test.file}:${test.line} ${test.name}`).toEqual([]);
}, 180_000);

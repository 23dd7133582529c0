import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testApplication } from '../../../src/cli/test-app.js';

it('a folder that is not there is named', async () => {
  await expect(testApplication('/nowhere/at/all')).rejects.toMatchObject({
    code: 'APP_INVALID',
    message: expect.stringContaining('/nowhere/at/all'),
  });
});

it('no test of that name is told apart from no tests at all', async () => {
  await expect(testApplication('apps/retail', { only: 'no such test' })).rejects.toThrow(
    /None of the \d+ .*no such test/,
  );
  const folder = await mkdtemp(join(tmpdir(), 'hearken-untested-'));
  try {
    await writeFile(join(folder, 'domain.yml'), 'intents: []\n');
    await expect(testApplication(folder)).rejects.toThrow(/no conversation tests/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

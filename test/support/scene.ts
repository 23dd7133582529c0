import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { removeFolder, Stage } from './processes.js';

/** A folder and a stage of its own for one test, so that tests which mostly wait can do so side by side. Cleared when the test is over. */
export function openScene(
  name: string,
  finished: typeof onTestFinished = onTestFinished,
): { stage: Stage; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), `hearken-${name}-`));
  const stage = new Stage();
  finished(async () => {
    await stage.clear();
    removeFolder(folder);
  });
  return { stage, folder };
}

import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { watchFiles } from '../../../src/cli/watched-files.js';

let folder: string;
let stop: AbortController;
let watching: Promise<void> | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-watched-'));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await watching;
  await rm(folder, { recursive: true, force: true });
});

function start(paths: readonly string[], onSeen: () => void): Promise<void> {
  return new Promise((onReady) => {
    watching = watchFiles(paths, { onChange: async () => onSeen(), onReady, signal: stop.signal, everyMs: 10 });
  });
}

/** As editors save: the file is written elsewhere and takes the other's place. */
async function replace(name: string, text: string): Promise<void> {
  await writeFile(join(folder, '.new'), text);
  await rename(join(folder, '.new'), join(folder, name));
}

it('a file that is replaced again and again is seen each time, also in a folder that was not there', async () => {
  await writeFile(join(folder, 'nlu.yml'), '1');
  let seen = 0;
  await start([folder], () => seen++);
  for (const [at, text] of ['22', '333', '4444'].entries()) {
    await replace('nlu.yml', text);
    await expect.poll(() => seen).toBe(at + 1);
  }
  await mkdir(join(folder, 'more'));
  await replace('more/en.yml', 'x');
  await expect.poll(() => seen).toBe(4);
});

it('a single file is followed too, and other files are nobody’s business', async () => {
  const file = join(folder, 'data.tsv');
  await writeFile(file, 'a\tb\n');
  let seen = 0;
  await start([file, folder], () => seen++);
  await replace('notes.txt', 'x');
  await replace('data.tsv', 'a\tb\nc\td\n');
  await expect.poll(() => seen).toBe(1);
  await replace('data.tsv', 'a\tb\nc\td\ne\tf\n');
  await expect.poll(() => seen).toBe(2);
});

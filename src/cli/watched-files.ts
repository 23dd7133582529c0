import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface WatchFilesOptions {
  /** Awaited; what changes meanwhile is told afterwards. */
  readonly onChange: () => Promise<void>;
  /** From now on every change is seen. */
  readonly onReady?: () => void;
  readonly signal: AbortSignal;
  /** Time between two looks in ms. Default 500. */
  readonly everyMs?: number;
}

/**
 * Calls `onChange` whenever data files below the paths have changed and then stayed the same for one look; resolves when the signal aborts. It looks rather than
 * listens: editors replace a file instead of writing into it, and a file that was replaced is never heard of again.
 */
export async function watchFiles(paths: readonly string[], options: WatchFilesOptions): Promise<void> {
  const { onChange, onReady, signal, everyMs = 500 } = options;
  let told = await fingerprint(paths);
  let before = told;
  onReady?.();
  while (!signal.aborted) {
    await setTimeout(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const now = await fingerprint(paths);
    const settled = now === before;
    before = now;
    if (!settled || now === told) continue;
    told = now;
    await onChange();
  }
}

/** Name, time and size of each data file; what can't be read (it is being replaced) counts as absent. */
async function fingerprint(paths: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const path of paths) {
    const below = await readdir(path, { recursive: true }).catch(() => undefined);
    const files =
      below === undefined ? [path] : below.filter((name) => DATA_FILE.test(name)).map((name) => join(path, name));
    for (const file of files) {
      const found = await stat(file).catch(() => undefined);
      if (found !== undefined) lines.push(`${file} ${found.mtimeMs} ${found.size} ${found.ino}`);
    }
  }
  return lines.sort().join('\n');
}

const DATA_FILE = /\.(ya?ml|tsv|csv|jsonl)$/;

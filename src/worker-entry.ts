import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface WorkerEntry {
  /** Absolute path for `fork` or `new Worker`. */
  readonly path: string;
  readonly execArgv: readonly string[];
}

/**
 * Where the code of a worker process or thread lies. Built code sits beside the caller as `.js`; when the caller itself runs from
 * TypeScript (the tests do), the `.ts` file is run through tsx.
 */
export function workerEntry(callerUrl: string, name: string): WorkerEntry {
  const built = fileURLToPath(new URL(`./${name}.js`, callerUrl));
  if (existsSync(built)) return { path: built, execArgv: [] };
  return { path: fileURLToPath(new URL(`./${name}.ts`, callerUrl)), execArgv: ['--import', 'tsx'] };
}

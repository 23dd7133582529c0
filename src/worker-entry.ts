import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface WorkerEntry {
  /** Absolute path for `fork`. */
  readonly path: string;
  readonly execArgv: readonly string[];
}

/**
 * Where the code of a worker process lies. Built code sits beside the caller as `.js`; when the caller itself runs from
 * TypeScript (the tests do), the `.ts` file is run through tsx.
 */
export function workerEntry(callerUrl: string, name: string): WorkerEntry {
  const built = fileURLToPath(new URL(`./${name}.js`, callerUrl));
  if (existsSync(built)) return { path: built, execArgv: [] };
  return { path: fileURLToPath(new URL(`./${name}.ts`, callerUrl)), execArgv: ['--import', 'tsx'] };
}

export interface ThreadEntry {
  /** Absolute path for `new Worker`. */
  readonly path: string;
  readonly argv: readonly string[];
}

/** Where the code of a thread lies, found as that of a worker is. A thread takes no loader from its command line, so TypeScript is run through a file that brings tsx. */
export function threadEntry(callerUrl: string, name: string): ThreadEntry {
  const { path } = workerEntry(callerUrl, name);
  if (path.endsWith('.js')) return { path, argv: [] };
  return { path: fileURLToPath(new URL('./thread-from-source.mjs', import.meta.url)), argv: [path] };
}

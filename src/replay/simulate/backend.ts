import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { HearkenError, messageOf } from '../../errors.js';
import type { Scenario } from './scenario.js';

/** What the application looks things up in, and what is asked afterwards whether the callers got what they wanted. */
export interface Backend {
  readonly url: string;
  /** For the application: where it is. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 20_000;

/** Starts the scenario's back end on a free port, or takes the one that runs; undefined when it names none. Built in a folder of its own below `folder`, which goes with it. Throws CONFIG_INVALID when it does not start. */
export async function openBackend(
  { backend }: Scenario,
  scenarioFile: string,
  folder: string,
): Promise<Backend | undefined> {
  if (!backend) return undefined;
  const { url, run, env } = backend;
  if (run === undefined) return { url: url ?? '', environment: { [env]: url ?? '' }, stop: async () => {} };
  const file = resolve(dirname(scenarioFile), run);
  // Where nobody else can lay a program in its place.
  const own = await mkdtemp(join(folder, 'hearken-backend-'));
  const program = join(own, 'backend.mjs');
  const remove = (): Promise<void> => rm(own, { recursive: true, force: true });
  try {
    await build({
      entryPoints: [file],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      logLevel: 'silent',
    });
  } catch (error) {
    await remove();
    throw broken(file, `it can't be built: ${messageOf(error)}`);
  }
  const child = spawn(process.execPath, [program, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const found = await firstUrl(child).catch(async (error: unknown) => {
    await stop(child);
    await remove();
    throw broken(file, messageOf(error));
  });
  return { url: found, environment: { [env]: found }, stop: () => stop(child).then(remove) };
}

function broken(file: string, what: string): HearkenError {
  return new HearkenError('CONFIG_INVALID', `The back end ${file} did not start: ${what}.`, {
    hint: 'backend.run names a program that takes a port (0: any) as its argument and prints its URL; backend.url one that runs already.',
  });
}

function firstUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolvePromise, reject) => {
    const limit = setTimeout(() => reject(new Error(`no URL within ${READY_LIMIT_MS / 1000} s`)), READY_LIMIT_MS);
    const settle = (then: () => void): void => {
      clearTimeout(limit);
      then();
    };
    child.once('exit', (code) => settle(() => reject(new Error(`it ended with code ${code}`))));
    child.once('error', (error) => settle(() => reject(error)));
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => {
        const url = /https?:\/\/[^\s"]+/.exec(line)?.[0];
        if (url !== undefined) settle(() => resolvePromise(url));
      });
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), 3000);
  await ended;
  clearTimeout(limit);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BridgeError } from '../errors.js';

export interface BridgeProcessOptions {
  /** Environment of the bridge; see `src/config.ts` for the names. Ports default to free ones. */
  readonly env?: Readonly<Record<string, string>>;
  readonly startTimeoutMs?: number;
  /** `source` runs TypeScript through tsx, `built` runs dist. Default: source. */
  readonly from?: 'source' | 'built';
}

export interface BridgeProcess {
  /** `sip:hearken@127.0.0.1:port` */
  readonly uri: string;
  readonly sipPort: number;
  readonly healthPort: number;
  readonly pid: number;
  /** Everything it wrote, line by line: JSON of its log. */
  readonly log: readonly string[];
  /** Lines of level warn or above. */
  problems(): string[];
  health(): Promise<Record<string, unknown>>;
  /** SIGTERM, then SIGKILL after `limitMs`; resolves with the exit code (null when a signal ended it). */
  stop(limitMs?: number): Promise<number | null>;
}

const MAX_LINES = 20_000;

/** Starts the bridge as its own process and waits until it is ready. Rejects with what it printed when it does not get there. */
export async function startBridgeProcess(options: BridgeProcessOptions = {}): Promise<BridgeProcess> {
  const { command, args } = commandFor(options.from ?? 'source');
  const child = spawn(command, args, {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      HEARKEN_SIP_PORT: '0',
      HEARKEN_RTP_PORTS: '0',
      HEARKEN_BRIDGE_HEALTH: '0',
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  const ready = await waitReady(child, log, options.startTimeoutMs ?? 120_000);
  return {
    uri: String(ready.sip),
    sipPort: Number(ready.sipPort),
    healthPort: Number(ready.healthPort),
    pid: child.pid ?? 0,
    log,
    problems: () => log.filter(isProblem),
    health: async () =>
      (await (await fetch(`http://127.0.0.1:${ready.healthPort}/healthz`)).json()) as Record<string, unknown>,
    stop: (limitMs = 30_000) => stop(child, limitMs),
  };
}

function commandFor(from: 'source' | 'built'): { command: string; args: string[] } {
  // This file runs from src/testing or dist/testing; both main files are found from either.
  const source = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const built = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
  if (from === 'built') {
    if (!existsSync(built))
      throw new BridgeError('CONFIG_NOT_FOUND', `${built} is not there.`, { hint: 'Run `npm run build`.' });
    return { command: process.execPath, args: [built] };
  }
  return { command: process.execPath, args: ['--import', 'tsx', source] };
}

function waitReady(child: ChildProcess, log: string[], limitMs: number): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new BridgeError('WORKER_LOST', `The bridge ${why}:\n${log.slice(-20).join('\n')}`));
    };
    const timer = setTimeout(() => fail(`was not ready within ${limitMs} ms`), limitMs);
    child.once('exit', (code) => fail(`ended with ${code} before it was ready`));
    child.once('error', (error) => fail(`could not be started (${error.message})`));
    const onLine = (line: string): void => {
      if (log.length < MAX_LINES) log.push(line);
      if (!line.startsWith('{"event":"ready"')) return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      resolve(JSON.parse(line) as Record<string, unknown>);
    };
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream?.setEncoding('utf8');
      stream?.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine(line);
      });
    }
  });
}

/** A log line of warn or above, or a line that is no JSON at all: what Node prints when something was thrown. */
function isProblem(line: string): boolean {
  if (line.trim() === '') return false;
  try {
    const entry = JSON.parse(line) as { level?: number };
    return (entry.level ?? 0) >= 40;
  } catch {
    return true;
  }
}

async function stop(child: ChildProcess, limitMs: number): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  const code = await exited;
  clearTimeout(timer);
  return code;
}

import { existsSync, mkdtempSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Config } from '../config.js';
import type { SearchableLog } from '../store/conversation-log.js';
import { openConversationLog } from '../store/log/open.js';

const STOPS = ['SIGINT', 'SIGTERM'] as const;

class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    // As a shell tells it.
    this.exitCode = signal === 'SIGINT' ? 130 : 143;
  }
}

/**
 * Reads a conversation log: a copy of the embedded one, for a service that runs keeps its own to itself. `data`: the data folder. The copy is gone when `read` is done, and also when
 * the user does not want to wait (SIGINT, SIGTERM: the process ends then): whoever writes there is stopped first, for callers' words must not be left lying about.
 */
export async function withCopiedLog<R>(
  store: Config['store'],
  data: string,
  read: (log: SearchableLog) => Promise<R>,
): Promise<R> {
  let interrupt: (error: Interrupted) => void = () => undefined;
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject;
  });
  const onSignal = (signal: NodeJS.Signals): void => interrupt(new Interrupted(signal));
  // From before there is a copy until there is none.
  for (const signal of STOPS) process.once(signal, onSignal);
  try {
    return await readCopy(store, data, read, interrupted);
  } finally {
    for (const signal of STOPS) process.off(signal, onSignal);
  }
}

async function readCopy<R>(
  store: Config['store'],
  data: string,
  read: (log: SearchableLog) => Promise<R>,
  interrupted: Promise<never>,
): Promise<R> {
  const copy = mkdtempSync(join(tmpdir(), 'hearken-evaluate-log-'));
  const opening = openCopy(store, data, copy);
  try {
    return await Promise.race([opening.then(read), interrupted]);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    await remove(opening, copy);
    return process.exit(error.exitCode);
  } finally {
    // Whoever stops it meanwhile waits for that, too.
    await remove(opening, copy);
  }
}

async function openCopy(store: Config['store'], data: string, copy: string): Promise<SearchableLog> {
  for (const part of store.databaseUrl === undefined ? ['conversations', 'pglite'] : [])
    if (existsSync(join(data, part))) await cp(join(data, part), join(copy, part), { recursive: true });
  const { log, start } = await openConversationLog({
    config: { ...store, keepDays: 0 },
    folder: join(copy, 'conversations'),
    databaseFolder: join(copy, 'pglite'),
    logger: pino({ level: 'silent' }),
    embeddedAfterMs: 0,
  });
  start();
  return log;
}

async function remove(opening: Promise<SearchableLog>, copy: string): Promise<void> {
  const log = await opening.catch(() => undefined);
  await log?.close();
  await rm(copy, { recursive: true, force: true });
}

import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { leaveStopSignalsToParent } from '../../owned-process.js';
import type { PGliteRequest } from './pglite-dialect.js';

/**
 * Entry of the embedded database's own process: PGlite takes 1 to 4 s of processor and 300 MB, and its queries are synchronous; none of that may reach the calls. One
 * database, one process: a second one on the same folder is refused, it would ruin the files.
 */

leaveStopSignalsToParent();
// Calls come first: what waits here waits on disk.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const INIT = '--init';
/** PostgreSQL's own mark of a database folder. */
const MARK = 'PG_VERSION';
let db: PGlite | undefined;
let maker: ChildProcess | undefined;
let stopping = false;

if (process.argv[2] === INIT) await initialize(process.argv[3] ?? '');
else {
  process.on('disconnect', () => void stop());
  process.on('message', (message: PGliteRequest) => {
    if (message.type === 'init') void start(message.folder);
    else if (message.type === 'close') void stop(message.requestId);
    else void run(message.requestId, message.sql, message.parameters);
  });
}

async function start(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await holdAlone(realpathSync(folder));
  if (!existsSync(join(folder, MARK))) await initializeElsewhere(folder);
  if (stopping) return;
  db = await PGlite.create(folder, { relaxedDurability: true });
  process.send?.({ type: 'ready' });
}

/**
 * Making a new database takes 800 MB for a moment, which a process keeps: so another one does it, in a folder that a start which was interrupted leaves behind and the next one
 * throws away. What tells that a database is there comes last.
 */
async function initializeElsewhere(folder: string): Promise<void> {
  const making = join(folder, '.new');
  rmSync(making, { recursive: true, force: true });
  maker = fork(fileURLToPath(import.meta.url), [INIT, making], { execArgv: process.execArgv });
  const [code] = await once(maker, 'exit');
  if (stopping) return;
  if (code !== 0) throw new Error(`a new database could not be made in ${folder} (code ${code})`);
  const names = readdirSync(making).filter((name) => name !== MARK);
  for (const name of [...names, MARK]) {
    rmSync(join(folder, name), { recursive: true, force: true });
    renameSync(join(making, name), join(folder, name));
  }
  rmSync(making, { recursive: true });
}

async function initialize(folder: string): Promise<void> {
  process.on('disconnect', () => process.exit(1));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const made = await PGlite.create(folder);
  await made.close();
  process.exit(0);
}

async function run(requestId: number, sql: string, parameters: readonly unknown[]): Promise<void> {
  try {
    if (db === undefined) throw new Error('the database is not open');
    const result = await db.query(sql, [...parameters]);
    process.send?.({ type: 'rows', requestId, rows: result.rows, affected: result.affectedRows ?? 0 });
  } catch (error) {
    const { message, code } = error as { readonly message?: string; readonly code?: string };
    process.send?.({ type: 'failed', requestId, message: message ?? String(error), code });
  }
}

async function stop(requestId?: number): Promise<void> {
  stopping = true;
  if (maker !== undefined && maker.exitCode === null && maker.signalCode === null) {
    maker.kill('SIGKILL');
    await once(maker, 'exit');
  }
  await db?.close().catch(() => {});
  if (requestId === undefined) process.exit(0);
  db = undefined;
  process.send?.({ type: 'rows', requestId, rows: [], affected: 0 });
}

/** Held as long as this process lives, and not longer: a name in the kernel, or, where there are none, a socket of that name. */
async function holdAlone(folder: string): Promise<void> {
  const name = `hearken-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  const path = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
  const server = createServer((socket) => socket.destroy());
  server.unref();
  server.listen(path);
  await once(server, 'listening').catch(() => {
    throw new Error(`another process has the database in ${folder} open`);
  });
}

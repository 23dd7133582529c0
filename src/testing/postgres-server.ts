import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.js';
import { endProcess } from './server-process.js';

const DEBIAN = '/usr/lib/postgresql';

/** Folder with `initdb` and `postgres`: Debian keeps them off the path, a folder a version. */
function binaries(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(DEBIAN, version, 'bin')), ...(process.env.PATH ?? '').split(':')];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** Why a suite that needs PostgreSQL can't run here; undefined when it can. */
export function postgresMissing(): string | undefined {
  if (binaries() === undefined) return 'postgresql is not installed (apt-get install postgresql)';
  return userInfo().uid === 0 && owner() === undefined
    ? 'postgresql does not run as root and there is no user for it'
    : undefined;
}

/** PostgreSQL refuses to run as root: then it runs as Debian's own user for it. */
function owner(): { readonly uid: number; readonly gid: number } | undefined {
  if (userInfo().uid !== 0) return undefined;
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout || Number.NaN);
  const [uid, gid] = [id('-u'), id('-g')];
  return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 ? { uid, gid } : undefined;
}

/** A real PostgreSQL on a free loopback port with a fresh database, for tests. Its safety against power cuts is off. */
export class TestPostgres {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  static async start(): Promise<TestPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'hearken-postgres-'));
    const user = owner();
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    const made = spawnSync(
      join(binaries() ?? '', 'initdb'),
      ['-D', join(folder, 'data'), '-U', 'hearken', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...user, encoding: 'utf8', cwd: folder },
    );
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    const server = new TestPostgres(await freePorts(), folder);
    await server.resume();
    return server;
  }

  get url(): string {
    return `postgres://hearken@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts it (again, on the same port), and resolves when it takes connections. */
  async resume(): Promise<void> {
    const child = spawn(
      join(binaries() ?? '', 'postgres'),
      ['-D', join(this.#folder, 'data'), '-p', String(this.port), '-h', '127.0.0.1', '-k', this.#folder, '-F'],
      { ...owner(), stdio: 'ignore', cwd: this.#folder },
    );
    this.#process = child;
    const deadline = Date.now() + 60_000;
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}`);
      if (Date.now() > deadline) throw new Error('postgres did not answer within 60 s');
    }
  }

  /** Kills it, as a crash would: its children see that and end. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    // SIGQUIT is PostgreSQL's "immediate": nothing is written, the next start recovers. SIGKILL would leave its children behind.
    await endProcess(child, 'SIGQUIT');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }

  async #answers(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      return await new Promise<boolean>((resolve) => {
        socket.setTimeout(500, () => resolve(false));
        socket.once('error', () => setTimeout(() => resolve(false), 20));
        // SSLRequest (https://www.postgresql.org/docs/current/protocol-message-formats.html): a ready server says N or S.
        socket.once('data', () => resolve(true));
        socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
      });
    } finally {
      socket.destroy();
    }
  }
}

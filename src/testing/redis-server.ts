import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { freePorts } from './free-ports.js';
import { endProcess } from './server-process.js';

/** Why a suite that needs Redis can't run here; undefined when it can. */
export function redisMissing(): string | undefined {
  const found = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  return found.status === 0 ? undefined : 'redis-server is not installed (apt-get install redis-server)';
}

/** A real redis-server on a free loopback port, without persistence, for tests and benchmarks. */
export class TestRedis {
  readonly port: number;
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(port?: number): Promise<TestRedis> {
    const redis = new TestRedis(port ?? (await freePorts()));
    await redis.resume();
    return redis;
  }

  /** While it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it (again, on the same port), and resolves when it answers. `args`: further options of redis-server. */
  async resume(args: readonly string[] = []): Promise<void> {
    const child = spawn(
      'redis-server',
      ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...args],
      { stdio: 'ignore' },
    );
    this.#process = child;
    const deadline = Date.now() + 60_000;
    while (!(await answers(this.port))) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      if (Date.now() > deadline) throw new Error('redis-server did not answer within 60 s');
    }
  }

  /** Stops it where it stands: connections stay open and nobody answers. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Kills it, as a crash would. */
  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    await endProcess(child, 'SIGKILL');
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    return await new Promise<boolean>((resolve) => {
      socket.setTimeout(500, () => resolve(false));
      socket.once('error', () => setTimeout(() => resolve(false), 20));
      socket.once('data', (data) => resolve(data.toString().startsWith('+PONG')));
      socket.write('PING\r\n');
    });
  } finally {
    socket.destroy();
  }
}

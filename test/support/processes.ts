import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Waits until `condition` gives something; fails after `limitMs` with `what` and whatever `seen` tells. */
export async function eventually<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 20_000,
  seen: () => string = () => '',
): Promise<T> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`${what}: not within ${limitMs} ms. ${seen()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * A block of `count` neighbouring ports that are free for UDP and TCP on loopback right now. Processes that start at once should ask
 * one after the other.
 */
export async function freePorts(count = 1): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // Even, and out of the range that the system hands out by itself (32768 and up).
    const first = 20_000 + 2 * Math.floor(Math.random() * 6000);
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)));
    if (free.every(Boolean)) return first;
  }
  throw new Error('no free ports found');
}

async function isFree(port: number): Promise<boolean> {
  const tcp = new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  const udp = new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
  return (await tcp) && (await udp);
}

export interface StartOptions {
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It is driven by what is written to its standard input. */
  readonly typed?: boolean;
  /** In front of the command: how to get to the host that it runs on. */
  readonly through?: readonly string[];
}

/** A process of a scenario: what it printed, and an end that always comes. */
export class TestProcess {
  output = '';
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;

  constructor(options: StartOptions) {
    // Of our own environment only what a program needs to run: a developer's settings must not change a test.
    const env = {
      PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
      HOME: process.env.HOME ?? '/tmp',
      LANG: 'C.UTF-8',
      ...options.env,
    };
    const [command = options.command, ...args] = [...(options.through ?? []), options.command, ...(options.args ?? [])];
    this.#child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env,
      stdio: [options.typed ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    // A program that is gone reads nothing more; whoever waits for its output is told.
    this.#child.stdin?.on('error', () => undefined);
    const collect = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString('utf8')).slice(-200_000);
    };
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', (error) => {
        this.output += `\n${error.message}`;
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined;
  }

  /** Waits until a line of the output matches; fails with the end of the output when the process is gone or time is up. */
  async printed(pattern: RegExp, limitMs = 30_000): Promise<RegExpExecArray> {
    return eventually(
      `${this.#child.spawnfile} printing ${pattern}`,
      () => {
        const match = pattern.exec(this.output);
        if (match) return match;
        if (!this.running)
          throw new Error(`${this.#child.spawnfile} ended before it printed ${pattern}:\n${this.output.slice(-3000)}`);
        return undefined;
      },
      limitMs,
      () => this.output.slice(-3000),
    );
  }

  /** One line to its standard input (of a process that was started with `typed`). */
  type(line: string): void {
    this.keys(`${line}\n`);
  }

  /** The same, key by key. */
  keys(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Ends its standard input. */
  endInput(): void {
    this.#child.stdin?.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  exited(): Promise<void> {
    return this.#exited;
  }

  /** Asks it to end; after `limitMs` it is made to. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', limitMs = 8000): Promise<void> {
    if (!this.running) return;
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), limitMs);
    this.#child.kill(signal);
    await this.#exited;
    clearTimeout(limit);
  }
}

/** Everything that a scenario has started, stopped in the opposite order. */
export class Stage {
  readonly #stops: (() => Promise<unknown>)[] = [];

  add<T extends { stop(): Promise<unknown> }>(part: T): T {
    this.#stops.push(() => part.stop());
    return part;
  }

  async clear(): Promise<void> {
    for (const stop of this.#stops.reverse().splice(0)) await stop();
  }
}

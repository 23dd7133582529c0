import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../src/testing/free-ports.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Waits until `condition` gives something; fails after `limitMs` with `what` and whatever `seen` tells. */
export async function eventually<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  limitMs = 45_000,
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

export { freePorts };

/** Removes a folder in which something that was killed may still be writing its last. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

const OUTPUT_LIMIT_MS = 5000;

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
  /** Its output has been read to the end: that can be a moment after it is gone. */
  readonly #over: Promise<void>;
  #isOver = false;

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
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-200_000);
      });
    this.#over = new Promise((resolve) => {
      const over = (): void => {
        this.#isOver = true;
        resolve();
      };
      this.#child.once('close', over);
      // A child of its own that goes on may hold its output open.
      this.#child.once('exit', () => setTimeout(over, OUTPUT_LIMIT_MS).unref());
      this.#child.once('error', (error) => {
        this.output += `\n${error.message}`;
        over();
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
  async printed(pattern: RegExp, limitMs = 60_000): Promise<RegExpExecArray> {
    return eventually(
      `${this.#child.spawnfile} printing ${pattern}`,
      () => {
        const match = pattern.exec(this.output);
        if (match) return match;
        if (this.#isOver)
          throw new Error(`${this.#child.spawnfile} ended before it printed ${pattern}:\n${this.output.slice(-3000)}`);
        return undefined;
      },
      limitMs,
      () => this.output.slice(-3000),
    );
  }

  /** The same for what it prints when it is ready; one that does not get there is ended. */
  async ready(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray> {
    try {
      return await this.printed(pattern, limitMs);
    } catch (error) {
      await this.stop('SIGKILL');
      throw error;
    }
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

  /** It is gone, and `output` holds all that it said. */
  exited(): Promise<void> {
    return this.#over;
  }

  /** Asks it to end; after `limitMs` it is made to. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', limitMs = 30_000): Promise<void> {
    if (this.#isOver) return;
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), limitMs);
    this.#child.kill(signal);
    await this.#over;
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

  /** All of them, also when one can't be stopped: that is told at the end. */
  async clear(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.#stops.reverse().splice(0)) await stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

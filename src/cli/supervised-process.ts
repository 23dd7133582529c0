import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { STOP_MESSAGE } from '@hearken/sip-bridge/stop';
import { SafeEmitter } from '../emitter.js';
import { HearkenError } from '../errors.js';

export interface SupervisedOptions {
  /** For messages: `service`, `bridge`. */
  readonly name: string;
  /** Built JavaScript file and its arguments, run with this Node. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly readyLimitMs: number;
  /** After SIGTERM, until SIGKILL. */
  readonly stopLimitMs: number;
  /** Each line of its output, without those that say `ready`. */
  readonly onLine: (line: string) => void;
}

export interface SupervisedEvents {
  /** It ended without being asked to; it is started again in `inMs`. */
  restarting: [code: number | null, inMs: number];
  ready: [facts: Readonly<Record<string, unknown>>];
}

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
/** Up for this long, a process is healthy again and the next end starts from the shortest back-off. */
const HEALTHY_MS = 60_000;
const KEPT_ERROR_LINES = 20;

/** A child process that is started again, with back-off, when it dies. */
export class SupervisedProcess extends SafeEmitter<SupervisedEvents> {
  readonly #options: SupervisedOptions;
  #child: ChildProcess | undefined;
  #stopping = false;
  /** Once it has been up, a fall is answered by starting it again; before that, by telling the user. */
  #everReady = false;
  #backoffMs = FIRST_BACKOFF_MS;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(options: SupervisedOptions) {
    super();
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it and waits until it says that it is ready. Throws CONFIG_INVALID with its own last words when it ends before that. */
  start(): Promise<Readonly<Record<string, unknown>>> {
    return new Promise((resolve, reject) => {
      const lastWords: string[] = [];
      const fail = (message: string): void => {
        clearTimeout(limit);
        reject(
          new HearkenError(
            'CONFIG_INVALID',
            `The ${this.#options.name} did not start: ${message}${lastWords.length > 0 ? `\n${lastWords.join('\n')}` : ''}`,
          ),
        );
      };
      const limit = setTimeout(() => {
        fail(`it was not ready within ${this.#options.readyLimitMs / 1000} s.`);
        void this.stop();
      }, this.#options.readyLimitMs);
      this.#spawn({
        onReady: (facts) => {
          clearTimeout(limit);
          resolve(facts);
        },
        onErrorLine: (line) => {
          lastWords.push(line);
          if (lastWords.length > KEPT_ERROR_LINES) lastWords.shift();
        },
        onEarlyExit: (code) => fail(`it ended with code ${code}.`),
      });
    });
  }

  /** From now on an end of it is no accident: others may have asked it, too (systemd sends SIGTERM to all of a service's processes). */
  expectEnd(): void {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
  }

  /** Asks it to end and waits; ends it the hard way when it takes too long. Idempotent. */
  async stop(): Promise<void> {
    this.expectEnd();
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => child.kill('SIGKILL'), this.#options.stopLimitMs);
      child.once('exit', () => {
        clearTimeout(limit);
        resolve();
      });
      // Our own parts go by the message and leave signals alone; anything else goes by the signal.
      if (child.connected) child.send(STOP_MESSAGE, () => {});
      child.kill('SIGTERM');
    });
  }

  #spawn(first: {
    readonly onReady: (facts: Readonly<Record<string, unknown>>) => void;
    readonly onErrorLine: (line: string) => void;
    readonly onEarlyExit: (code: number | null) => void;
  }): void {
    const child = spawn(process.execPath, [...this.#options.args], {
      env: this.#options.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    const startedMs = performance.now();
    let ready = false;
    onLines(child.stdout, (line) => {
      const facts = readyFacts(line);
      if (!facts) {
        this.#options.onLine(line);
        return;
      }
      ready = true;
      this.#everReady = true;
      first.onReady(facts);
      this.emit('ready', facts);
    });
    onLines(child.stderr, (line) => {
      first.onErrorLine(line);
      if (ready) this.#options.onLine(line);
    });
    child.once('error', (error) => first.onErrorLine(error.message));
    // `close`, not `exit`: by then its last words have been read.
    child.once('close', (code) => {
      if (this.#stopping) return;
      if (!this.#everReady) {
        first.onEarlyExit(code);
        return;
      }
      if (performance.now() - startedMs > HEALTHY_MS) this.#backoffMs = FIRST_BACKOFF_MS;
      const inMs = this.#backoffMs;
      this.#backoffMs = Math.min(LONGEST_BACKOFF_MS, this.#backoffMs * 2);
      this.emit('restarting', code, inMs);
      this.#restartTimer = setTimeout(
        () =>
          this.#spawn({
            onReady: () => undefined,
            onErrorLine: (line) => this.#options.onLine(line),
            onEarlyExit: () => undefined,
          }),
        inMs,
      );
    });
  }
}

function readyFacts(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{') || !line.includes('"event":"ready"')) return undefined;
  try {
    const value = JSON.parse(line) as Record<string, unknown>;
    return value.event === 'ready' ? value : undefined;
  } catch {
    return undefined;
  }
}

function onLines(stream: Readable | null, take: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', take);
}

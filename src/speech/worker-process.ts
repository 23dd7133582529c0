import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import { SafeEmitter } from '../emitter.js';
import { HearkenError } from '../errors.js';
import type { WorkerEntry } from '../worker-entry.js';

/** What this room needs of a logger; pino's and fastify's fit. */
export interface SpeechLogger {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

export const SILENT_LOGGER: SpeechLogger = { debug() {}, info() {}, warn() {}, error() {} };

export interface WorkerProcessOptions {
  /** For logs. */
  readonly name: string;
  readonly entry: WorkerEntry;
  /** First message to the process; it answers `{ type: 'ready' }` once its models are loaded. */
  readonly init: object;
  readonly logger: SpeechLogger;
  /** Longest wait for `ready`. */
  readonly startTimeoutMs?: number;
  /** Wait before the first restart; doubles with each failure in a row. */
  readonly firstBackoffMs?: number;
  readonly longestBackoffMs?: number;
}

export interface WorkerProcessEvents {
  /** Loaded and ready; again after each restart. */
  ready: [];
  /** Any message that is not the answer to a request. */
  message: [message: WorkerMessage];
  /** The process is gone (it will be restarted unless `close` was called). */
  down: [reason: string];
}

/** What crosses the channel: an object with a `type`; the rest is between a pool and its worker. */
export interface WorkerMessage {
  readonly type: string;
  readonly [key: string]: unknown;
}

interface PendingRequest {
  readonly resolve: (message: WorkerMessage) => void;
  readonly reject: (error: HearkenError) => void;
  readonly timer: NodeJS.Timeout;
}

const STDERR_LINES_KEPT = 20;
const STDERR_LINE_CHARACTERS = 400;
/** Lines of one process that reach the log; a library that repeats itself must not fill a disk. */
const STDERR_LINES_LOGGED = 200;
/** A process that lived this long has proved itself: the next failure starts from the first back-off again. */
const HEALTHY_AFTER_MS = 30_000;
/** What a process that has ended wrote is waited for so long, in case somebody else holds its stderr open. */
const LAST_WORDS_MS = 200;

/**
 * One worker process that is kept alive: started with a time limit, restarted with back-off when it dies, its requests rejected with
 * it. The process ends by itself when this one disappears (its channel disconnects).
 */
export class WorkerProcess extends SafeEmitter<WorkerProcessEvents> {
  readonly #options: Required<WorkerProcessOptions>;
  readonly #pending = new Map<number, PendingRequest>();
  #child: ChildProcess | undefined;
  #state: 'starting' | 'ready' | 'waiting' | 'closed' = 'starting';
  #nextRequestId = 1;
  #restarts = 0;
  #failuresInARow = 0;
  #readySince = 0;
  #timer: NodeJS.Timeout | undefined;
  #stderrTail: string[] = [];
  /** Those who wait for it to be ready, to be told when it is closed. */
  readonly #waiting = new Set<(error: HearkenError) => void>();
  #lastFailure: HearkenError | undefined;

  constructor(options: WorkerProcessOptions) {
    super();
    this.#options = { startTimeoutMs: 30_000, firstBackoffMs: 200, longestBackoffMs: 10_000, ...options };
    this.#start();
  }

  get ready(): boolean {
    return this.#state === 'ready';
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Resolves when it is ready; rejects when the start under way (or, when waiting for a restart, the last one) failed or it is closed. */
  whenReady(): Promise<void> {
    if (this.#state === 'ready') return Promise.resolve();
    if (this.#state !== 'starting') return Promise.reject(this.#lastFailure ?? lost(this.#options.name, 'closed'));
    return new Promise((resolve, reject) => {
      const settle = (error?: HearkenError) => {
        this.off('ready', onReady);
        this.off('down', onDown);
        this.#waiting.delete(settle);
        if (error) reject(error);
        else resolve();
      };
      const onReady = () => settle();
      const onDown = (reason: string) => settle(this.#lastFailure ?? lost(this.#options.name, reason));
      this.on('ready', onReady);
      this.on('down', onDown);
      this.#waiting.add(settle);
    });
  }

  /** Sends without waiting; false when there is no process to send to or its channel is gone. */
  send(message: object): boolean {
    if (this.#state !== 'ready' || !this.#child?.connected) return false;
    // The callback keeps a channel that breaks during the write from throwing; the exit that follows is handled.
    this.#child.send(message, () => {});
    return true;
  }

  /** Sends `{ ...message, requestId }` and waits for the message that carries the same id. Rejects with WORKER_LOST or WORKER_TIMEOUT. */
  request(message: object, timeoutMs: number): Promise<WorkerMessage> {
    const requestId = this.#nextRequestId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(requestId);
        reject(
          new HearkenError('WORKER_TIMEOUT', `${this.#options.name} gave no answer within ${timeoutMs} ms.`, {
            hint: 'The machine may be overloaded.',
          }),
        );
      }, timeoutMs);
      this.#pending.set(requestId, { resolve, reject, timer });
      if (!this.send({ ...message, requestId })) this.#settle(requestId, lost(this.#options.name, 'not running'));
    });
  }

  /** Ends the process; resolves when it has ended (at the latest after it was killed). Idempotent. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#rejectAll('closed');
    for (const settle of this.#waiting) settle(lost(this.#options.name, 'closed'));
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const kill = setTimeout(() => child.kill('SIGKILL'), 2000);
      child.once('exit', () => {
        clearTimeout(kill);
        resolve();
      });
      // The worker ends when its channel does.
      if (child.connected) child.disconnect();
      else child.kill('SIGKILL');
    });
    this.removeAllListeners();
  }

  #start(): void {
    this.#state = 'starting';
    this.#stderrTail = [];
    const child = fork(this.#options.entry.path, [], {
      execArgv: [...this.#options.entry.execArgv],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    if (child.stderr) this.#watchStderr(child.stderr, child.pid);
    child.on('message', (message) => this.#onMessage(child, message as WorkerMessage));
    child.on('error', (error) => this.#onGone(child, error.message));
    child.on('exit', (code, signal) => {
      const gone = () => this.#onGone(child, signal ? `ended by ${signal}` : `ended with code ${code}`);
      // Its last words may still be on their way: they say why it ended.
      if (child.stderr?.closed !== false) return gone();
      const limit = setTimeout(gone, LAST_WORDS_MS);
      child.stderr.once('close', () => {
        clearTimeout(limit);
        gone();
      });
    });
    this.#timer = setTimeout(() => {
      this.#options.logger.error({ worker: this.#options.name }, 'a speech worker was not ready in time');
      child.kill('SIGKILL');
    }, this.#options.startTimeoutMs);
    child.send(this.#options.init, () => {});
  }

  #onMessage(child: ChildProcess, message: WorkerMessage): void {
    if (child !== this.#child || this.#state === 'closed') return;
    if (message.type === 'ready') {
      clearTimeout(this.#timer);
      this.#state = 'ready';
      this.#readySince = Date.now();
      this.#lastFailure = undefined;
      this.emit('ready');
      return;
    }
    if (typeof message.requestId === 'number' && this.#pending.has(message.requestId)) {
      this.#settle(message.requestId, message);
      return;
    }
    this.emit('message', message);
  }

  #onGone(child: ChildProcess, reason: string): void {
    if (child !== this.#child) return;
    clearTimeout(this.#timer);
    this.#child = undefined;
    if (this.#state === 'closed') return;
    const wasHealthy = this.#state === 'ready' && Date.now() - this.#readySince > HEALTHY_AFTER_MS;
    this.#failuresInARow = wasHealthy ? 1 : this.#failuresInARow + 1;
    const { firstBackoffMs, longestBackoffMs, logger, name } = this.#options;
    const delayMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (this.#failuresInARow - 1));
    this.#lastFailure = lost(name, reason, this.#stderrTail);
    this.#state = 'waiting';
    logger.error({ worker: name, reason, stderr: this.#stderrTail, restartInMs: delayMs }, 'a speech worker died');
    this.#rejectAll(reason);
    this.emit('down', reason);
    this.#timer = setTimeout(() => {
      this.#restarts++;
      this.#start();
    }, delayMs);
  }

  #watchStderr(stream: Readable, pid: number | undefined): void {
    let rest = '';
    let logged = 0;
    stream.setEncoding('utf8');
    stream.on('error', () => {});
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(-STDERR_LINE_CHARACTERS);
      for (const line of lines) {
        if (line.trim() === '') continue;
        const text = line.slice(0, STDERR_LINE_CHARACTERS);
        this.#stderrTail.push(text);
        if (this.#stderrTail.length > STDERR_LINES_KEPT) this.#stderrTail.shift();
        if (logged++ < STDERR_LINES_LOGGED) {
          this.#options.logger.debug({ worker: this.#options.name, pid, line: text }, 'speech worker says');
        }
      }
    });
  }

  #settle(requestId: number, outcome: WorkerMessage | HearkenError): void {
    const request = this.#pending.get(requestId);
    if (!request) return;
    this.#pending.delete(requestId);
    clearTimeout(request.timer);
    if (outcome instanceof HearkenError) request.reject(outcome);
    else request.resolve(outcome);
  }

  #rejectAll(reason: string): void {
    for (const requestId of [...this.#pending.keys()]) this.#settle(requestId, lost(this.#options.name, reason));
  }
}

function lost(name: string, reason: string, stderr: readonly string[] = []): HearkenError {
  const said = stderr.length === 0 ? '' : ` It said: ${stderr.slice(-3).join(' | ')}`;
  return new HearkenError('WORKER_LOST', `The ${name} process is gone (${reason}).${said}`, {
    hint: 'It is restarted by itself; if it keeps dying, `hearken models verify` tells whether its files are whole.',
  });
}

import { type ChildProcess, fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { HearkenError, messageOf } from '../../../errors.js';
import type { ActionResult } from '../api.js';
import { actionFileInvalid } from './bundle.js';
import type { FromWorker, KnownAction, SentRequest, ToWorker, WorkerFiles } from './protocol.js';

export interface ActionProcessOptions {
  readonly entry: string;
  readonly files: WorkerFiles;
  readonly environment: Readonly<Record<string, string>>;
}

/** One request on its way through a process. */
export interface Job {
  readonly name: string;
  readonly request: SentRequest;
  readonly resolve: (result: ActionResult | undefined) => void;
  readonly reject: (error: HearkenError) => void;
  /** Gives it to a process. */
  readonly begin: (by: ActionProcess) => void;
}

/** The sender's hold on a request. */
export interface SentJob {
  /** True when it had not been begun, and now never will be. */
  takeBack(): boolean;
  abort(reason: string): void;
}

interface Sent {
  readonly job: Job;
  /** It has been told to go. */
  begun: boolean;
}

/** Loading code that never ends must end. */
const LOAD_LIMIT_MS = 20_000;
const CLOSE_LIMIT_MS = 2000;
/** A process that does not answer this long is held up by somebody's computation. */
const PONG_LIMIT_MS = 500;
/** Memory an application's actions may use. */
const MAX_HEAP_MB = 256;

/** A process that runs actions. It ends by `close`, by `terminate`, or when its code brings it down; every request is answered then. */
export class ActionProcess {
  readonly #child: ChildProcess;
  readonly #sent = new Map<number, Sent>();
  readonly #loaded: Promise<readonly KnownAction[]>;
  #settleLoaded:
    | { resolve: (actions: readonly KnownAction[]) => void; reject: (error: HearkenError) => void }
    | undefined;
  readonly #ready: number[] = [];
  #nextId = 1;
  #going = false;
  /** When it was last heard, or asked for something while it had nothing to do. */
  #lastMs = performance.now();
  #over = false;
  #closing = false;
  readonly #onLeft: (job: Job) => void;
  #onPong: (() => void) | undefined;
  readonly #ended: Promise<void>;

  /** `onLeft` gets what had not been begun when the process ended. */
  constructor(options: ActionProcessOptions, onLeft: (job: Job) => void) {
    this.#onLeft = onLeft;
    this.#child = fork(options.entry, [], {
      // Not the service's own secrets.
      env: { ...options.environment },
      execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`],
      serialization: 'advanced',
      cwd: tmpdir(),
      // An action that prints must not end up in what a command prints for programs.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#loaded = new Promise((resolve, reject) => {
      this.#settleLoaded = { resolve, reject };
    });
    this.#loaded.catch(() => undefined);
    this.#child.on('message', (message: FromWorker) => this.#take(message));
    this.#child.on('error', (error) => this.#end(messageOf(error)));
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#end(`the process of the actions ended (${signal ?? code})`);
        resolve();
      });
      this.#child.once('error', () => resolve());
    });
    this.#post({ type: 'load', files: options.files });
  }

  /** What the application's files define. Rejects with APP_INVALID. */
  async loaded(): Promise<readonly KnownAction[]> {
    const timer = setTimeout(() => {
      this.#settleLoaded?.reject(
        new HearkenError('APP_INVALID', `The actions were not loaded within ${LOAD_LIMIT_MS} ms.`, {
          hint: 'Look for code at the top level of actions/*.ts that waits or never ends.',
        }),
      );
      void this.terminate();
    }, LOAD_LIMIT_MS);
    try {
      return await this.#loaded;
    } finally {
      clearTimeout(timer);
    }
  }

  get over(): boolean {
    return this.#over;
  }

  get busy(): number {
    return this.#sent.size;
  }

  /** How long nothing has been heard from it although something waits to be begun. */
  heldUpMs(nowMs: number): number {
    let waits = this.#going;
    for (const { begun } of this.#sent.values()) waits ||= !begun;
    return waits ? nowMs - this.#lastMs : 0;
  }

  /** Sends a request. */
  run(job: Job): SentJob {
    const id = this.#nextId++;
    const sent: Sent = { job, begun: false };
    if (this.#sent.size === 0) this.#lastMs = performance.now();
    this.#sent.set(id, sent);
    this.#post({ type: 'run', id, name: job.name, request: job.request });
    return {
      takeBack: () => {
        if (sent.begun || !this.#sent.delete(id)) return false;
        this.#post({ type: 'drop', id });
        return true;
      },
      abort: (reason) => {
        if (this.#sent.has(id)) this.#post({ type: 'abort', id, reason });
      },
    };
  }

  /** False when the process is held up. */
  async answers(): Promise<boolean> {
    if (this.#over) return false;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#onPong = undefined;
        resolve(false);
      }, PONG_LIMIT_MS);
      this.#onPong = () => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#post({ type: 'ping' });
    });
  }

  async terminate(): Promise<void> {
    this.#end('another action held them up, and their process was stopped');
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#post({ type: 'close' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_LIMIT_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #post(message: ToWorker): void {
    if (this.#over || !this.#child.connected) return;
    // What can't be sent is answered by the end of the process or by the action's limit.
    this.#child.send(message, () => undefined);
  }

  /** One is begun at a time, the next when the first has given control back: so what waits behind a computation can be done elsewhere. */
  #goOn(): void {
    while (!this.#going) {
      const id = this.#ready.shift();
      if (id === undefined) return;
      const sent = this.#sent.get(id);
      if (sent === undefined) continue;
      sent.begun = true;
      this.#going = true;
      this.#post({ type: 'go', id });
    }
  }

  #take(message: FromWorker): void {
    this.#lastMs = performance.now();
    switch (message.type) {
      case 'loaded':
        this.#settleLoaded?.resolve(message.actions);
        return;
      case 'refused':
        this.#settleLoaded?.reject(actionFileInvalid(message.source, message.what, message.hint));
        void this.terminate();
        return;
      case 'pong':
        this.#onPong?.();
        this.#onPong = undefined;
        return;
      case 'ready':
        this.#ready.push(message.id);
        this.#goOn();
        return;
      case 'yielded':
        this.#going = false;
        this.#goOn();
        return;
      default: {
        const sent = this.#sent.get(message.id);
        this.#sent.delete(message.id);
        if (message.type === 'done') sent?.job.resolve(message.result);
        else sent?.job.reject(failed(sent.job.name, message.message));
      }
    }
  }

  #end(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#settleLoaded?.reject(
      new HearkenError('APP_INVALID', `The actions could not be loaded: ${why}.`, {
        hint: 'Look at the top level of actions/*.ts.',
      }),
    );
    const sent = [...this.#sent.values()];
    this.#sent.clear();
    for (const { job, begun } of sent) {
      if (begun || this.#closing) job.reject(failed(job.name, why));
      else this.#onLeft(job);
    }
  }
}

function failed(name: string, why: string): HearkenError {
  return new HearkenError('ACTION_FAILED', `The action ${name} failed: ${why}`);
}

import { type ChildProcess, fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { HearkenError, messageOf } from '../../../errors.js';
import type { ActionResult } from '../api.js';
import { BegunRecord } from './begun-record.js';
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
  /** Waits to be told to go; was told; has given control back once. */
  state: 'waits' | 'told' | 'begun';
}

/** After this many actions that gave control back at once, several are told to go at a time: then none waits for word of the one before. */
const TRUSTED_AFTER = 20;
const TOLD_AT_ONCE = 8;
/** An action that keeps control this long is no longer trusted. */
const AT_ONCE_MS = 20;

/** Loading code that never ends must end. */
const LOAD_LIMIT_MS = 20_000;
const CLOSE_LIMIT_MS = 2000;
/** A process that does not answer this long is held up by somebody's computation. */
const PONG_LIMIT_MS = 500;
/** What a process that has ended said last is waited for this long. */
const DRAIN_MS = 500;
/** Memory an application's actions may use. */
const MAX_HEAP_MB = 256;

/** A process that runs actions. It ends by `close`, by `terminate`, or when its code brings it down; every request is answered then. */
export class ActionProcess {
  readonly #child: ChildProcess;
  readonly #record: BegunRecord | undefined;
  readonly #sent = new Map<number, Sent>();
  readonly #loaded: Promise<readonly KnownAction[]>;
  #settleLoaded:
    | { resolve: (actions: readonly KnownAction[]) => void; reject: (error: HearkenError) => void }
    | undefined;
  readonly #ready: number[] = [];
  /** Not sent yet: in order, for when it has given control back. */
  #held: number[] = [];
  /** Told to go and not yet heard of, in the order they are begun. */
  readonly #told = new Map<number, number>();
  #outgoing: ToWorker[] = [];
  #nextId = 1;
  #quick = 0;
  /** When it was last heard, or asked for something while it had nothing to do. */
  #lastMs = performance.now();
  #over = false;
  #stopped: string | undefined;
  #closing = false;
  readonly #onLeft: (job: Job) => void;
  #onPong: (() => void) | undefined;
  readonly #ended: Promise<void>;

  /** `onLeft` gets what had not been begun when the process ended. */
  constructor(options: ActionProcessOptions, onLeft: (job: Job) => void) {
    this.#onLeft = onLeft;
    this.#record = BegunRecord.open(options.entry);
    this.#child = fork(options.entry, [], {
      // Not the service's own secrets.
      env: { ...options.environment },
      execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`],
      serialization: 'advanced',
      cwd: tmpdir(),
      // An action that prints must not end up in what a command prints for programs.
      stdio: ['ignore', 2, 2, 'ipc', this.#record?.fd ?? 'ignore'],
    });
    this.#loaded = new Promise((resolve, reject) => {
      this.#settleLoaded = { resolve, reject };
    });
    this.#loaded.catch(() => undefined);
    this.#child.on('message', (messages: readonly FromWorker[]) => {
      this.#lastMs = performance.now();
      for (const message of messages) this.#take(message);
      this.#goOn();
    });
    this.#child.on('error', (error) => this.#end(messageOf(error)));
    this.#ended = this.#waitForEnd();
    this.#post({ type: 'load', files: options.files, recorded: this.#record !== undefined });
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

  /** It has ended or is about to: nothing new is given to it. */
  get over(): boolean {
    return this.#over || this.#stopped !== undefined;
  }

  get busy(): number {
    return this.#sent.size;
  }

  /** How long nothing has been heard from it although something waits to be begun. */
  heldUpMs(nowMs: number): number {
    let waits = this.#told.size > 0;
    if (!waits) for (const { state } of this.#sent.values()) waits ||= state === 'waits';
    return waits ? nowMs - this.#lastMs : 0;
  }

  /** Sends a request. */
  run(job: Job): SentJob {
    const id = this.#nextId++;
    const sent: Sent = { job, state: 'waits' };
    const now = performance.now();
    if (this.#sent.size === 0) this.#lastMs = now;
    this.#sent.set(id, sent);
    if (this.#quick < TRUSTED_AFTER) this.#send(id, job, false);
    else if (this.#told.size < TOLD_AT_ONCE && this.#ready.length === 0 && this.#held.length === 0) {
      this.#tell(id, sent, now);
      this.#send(id, job, true);
    } else this.#held.push(id);
    return {
      takeBack: () => {
        if (sent.state !== 'waits' || !this.#sent.delete(id)) return false;
        const at = this.#held.indexOf(id);
        if (at === -1) this.#post({ type: 'drop', id });
        else this.#held.splice(at, 1);
        return true;
      },
      abort: (reason) => {
        if (this.#sent.has(id)) this.#post({ type: 'abort', id, reason });
      },
    };
  }

  /** False when the process is held up. */
  async answers(): Promise<boolean> {
    if (this.over) return false;
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
    this.#stopped = 'another action held them up, and their process was stopped';
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

  /** What it said last is read before it counts as ended: that tells what it had begun. */
  async #waitForEnd(): Promise<void> {
    const child = this.#child;
    const left = new Promise<void>((resolve) => {
      child.once('disconnect', () => {
        resolve();
        // Code of an action may close the channel; nobody could be told anything then.
        if (!this.#closing) child.kill('SIGKILL');
      });
    });
    const why = await new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(`the process of the actions ended (${signal ?? code})`));
      child.once('error', (error) => resolve(messageOf(error)));
    });
    let limit: NodeJS.Timeout | undefined;
    if (child.connected) await Promise.race([left, new Promise((resolve) => (limit = setTimeout(resolve, DRAIN_MS)))]);
    clearTimeout(limit);
    this.#end(this.#stopped ?? why);
  }

  #post(message: ToWorker): void {
    if (this.over || !this.#child.connected) return;
    if (this.#outgoing.length === 0) setImmediate(() => this.#flush());
    this.#outgoing.push(message);
  }

  #flush(): void {
    const messages = this.#outgoing;
    this.#outgoing = [];
    // What can't be sent is answered by the end of the process or by the action's limit.
    if (!this.#over && this.#child.connected) this.#child.send(messages, () => undefined);
  }

  /** One is begun at a time, the next when the first has given control back: so what waits behind a computation can be done elsewhere. */
  #goOn(): void {
    const trusted = this.#quick >= TRUSTED_AFTER;
    const atOnce = trusted ? TOLD_AT_ONCE : 1;
    while (this.#told.size < atOnce) {
      const id = this.#ready.shift();
      if (id === undefined) break;
      const sent = this.#sent.get(id);
      if (sent === undefined) continue;
      this.#tell(id, sent, this.#lastMs);
      this.#post({ type: 'go', id });
    }
    // It was heard just now: what was held back goes without being asked for; where one of them kept control too long, each as it is ready.
    while (this.#held.length > 0 && !(trusted && this.#told.size >= atOnce)) {
      const id = this.#held.shift();
      const sent = id === undefined ? undefined : this.#sent.get(id);
      if (id === undefined || sent === undefined) continue;
      if (trusted) this.#tell(id, sent, this.#lastMs);
      this.#send(id, sent.job, trusted);
    }
  }

  #send(id: number, { name, request }: Job, go: boolean): void {
    this.#post({ type: 'run', id, name, request, go });
  }

  #tell(id: number, sent: Sent, nowMs: number): void {
    sent.state = 'told';
    this.#told.set(id, nowMs);
  }

  #yielded(id: number): void {
    const sinceMs = this.#told.get(id);
    this.#told.delete(id);
    const sent = this.#sent.get(id);
    if (sent !== undefined) sent.state = 'begun';
    // Behind others it waits for them too: only the time of a single one says something about it.
    if (sinceMs === undefined || this.#told.size > 0) return;
    this.#quick = this.#lastMs - sinceMs > AT_ONCE_MS ? 0 : this.#quick + 1;
  }

  #take(message: FromWorker): void {
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
        return;
      case 'yielded':
        this.#yielded(message.id);
        return;
      default: {
        const sent = this.#sent.get(message.id);
        this.#sent.delete(message.id);
        // Aborted before it was begun: it never gives control back.
        this.#told.delete(message.id);
        if (message.type === 'done') sent?.job.resolve(message.result);
        else sent?.job.reject(failed(sent.job.name, message.message));
      }
    }
  }

  /** The first that was told to go may have been begun in any case; of those behind it the record tells. */
  #begunOfTold(): ReadonlySet<number> {
    const told = [...this.#told.keys()];
    const last = this.#record?.last();
    const at = last === undefined ? -1 : told.indexOf(last);
    return new Set(told.slice(0, Math.max(0, at) + 1));
  }

  #end(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#settleLoaded?.reject(
      new HearkenError('APP_INVALID', `The actions could not be loaded: ${why}.`, {
        hint: 'Look at the top level of actions/*.ts.',
      }),
    );
    const begun = this.#begunOfTold();
    this.#record?.close();
    const sent = [...this.#sent];
    this.#sent.clear();
    for (const [id, { job, state }] of sent) {
      if (state === 'begun' || begun.has(id) || this.#closing) job.reject(failed(job.name, why));
      else this.#onLeft(job);
    }
  }
}

function failed(name: string, why: string): HearkenError {
  return new HearkenError('ACTION_FAILED', `The action ${name} failed: ${why}`);
}

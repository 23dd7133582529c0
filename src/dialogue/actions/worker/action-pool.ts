import { HearkenError } from '../../../errors.js';
import type { ActionResult } from '../api.js';
import type { ActionRequest } from '../runner.js';
import { ActionProcess, type ActionProcessOptions, type Job, type SentJob } from './action-process.js';
import type { KnownAction } from './protocol.js';

/** One process for all, and a second one while the first is held up by a computation. */
const MAX_PROCESSES = 2;
const DEFAULT_TIMEOUT_MS = 5000;
const LONGEST_TIMEOUT_MS = 60_000;
/** A process that has not been heard this long while something waits is held up: what waits goes to the other one. */
const HELD_UP_MS = 100;

/**
 * Runs an application's own actions in processes. An action's time limit holds also against code that never gives control back: its process is ended then, what
 * waited behind it is done in another, and a new one takes its place.
 */
export class ActionPool {
  readonly actions: ReadonlyMap<string, KnownAction>;
  readonly #options: ActionProcessOptions;
  readonly #moves = new Set<() => void>();
  #watching: NodeJS.Timeout | undefined;
  #processes: ActionProcess[] = [];
  #closed = false;

  private constructor(options: ActionProcessOptions, actions: readonly KnownAction[]) {
    this.#options = options;
    this.actions = new Map(actions.map((action) => [action.name, action]));
  }

  /** Rejects with APP_INVALID when a file can't be loaded. */
  static async open(options: ActionProcessOptions): Promise<ActionPool> {
    let pool: ActionPool | undefined;
    const first = new ActionProcess(options, (job) => pool?.again(job));
    try {
      pool = new ActionPool(options, await first.loaded());
      pool.#processes.push(first);
      return pool;
    } catch (error) {
      await first.close();
      throw error;
    }
  }

  /** Rejects with ACTION_FAILED or TIMEOUT, at the action's limit at the latest. */
  async run(
    name: string,
    { endpoints: _, ...request }: ActionRequest,
    gone?: AbortSignal,
  ): Promise<ActionResult | undefined> {
    if (this.#closed) throw new HearkenError('ACTION_FAILED', `The action ${name} was not run: the service stops.`);
    const limitMs = Math.min(this.actions.get(name)?.timeoutMs ?? DEFAULT_TIMEOUT_MS, LONGEST_TIMEOUT_MS);
    return new Promise((resolve, reject) => {
      let held: { readonly by: ActionProcess; readonly sent: SentJob } | undefined;
      // Somebody else's computation holds the process up: this one is done elsewhere.
      const move = (): void => {
        if (held === undefined || held.by.heldUpMs(performance.now()) < HELD_UP_MS) return;
        if (held.sent.takeBack()) job.begin(this.#choose(held.by));
      };
      const settle = (): void => {
        clearTimeout(limit);
        this.#moves.delete(move);
        gone?.removeEventListener('abort', leave);
      };
      const job: Job = {
        name,
        request,
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        begin: (by) => {
          held = { by, sent: by.run(job) };
        },
      };
      const giveUp = (error: HearkenError): void => {
        if (held !== undefined && !held.sent.takeBack()) {
          held.sent.abort(error.message);
          void this.#endIfHeldUp(held.by);
        }
        job.reject(error);
      };
      const leave = (): void =>
        giveUp(new HearkenError('ACTION_FAILED', `The action ${name} was stopped: the caller is gone.`));
      const limit = setTimeout(() => {
        giveUp(
          new HearkenError('TIMEOUT', `The action ${name} took longer than ${limitMs} ms.`, {
            hint: 'Make it faster, or raise its timeoutMs; callers wait meanwhile.',
          }),
        );
      }, limitMs);
      this.#watch(move);
      gone?.addEventListener('abort', leave, { once: true });
      job.begin(this.#choose());
      if (gone?.aborted) leave();
    });
  }

  /** A process ended before it had begun this. */
  again(job: Job): void {
    if (this.#closed)
      job.reject(new HearkenError('ACTION_FAILED', `The action ${job.name} was not run: the service stops.`));
    else job.begin(this.#choose());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWatching();
    await Promise.all(this.#processes.map((each) => each.close()));
  }

  /** Looks after every action under way with one timer. */
  #watch(move: () => void): void {
    this.#moves.add(move);
    this.#watching ??= setInterval(() => {
      for (const each of [...this.#moves]) each();
      if (this.#moves.size === 0) this.#stopWatching();
    }, HELD_UP_MS);
  }

  #stopWatching(): void {
    clearInterval(this.#watching);
    this.#watching = undefined;
  }

  /** The process with least to do that is not held up; a new one when there is none. */
  #choose(except?: ActionProcess): ActionProcess {
    const now = performance.now();
    const [only] = this.#processes;
    if (this.#processes.length === 1 && only !== undefined && only !== except && !only.over)
      if (only.heldUpMs(now) < HELD_UP_MS) return only;
    this.#processes = this.#processes.filter((each) => !each.over);
    const byLoad = this.#processes.filter((each) => each !== except).sort((a, b) => a.busy - b.busy);
    const free = byLoad.find((each) => each.heldUpMs(now) < HELD_UP_MS);
    if (free !== undefined) return free;
    const least = byLoad[0] ?? except;
    if (least !== undefined && this.#processes.length >= MAX_PROCESSES) return least;
    const made = new ActionProcess(this.#options, (job) => this.again(job));
    this.#processes.push(made);
    return made;
  }

  /** After a limit was reached: a process that still answers goes on; one that does not is ended. */
  async #endIfHeldUp(each: ActionProcess): Promise<void> {
    if (await each.answers()) return;
    await each.terminate();
  }
}

import { type ErrorCode, HearkenError } from '../../errors.js';
import { SILENT_LOGGER, type WorkerMessage, WorkerProcess } from '../../speech/worker-process.js';
import { workerEntry } from '../../worker-entry.js';
import type { ReplayJob } from '../pipeline/job.js';
import { failedRecording, type ReplayOutcome, type StageSettings } from '../pipeline/stage.js';
import type { DoneMessage, RefusedMessage } from './worker-protocol.js';

export interface ReplayPoolOptions {
  readonly settings: StageSettings;
  /** Processes. */
  readonly workers: number;
  /** Stops handing out; what is under way is dropped. */
  readonly signal: AbortSignal;
  readonly onDone: (job: ReplayJob, outcome: ReplayOutcome) => void;
}

/** Loading takes a second; training the understanding of a new application some more; on a busy machine many times that. */
const START_LIMIT_MS = 180_000;
/** A recording during which the process died so often, alone at last, is itself the likely cause. */
const MOST_TRIES = 2;

interface Waiting {
  readonly job: ReplayJob;
  tries: number;
}

/**
 * Replays recordings in worker processes. A process that dies (a native crash) costs nothing but time: what it had under way is tried again one by one, and a recording that
 * brings a process down alone is reported as failed.
 */
export class ReplayPool {
  readonly #options: ReplayPoolOptions;
  readonly #waiting: Waiting[];
  /** Tried alone: a process died with them under way. */
  readonly #suspects: Waiting[] = [];
  readonly #lanes: Lane[] = [];
  #left: number;
  #settle: (() => void) | undefined;
  #fail: ((error: HearkenError) => void) | undefined;

  private constructor(options: ReplayPoolOptions, jobs: readonly ReplayJob[]) {
    this.#options = options;
    this.#waiting = jobs.map((job) => ({ job, tries: 0 }));
    this.#left = jobs.length;
  }

  /** Resolves when every job is done or the signal aborts; the processes have ended by then. Rejects with what a stage could not be opened for. */
  static async run(options: ReplayPoolOptions, jobs: readonly ReplayJob[]): Promise<void> {
    if (jobs.length === 0 || options.signal.aborted) return;
    const pool = new ReplayPool(options, jobs);
    await pool.#run();
  }

  async #run(): Promise<void> {
    const { settings, workers, signal } = this.#options;
    const stop = (): void => this.#settle?.();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = resolve;
        this.#fail = reject;
        signal.addEventListener('abort', stop, { once: true });
        const count = Math.max(1, Math.min(workers, Math.ceil(this.#left / 2)));
        for (let index = 0; index < count; index++) this.#lanes.push(this.#open(index, settings));
      });
    } finally {
      signal.removeEventListener('abort', stop);
      await Promise.all(this.#lanes.map((lane) => lane.process.close()));
    }
  }

  #open(index: number, settings: StageSettings): Lane {
    const lane = new Lane(
      new WorkerProcess({
        name: `replay ${index + 1}`,
        entry: workerEntry(import.meta.url, 'worker'),
        init: { type: 'init', settings },
        logger: SILENT_LOGGER,
        startTimeoutMs: START_LIMIT_MS,
      }),
    );
    lane.process.on('ready', () => this.#feed(lane));
    lane.process.on('message', (message) => this.#onMessage(lane, message));
    lane.process.on('down', (reason) => this.#onDown(lane, reason));
    return lane;
  }

  #feed(lane: Lane): void {
    while (lane.process.ready && lane.busy.size < this.#options.settings.atOnce && !this.#options.signal.aborted) {
      const suspect = lane.busy.size === 0 ? this.#suspects.shift() : undefined;
      // A suspect has a process for itself.
      if (!suspect && [...lane.busy.values()].some(({ tries }) => tries > 0)) return;
      const next = suspect ?? this.#waiting.shift();
      if (!next) return;
      lane.give(next);
    }
  }

  #onMessage(lane: Lane, message: WorkerMessage): void {
    if (message.type === 'refused') {
      const { code, message: text, hint } = message as unknown as RefusedMessage;
      this.#fail?.(new HearkenError(code as ErrorCode, text, hint === undefined ? {} : { hint }));
      return;
    }
    if (message.type !== 'done') return;
    const { id, outcome } = message as unknown as DoneMessage;
    const done = lane.busy.get(id);
    if (!done) return;
    lane.busy.delete(id);
    this.#finish(done.job, outcome);
    this.#feed(lane);
  }

  #onDown(lane: Lane, reason: string): void {
    const lost = [...lane.busy.values()];
    lane.busy.clear();
    if (lost.length === 0 && !lane.everBusy) {
      this.#fail?.(new HearkenError('WORKER_LOST', `A replay process could not be started: ${reason}`));
      return;
    }
    for (const each of lost) {
      each.tries += 1;
      if (each.tries < MOST_TRIES) this.#suspects.push(each);
      else {
        const error = new HearkenError(
          'WORKER_LOST',
          `The process ended while it replayed ${each.job.file}: ${reason}`,
          {
            hint: 'A model or a library broke down on it; the other recordings go on.',
          },
        );
        this.#finish(each.job, { result: failedRecording(each.job, error), measured: { wallMs: 0, partsMs: 0 } });
      }
    }
    for (const other of this.#lanes) this.#feed(other);
  }

  #finish(job: ReplayJob, outcome: ReplayOutcome): void {
    this.#options.onDone(job, outcome);
    this.#left -= 1;
    if (this.#left === 0) this.#settle?.();
  }
}

class Lane {
  readonly busy = new Map<number, Waiting>();
  everBusy = false;
  #nextId = 1;

  constructor(readonly process: WorkerProcess) {}

  give(waiting: Waiting): void {
    const id = this.#nextId++;
    this.everBusy = true;
    this.busy.set(id, waiting);
    this.process.send({ type: 'job', id, job: waiting.job });
  }
}

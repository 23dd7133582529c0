import type { InProcessRecognizer } from './in-process-recognizer.js';

/** One recording on its way through the pipeline, on a clock of its own. */
export interface ReplayRun {
  /** Nothing holds its clock: it can go on. */
  readonly free: boolean;
  readonly done: boolean;
  /** Moves its clock to the next thing that happens, and lets that happen. */
  step(): void;
}

export interface SchedulerOptions {
  readonly recognizers: readonly InProcessRecognizer[];
  /** Runs under way at once. */
  readonly atOnce: number;
}

/**
 * Steps many runs side by side. In each round every run that is free goes one step, then everything that was heard is decoded for all of them together, and nothing moves on
 * before that is told. A run whose work is under way in the real world is left alone until it is free again; so each run sees its own order of things, whoever runs
 * beside it.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #runs = new Map<ReplayRun, () => void>();
  #wake: (() => void) | undefined;
  #going = false;
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** A run can be taken. */
  get hasRoom(): boolean {
    return this.#runs.size < this.#options.atOnce;
  }

  /** Takes a run; resolves when it is done. Rejects when the scheduler breaks down. */
  run(run: ReplayRun): Promise<void> {
    return new Promise((resolve) => {
      this.#runs.set(run, resolve);
      this.poke();
      if (!this.#going) void this.#go();
    });
  }

  /** Something in the real world has come back. */
  poke(): void {
    this.#wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.poke();
  }

  async #go(): Promise<void> {
    this.#going = true;
    while (this.#runs.size > 0 && !this.#stopped) {
      await settled();
      let decoded = false;
      for (const recognizer of this.#options.recognizers) {
        while (recognizer.waiting) {
          await recognizer.work();
          decoded = true;
        }
      }
      // What was told may have brought about more to decode.
      if (decoded) await settled();
      if (this.#options.recognizers.some(({ waiting }) => waiting)) continue;
      let moved = false;
      for (const [run, finish] of this.#runs) {
        if (run.done) {
          this.#runs.delete(run);
          finish();
        } else if (run.free) {
          run.step();
          moved = true;
        }
      }
      if (!moved && this.#runs.size > 0) await this.#poked();
    }
    this.#going = false;
  }

  #poked(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

/** All promises that can be settled without the outer world are. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

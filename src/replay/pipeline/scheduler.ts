import type { InProcessRecognizer } from './in-process-recognizer.js';

/** One recording on its way through the pipeline, on a clock of its own. */
export interface ReplayRun {
  /** Under which its audio goes to the recognisers. */
  readonly streamId: string;
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

/** Streams that are decoded as soon as so many wait: a chunk costs 2.6 ms alone and 1.1 ms in a batch of ten or more. */
const ENOUGH = 12;

/**
 * Steps many runs side by side. In each round every run that is free goes one step and is heard; one that has something to decode waits until enough others do, or all
 * others wait too, and they are decoded together. A run whose work is under way in the real world is left alone until it is free again; so each run sees its own order of things, whoever runs
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
    const { recognizers } = this.#options;
    while (this.#runs.size > 0 && !this.#stopped) {
      await settled();
      if (recognizers.some(({ waiting }) => waiting)) {
        for (const recognizer of recognizers) await recognizer.work();
        // What was told may have brought about more to hear.
        continue;
      }
      const moved = this.#moveAll();
      const parked = recognizers.reduce((sum, recognizer) => sum + recognizer.parked, 0);
      if (parked > 0 && (!moved || parked >= ENOUGH)) for (const recognizer of recognizers) recognizer.decode();
      else if (!moved && this.#runs.size > 0) await this.#poked();
    }
    this.#going = false;
  }

  /** One step of every run that can go on; false when there is none. */
  #moveAll(): boolean {
    const { recognizers } = this.#options;
    let moved = false;
    for (const [run, finish] of this.#runs) {
      if (run.done) {
        this.#runs.delete(run);
        finish();
        moved = true;
      } else if (run.free && !recognizers.some((recognizer) => recognizer.isParked(run.streamId))) {
        run.step();
        moved = true;
      }
    }
    return moved;
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

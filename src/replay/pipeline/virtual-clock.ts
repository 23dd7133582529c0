import type { Clock } from '../../clock.js';

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** The time of one replayed call: it stands still until it is moved, and what comes due runs one by one, in order. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, action: () => void): () => void {
    const timer: Timer = { dueMs: this.#nowMs + Math.max(0, ms), order: this.#order++, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** When the next timer is due; undefined when none is set. */
  get nextDueMs(): number | undefined {
    return this.#next()?.dueMs;
  }

  /** Runs the timer that comes first when it is due by then; false when none is. */
  runNextBy(ms: number): boolean {
    const next = this.#next();
    if (!next || next.dueMs > ms) return false;
    this.#run(next);
    return true;
  }

  /** Moves to `ms` (never back). Timers that are due before stay: run them first. */
  moveTo(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  /** Runs the one timer that comes first, at its time. */
  runNext(): void {
    const next = this.#next();
    if (next) this.#run(next);
  }

  #run(timer: Timer): void {
    this.#timers.delete(timer);
    this.moveTo(timer.dueMs);
    timer.action();
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.dueMs < first.dueMs || (timer.dueMs === first.dueMs && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

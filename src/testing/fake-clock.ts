import type { Clock } from '../clock.js';

interface Waiting {
  readonly dueMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock that moves only when told to. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #waiting = new Set<Waiting>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(ms: number, action: () => void): () => void {
    const entry: Waiting = { dueMs: this.#nowMs + Math.max(0, ms), order: this.#order++, action };
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  }

  /** Moves on, running what comes due in order; promises settle between two timers. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    while (true) {
      const next = [...this.#waiting]
        .filter((entry) => entry.dueMs <= untilMs)
        .sort((left, right) => left.dueMs - right.dueMs || left.order - right.order)[0];
      if (!next) break;
      this.#waiting.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }
}

/** Lets promise callbacks and immediates run. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise((resolve) => setImmediate(resolve));
}

/** After this many wrong passwords in a row each further one costs twice the wait of the one before. */
const FREE_TRIES = 5;
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 900_000;
/** Forgotten after this long without a try. */
const FORGET_MS = 3_600_000;
const MAX_KEPT = 20_000;

interface Tries {
  readonly failed: number;
  readonly untilMs: number;
  readonly lastMs: number;
}

/** Wrong passwords by name and by address: whoever goes on guessing waits longer and longer. Pure apart from what it remembers; the time comes from outside. */
export class Lockout {
  readonly #tries = new Map<string, Tries>();

  /** How long this key has yet to wait, ms; 0 = may try. */
  waitMs(key: string, nowMs: number): number {
    return Math.max(0, (this.#tries.get(key)?.untilMs ?? 0) - nowMs);
  }

  /** `freeTries`: an address may be an office with many people. */
  failed(key: string, nowMs: number, freeTries = FREE_TRIES): void {
    const old = this.#tries.get(key);
    const failed = (old === undefined || nowMs - old.lastMs > FORGET_MS ? 0 : old.failed) + 1;
    const over = failed - freeTries;
    const waitMs = over < 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(over, 20));
    this.#tries.delete(key);
    this.#tries.set(key, { failed, untilMs: nowMs + waitMs, lastMs: nowMs });
    if (this.#tries.size <= MAX_KEPT) return;
    const oldest = this.#tries.keys().next();
    if (!oldest.done) this.#tries.delete(oldest.value);
  }

  /** Forgets them; returns how many there were. */
  succeeded(key: string): number {
    const failed = this.#tries.get(key)?.failed ?? 0;
    this.#tries.delete(key);
    return failed;
  }

  /** So many were somebody's typing errors. */
  forgive(key: string, count: number): void {
    const old = this.#tries.get(key);
    if (old === undefined || count === 0) return;
    if (count >= old.failed) this.#tries.delete(key);
    else this.#tries.set(key, { ...old, failed: old.failed - count });
  }
}

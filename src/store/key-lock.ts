import { HearkenError } from '../errors.js';
import { withinMs } from './time-limit.js';

/** Tells whoever waited too long for a conversation that somebody else still works on it. */
export function lockConflict(key: string, waitMs: number): HearkenError {
  return new HearkenError(
    'SESSION_CONFLICT',
    `Another turn of conversation ${key} was still running after ${waitMs} ms.`,
    {
      hint: 'Send the same message again with the same message id; it will be done once.',
    },
  );
}

/** First come, first served lock per key inside one process. Keys without holder or waiter take no memory. */
export class KeyLock {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` alone for its key; waits at most `waitMs` for those before it, then SESSION_CONFLICT. */
  async run<R>(key: string, waitMs: number, work: () => Promise<R>): Promise<R> {
    const before = this.#tails.get(key);
    let release: () => void = () => {};
    const mine = new Promise<void>((resolve) => {
      release = resolve;
    });
    const tail = before === undefined ? mine : before.then(() => mine);
    this.#tails.set(key, tail);
    try {
      if (before !== undefined) await withinMs(before, waitMs, () => lockConflict(key, waitMs));
      return await work();
    } finally {
      release();
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}

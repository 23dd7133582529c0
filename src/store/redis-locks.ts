import { randomUUID } from 'node:crypto';
import { lockConflict } from './key-lock.js';
import type { Answer, RedisRounds } from './redis-rounds.js';

/** A lock and the session that it is for: keys of Redis. */
export interface Lock {
  readonly name: string;
  readonly session: string;
}

export interface LockWait {
  readonly waitMs: number;
  /** By `performance.now()`. */
  readonly deadline: number;
}

export interface TakenLock {
  readonly token: string;
  /** What came with it; see `begin` of `RedisRounds`. */
  readonly answer: Answer;
  /** A write has given it back. */
  gone(): void;
  /** Gives it back, unless it is gone. Nobody needs to wait for it. */
  free(): void;
}

/** Locks that may have been taken without our hearing of it, to be freed when Redis answers again. */
const MAX_ORPHANS = 10_000;
const FIRST_RETRY_MS = 4;
const LONGEST_RETRY_MS = 40;

/** The locks that this process has in Redis. They are renewed for as long as they are held, and expire by themselves should it die. */
export class RedisLocks {
  readonly #rounds: RedisRounds;
  /** Locks that are held now, by their token, and those that were given back without an answer. */
  readonly #held = new Map<string, Lock>();
  readonly #orphans = new Map<string, Lock>();
  readonly #renewal: NodeJS.Timeout;

  constructor(rounds: RedisRounds, lockTtlMs: number) {
    this.#rounds = rounds;
    this.#renewal = setInterval(() => {
      // A renewal that fails is no reason to stop: the version check of put is what keeps the data right.
      for (const [token, { name, session }] of this.#held) this.#rounds.extend(name, session, token).catch(() => {});
    }, lockTtlMs / 3);
    this.#renewal.unref();
  }

  /** Waits until the lock is free, or SESSION_CONFLICT. `knows`: what of the session the taker has already. */
  async take(
    lock: Lock,
    key: string,
    { waitMs, deadline }: LockWait,
    knows: { readonly version: number; readonly write: string } | undefined,
  ): Promise<TakenLock> {
    const token = randomUUID();
    for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS)) {
      let answer: Answer;
      try {
        answer = await this.#rounds.begin(lock.name, lock.session, token, knows?.version, knows?.write);
      } catch (error) {
        // Redis may have given it to us all the same: nobody else should have to wait until it expires.
        this.#free(lock, token);
        throw error;
      }
      if (answer[0] !== 0) return this.#taken(lock, token, answer);
      if (performance.now() + pauseMs > deadline) throw lockConflict(key, waitMs);
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random() / 2)));
    }
  }

  /** Redis answers again: nobody shall wait for what it may have given out meanwhile. */
  freeOrphans(): void {
    for (const [token, lock] of this.#orphans) this.#free(lock, token);
  }

  close(): void {
    clearInterval(this.#renewal);
  }

  #taken(lock: Lock, token: string, answer: Answer): TakenLock {
    this.#held.set(token, lock);
    return {
      token,
      answer,
      gone: () => void this.#held.delete(token),
      free: () => {
        if (this.#held.delete(token)) this.#free(lock, token);
      },
    };
  }

  /** Now or when Redis answers again. It expires by itself should that be too late. */
  #free(lock: Lock, token: string): void {
    if (this.#orphans.size < MAX_ORPHANS) this.#orphans.set(token, lock);
    this.#rounds.free(lock.name, lock.session, token).then(
      () => this.#orphans.delete(token),
      () => {},
    );
  }
}

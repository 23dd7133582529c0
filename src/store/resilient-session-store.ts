import { HearkenError } from '../errors.js';
import { KeyLock } from './key-lock.js';
import { versionConflict } from './memory-session-store.js';
import type { RedisSessionStore } from './redis-session-store.js';
import type { SessionStore, StoredSession } from './session-store.js';

export interface ResilientSessionStoreOptions {
  readonly ttlMs: number;
  /** Conversations of which a copy is kept. Default 20,000; those written longest ago go first, unsaved ones last. */
  readonly maxCopies?: number;
  /** How often unsaved conversations are tried again. Default 500 ms. */
  readonly retryMs?: number;
  readonly now?: () => number;
  /** Told when another instance was further: our copy is dropped. */
  readonly onConflict?: (key: string) => void;
}

interface Copy {
  readonly json: string;
  readonly version: number;
  readonly saved: boolean;
  readonly expiresAtMs: number;
}

/**
 * Redis with a copy at hand: when Redis goes away in the middle, the conversations that this instance has been holding go on from their copies, under its own locks, and
 * are written back when Redis returns (also one that comes back empty). A conversation it does not know is refused with STORE_UNAVAILABLE meanwhile. Should two
 * instances have gone on with the same conversation, the further one wins.
 */
export class ResilientSessionStore<T = unknown> implements SessionStore<T> {
  readonly kind = 'redis';
  readonly #remote: RedisSessionStore<T>;
  readonly #options: ResilientSessionStoreOptions;
  readonly #copies = new Map<string, Copy>();
  readonly #unsaved = new Set<string>();
  readonly #local = new KeyLock();
  readonly #timer: NodeJS.Timeout;
  #writingBack = false;

  constructor(remote: RedisSessionStore<T>, options: ResilientSessionStoreOptions) {
    this.#remote = remote;
    this.#options = options;
    this.#timer = setInterval(() => void this.#writeAllBack(), options.retryMs ?? 500);
    this.#timer.unref();
  }

  /** Conversations that only this process has. */
  get unsaved(): number {
    return this.#unsaved.size;
  }

  async get(key: string): Promise<StoredSession<T> | undefined> {
    const copy = this.#live(key);
    try {
      if (copy !== undefined && !copy.saved) await this.#writeBack(key, copy);
      const stored = await this.#remote.getJson(key);
      // A Redis that came back without its memory: ours is the only one left.
      if (stored === undefined) return copy === undefined ? undefined : toSession(copy);
      this.#keep(key, stored.value, stored.version, true);
      return { value: JSON.parse(stored.value) as T, version: stored.version };
    } catch (error) {
      if (!isAway(error) || copy === undefined) throw error;
      return toSession<T>(copy);
    }
  }

  async put(key: string, value: T, expectedVersion: number): Promise<number> {
    const json = JSON.stringify(value);
    const copy = this.#live(key);
    try {
      const version = await this.#remote.putJson(key, json, expectedVersion);
      this.#keep(key, json, version, true);
      return version;
    } catch (error) {
      if (isConflict(error) && copy?.version === expectedVersion && (await this.#remote.getJson(key)) === undefined) {
        await this.#remote.restoreJson(key, json, expectedVersion + 1);
        this.#keep(key, json, expectedVersion + 1, true);
        return expectedVersion + 1;
      }
      if (!isAway(error)) throw error;
      if ((copy?.version ?? 0) !== expectedVersion) throw versionConflict(key, expectedVersion, copy?.version ?? 0);
      this.#keep(key, json, expectedVersion + 1, false);
      return expectedVersion + 1;
    }
  }

  async delete(key: string): Promise<void> {
    this.#copies.delete(key);
    this.#unsaved.delete(key);
    await this.#remote.delete(key);
  }

  /** Redis' lock where it can be had; while Redis is away only this process is kept from doing two turns at once. */
  async withLock<R>(key: string, waitMs: number, work: () => Promise<R>): Promise<R> {
    return this.#local.run(key, waitMs, async () => {
      let begun = false;
      try {
        return await this.#remote.withLock(key, waitMs, () => {
          begun = true;
          return work();
        });
      } catch (error) {
        if (begun || !isAway(error)) throw error;
        return work();
      }
    });
  }

  ping(): Promise<void> {
    return this.#remote.ping();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writeAllBack();
    await this.#remote.close();
  }

  async #writeAllBack(): Promise<void> {
    if (this.#writingBack || this.#unsaved.size === 0) return;
    this.#writingBack = true;
    try {
      for (const key of [...this.#unsaved]) {
        await this.#local.run(key, 1000, async () => {
          const copy = this.#live(key);
          if (copy === undefined) this.#unsaved.delete(key);
          else if (!copy.saved) await this.#writeBack(key, copy);
        });
      }
    } catch {
      // Still away, or that conversation is busy: the next round tries again.
    } finally {
      this.#writingBack = false;
    }
  }

  async #writeBack(key: string, copy: Copy): Promise<void> {
    const won = await this.#remote.restoreJson(key, copy.json, copy.version);
    this.#unsaved.delete(key);
    if (won) this.#copies.set(key, { ...copy, saved: true });
    else {
      this.#copies.delete(key);
      this.#options.onConflict?.(key);
    }
  }

  #live(key: string): Copy | undefined {
    const copy = this.#copies.get(key);
    if (copy === undefined || copy.expiresAtMs > this.#now()) return copy;
    this.#copies.delete(key);
    this.#unsaved.delete(key);
    return undefined;
  }

  #keep(key: string, json: string, version: number, saved: boolean): void {
    this.#copies.delete(key);
    this.#copies.set(key, { json, version, saved, expiresAtMs: this.#now() + this.#options.ttlMs });
    if (saved) this.#unsaved.delete(key);
    else this.#unsaved.add(key);
    const most = this.#options.maxCopies ?? 20_000;
    if (this.#copies.size <= most) return;
    for (const [oldest, copy] of this.#copies) {
      if (!copy.saved && this.#unsaved.size < most) continue;
      this.#copies.delete(oldest);
      this.#unsaved.delete(oldest);
      return;
    }
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function toSession<T>(copy: Copy): StoredSession<T> {
  return { value: JSON.parse(copy.json) as T, version: copy.version };
}

function isAway(error: unknown): boolean {
  return error instanceof HearkenError && error.code === 'STORE_UNAVAILABLE';
}

function isConflict(error: unknown): boolean {
  return error instanceof HearkenError && error.code === 'SESSION_CONFLICT';
}

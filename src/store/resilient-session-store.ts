import { HearkenError } from '../errors.js';
import { KeptValue, ReadyValues } from './kept-value.js';
import { KeyLock } from './key-lock.js';
import { versionConflict } from './memory-session-store.js';
import type { LockWait } from './redis-locks.js';
import {
  type Content,
  type HeldParts,
  keptOf,
  type RedisSessionStore,
  type StoredParts,
  type Written,
} from './redis-session-store.js';
import {
  claimed,
  type HeldSession,
  type HeldTurn,
  Outdated,
  type SessionStore,
  type StoredSession,
} from './session-store.js';

export interface ResilientSessionStoreOptions {
  readonly ttlMs: number;
  /** Conversations of which a copy is kept. Default 20,000; those written longest ago go first, unsaved ones last. */
  readonly maxCopies?: number;
  /** How often unsaved conversations are tried again. Default 500 ms. */
  readonly retryMs?: number;
  readonly now?: () => number;
  /** Told when another instance was further, or as far and faster: our copy is dropped. */
  readonly onConflict?: (key: string) => void;
}

interface Copy<T> {
  readonly kept: KeptValue<T>;
  readonly version: number;
  /** Which write of Redis it is a copy of; for an unsaved one the write that was tried, of which nobody knows whether it arrived. */
  readonly write: string;
  readonly saved: boolean;
  readonly expiresAtMs: number;
}

/** Where fewer copies than this share are what Redis has, turns that are begun with them are too often begun for nothing. */
const TRUSTED = 0.75;

/**
 * Redis with a copy at hand: when Redis goes away in the middle, the conversations that this instance has been holding go on from their copies, under its own locks, and
 * are written back when Redis returns (also one that comes back empty). A conversation it does not know is refused with STORE_UNAVAILABLE meanwhile. Should two
 * instances have gone on with the same conversation, the further one wins; of two that are as far, the one that Redis has.
 */
export class ResilientSessionStore<T = unknown> implements SessionStore<T> {
  readonly kind = 'redis';
  readonly #remote: RedisSessionStore<T>;
  readonly #options: ResilientSessionStoreOptions;
  readonly #copies = new Map<string, Copy<T>>();
  readonly #ready = new ReadyValues();
  readonly #unsaved = new Set<string>();
  readonly #local = new KeyLock();
  readonly #timer: NodeJS.Timeout;
  #writingBack = false;
  /** Share of copies that were what Redis had, of late. */
  #current = 1;

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
      const known = copy === undefined || copy.saved ? copy : await this.#writeBack(key, copy);
      // What this instance wrote last is read from its copy, unless another one has written since.
      if (known !== undefined && (await this.#remote.holds(key, known.version, known.write))) return session(known);
      return this.#taken(key, copy, await this.#remote.getParts(key));
    } catch (error) {
      if (!isAway(error) || copy === undefined) throw error;
      return session(copy);
    }
  }

  put(key: string, value: T, expectedVersion: number): Promise<number> {
    return this.#put(key, value, expectedVersion, (content, id) =>
      this.#remote.putContent(key, content, expectedVersion, id),
    );
  }

  async delete(key: string): Promise<void> {
    this.#forget(key);
    await this.#remote.delete(key);
  }

  /** Redis' lock where it can be had; while Redis is away only this process is kept from doing two turns at once. */
  withLock<R>(key: string, waitMs: number, work: (held: HeldSession<T>) => Promise<R>): Promise<R> {
    const wait = { waitMs, deadline: performance.now() + waitMs };
    return this.#local.run(key, waitMs, () => this.#locked(key, wait, work));
  }

  /** With the copy, and without a lock for as long as none is needed, where copies have been what Redis has: then a turn asks Redis once. */
  withTurn<R>(key: string, waitMs: number, work: (held: HeldTurn<T>) => Promise<R>): Promise<R> {
    const wait = { waitMs, deadline: performance.now() + waitMs };
    return this.#local.run(key, waitMs, async () => {
      const copy = this.#live(key);
      if (copy?.saved === true && copy.write !== '' && this.#current >= TRUSTED) {
        try {
          return await this.#unlocked(key, copy, wait, work);
        } catch (error) {
          if (!(error instanceof Outdated)) throw error;
        }
      }
      return this.#locked(key, wait, (held) => work(claimed(held)));
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

  async #locked<R>(key: string, wait: LockWait, work: (held: HeldSession<T>) => Promise<R>): Promise<R> {
    const copy = this.#live(key);
    const knows = copy?.saved === true ? copy : undefined;
    let begun = false;
    try {
      return await this.#remote.withLockOf(key, wait, knows, (remote) => {
        begun = true;
        if (knows !== undefined) this.#saw(remote.found === 'same');
        return work(this.#held(key, copy, remote));
      });
    } catch (error) {
      if (begun || !isAway(error)) throw error;
      return work({ get: () => this.get(key), finish: (value, version) => this.put(key, value, version) });
    }
  }

  async #unlocked<R>(key: string, copy: Copy<T>, wait: LockWait, work: (held: HeldTurn<T>) => Promise<R>): Promise<R> {
    let lock: HeldParts | undefined;
    let asked = false;
    try {
      return await work({
        get: async () => {
          if (asked) return this.get(key);
          asked = true;
          return session(copy);
        },
        claim: async () => {
          lock ??= await this.#claim(key, copy, wait);
        },
        finish: (value, version) =>
          this.#put(key, value, version, async (content, id) => {
            const write = lock ?? {
              finish: (...args: [Content, number, string]) => this.#remote.putUnlocked(key, ...args),
            };
            const written = await write.finish(content, version, id);
            this.#saw(true);
            return written;
          }),
      });
    } finally {
      lock?.free();
    }
  }

  /** The lock, with the copy still being what Redis has. Rejects with Outdated where it is not, or nobody can tell. */
  async #claim(key: string, copy: Copy<T>, wait: LockWait): Promise<HeldParts> {
    const lock = await this.#remote.lock(key, wait, copy).catch((error: unknown) => {
      throw isAway(error) ? new Outdated() : error;
    });
    if (lock.found === 'same') return lock;
    lock.free();
    throw new Outdated();
  }

  /** Conversations whose turns go to one instance and to another are better fetched first. */
  #saw(current: boolean): void {
    this.#current += ((current ? 1 : 0) - this.#current) / 16;
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

  #held(key: string, copy: Copy<T> | undefined, remote: HeldParts): HeldSession<T> {
    // What only this process has is written back first.
    let asked = copy !== undefined && !copy.saved;
    return {
      get: async () => {
        if (asked) return this.get(key);
        asked = true;
        const { found } = remote;
        return found === 'same' && copy !== undefined
          ? session(copy)
          : this.#taken(key, copy, found === 'same' ? undefined : found);
      },
      finish: (value, version) => this.#put(key, value, version, (content, id) => remote.finish(content, version, id)),
    };
  }

  /** What was found in Redis, as the copy from now on. */
  #taken(key: string, copy: Copy<T> | undefined, found: StoredParts | undefined): StoredSession<T> | undefined {
    // A Redis that came back without its memory: ours is the only one left.
    if (found === undefined) return copy === undefined ? undefined : session(copy);
    return session(this.#keep(key, keptOf<T>(key, found), found, true));
  }

  async #put(
    key: string,
    value: T,
    expectedVersion: number,
    write: (content: Content, id: string) => Promise<Written>,
  ): Promise<number> {
    const copy = this.#live(key);
    const kept = copy === undefined ? KeptValue.of(value) : copy.kept.grown(value);
    const tried = { version: expectedVersion + 1, write: this.#remote.nextWrite() };
    try {
      const written = await write(contentOf(kept, copy, expectedVersion), tried.write);
      this.#keep(key, kept, written, true);
      return written.version;
    } catch (error) {
      if (isConflict(error) && copy?.version === expectedVersion && (await this.#remote.getParts(key)) === undefined) {
        // Somebody else was faster to bring theirs back.
        if (!(await this.#remote.restoreJson(key, kept.json, tried))) throw error;
        this.#keep(key, kept, tried, true);
        return tried.version;
      }
      if (!isAway(error)) throw error;
      if ((copy?.version ?? 0) !== expectedVersion) throw versionConflict(key, expectedVersion, copy?.version ?? 0);
      this.#keep(key, kept, tried, false);
      return tried.version;
    }
  }

  /** The copy as Redis has it now; undefined when another instance was further, or as far. */
  async #writeBack(key: string, copy: Copy<T>): Promise<Copy<T> | undefined> {
    const restored = await this.#remote.restoreJson(key, copy.kept.json, copy);
    this.#unsaved.delete(key);
    if (!restored) {
      this.#forget(key);
      this.#options.onConflict?.(key);
      return undefined;
    }
    const saved = { ...copy, saved: true };
    this.#copies.set(key, saved);
    return saved;
  }

  #live(key: string): Copy<T> | undefined {
    const copy = this.#copies.get(key);
    if (copy === undefined || copy.expiresAtMs > this.#now()) return copy;
    this.#forget(key);
    return undefined;
  }

  #forget(key: string): void {
    this.#copies.delete(key);
    this.#ready.forget(key);
    this.#unsaved.delete(key);
  }

  #keep(key: string, kept: KeptValue<T>, { version, write }: Written, saved: boolean): Copy<T> {
    const copy = { kept, version, write, saved, expiresAtMs: this.#now() + this.#options.ttlMs };
    this.#copies.delete(key);
    this.#copies.set(key, copy);
    this.#ready.use(key, kept);
    if (saved) this.#unsaved.delete(key);
    else this.#unsaved.add(key);
    this.#makeRoom();
    return copy;
  }

  #makeRoom(): void {
    const most = this.#options.maxCopies ?? 20_000;
    if (this.#copies.size <= most) return;
    for (const [oldest, copy] of this.#copies) {
      if (!copy.saved && this.#unsaved.size < most) continue;
      this.#forget(oldest);
      return;
    }
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** What has grown out of what Redis has is told by its last change, where it has one. */
function contentOf<T>(kept: KeptValue<T>, copy: Copy<T> | undefined, expectedVersion: number): Content {
  const change = kept.parts.length > 1 ? kept.parts.at(-1) : undefined;
  if (change === undefined || copy?.saved !== true || copy.version !== expectedVersion || copy.write === '')
    return { whole: kept.json };
  return { change, since: copy.write };
}

function session<T>(copy: Copy<T>): StoredSession<T> {
  return { value: copy.kept.value, version: copy.version };
}

function isAway(error: unknown): boolean {
  return error instanceof HearkenError && error.code === 'STORE_UNAVAILABLE';
}

function isConflict(error: unknown): boolean {
  return error instanceof HearkenError && error.code === 'SESSION_CONFLICT';
}

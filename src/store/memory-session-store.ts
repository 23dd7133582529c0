import { HearkenError } from '../errors.js';
import { KeptValue, ReadyValues } from './kept-value.js';
import { KeyLock } from './key-lock.js';
import { claimed, type HeldSession, type HeldTurn, type SessionStore, type StoredSession } from './session-store.js';

export interface MemorySessionStoreOptions {
  /** Sliding: each put starts it anew. */
  readonly ttlMs: number;
  /** When full, the session that was written longest ago makes room. Default 100,000. */
  readonly maxSessions?: number;
  /** Epoch ms. */
  readonly now?: () => number;
}

interface Entry<T> {
  readonly kept: KeptValue<T>;
  readonly version: number;
  readonly expiresAtMs: number;
}

const DEFAULT_MAX_SESSIONS = 100_000;

/**
 * Sessions of one process. Values hold what JSON would hold of them, as in Redis, and nobody can change a stored value by holding on to it: what is read is frozen. What
 * can't be stored in Redis fails here too.
 */
export class MemorySessionStore<T = unknown> implements SessionStore<T> {
  readonly kind = 'memory';
  /** In order of writing, so of expiry: the first are the oldest. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #ready = new ReadyValues();
  readonly #lock = new KeyLock();
  readonly #ttlMs: number;
  readonly #maxSessions: number;
  readonly #now: () => number;

  constructor(options: MemorySessionStoreOptions) {
    this.#ttlMs = options.ttlMs;
    this.#maxSessions = options.maxSessions ?? DEFAULT_MAX_SESSIONS;
    this.#now = options.now ?? Date.now;
  }

  async get(key: string): Promise<StoredSession<T> | undefined> {
    const entry = this.#live(key);
    return entry === undefined ? undefined : { value: entry.kept.value, version: entry.version };
  }

  async put(key: string, value: T, expectedVersion: number): Promise<number> {
    const current = this.#live(key)?.version ?? 0;
    if (current !== expectedVersion) throw versionConflict(key, expectedVersion, current);
    const version = current + 1;
    const kept = KeptValue.of(value);
    this.#entries.delete(key);
    this.#entries.set(key, { kept, version, expiresAtMs: this.#now() + this.#ttlMs });
    this.#ready.use(key, kept);
    this.#makeRoom();
    return version;
  }

  async delete(key: string): Promise<void> {
    this.#forget(key);
  }

  withLock<R>(key: string, waitMs: number, work: (held: HeldSession<T>) => Promise<R>): Promise<R> {
    return this.#lock.run(key, waitMs, () =>
      work({ get: () => this.get(key), finish: (value, version) => this.put(key, value, version) }),
    );
  }

  withTurn<R>(key: string, waitMs: number, work: (held: HeldTurn<T>) => Promise<R>): Promise<R> {
    return this.withLock(key, waitMs, (held) => work(claimed(held)));
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {
    this.#entries.clear();
    this.#ready.clear();
  }

  /** Sessions held now, expired ones that nobody has touched since included. */
  get size(): number {
    return this.#entries.size;
  }

  #live(key: string): Entry<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs > this.#now()) return entry;
    this.#forget(key);
    return undefined;
  }

  #forget(key: string): void {
    this.#entries.delete(key);
    this.#ready.forget(key);
  }

  #makeRoom(): void {
    const now = this.#now();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtMs > now && this.#entries.size <= this.#maxSessions) return;
      this.#forget(key);
    }
  }
}

/** Somebody else wrote between our reading and our writing. */
export function versionConflict(key: string, expected: number, found: number): HearkenError {
  return new HearkenError(
    'SESSION_CONFLICT',
    `Conversation ${key} was changed meanwhile: version ${expected} was expected, ${found} is stored.`,
    { hint: 'Read it again and repeat the turn.' },
  );
}

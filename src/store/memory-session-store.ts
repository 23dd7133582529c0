import { HearkenError } from '../errors.js';
import { KeyLock } from './key-lock.js';
import type { SessionStore, StoredSession } from './session-store.js';

export interface MemorySessionStoreOptions {
  /** Sliding: each put starts it anew. */
  readonly ttlMs: number;
  /** When full, the session that was written longest ago makes room. Default 100,000. */
  readonly maxSessions?: number;
  /** Epoch ms. */
  readonly now?: () => number;
}

interface Entry {
  readonly json: string;
  readonly version: number;
  readonly expiresAtMs: number;
}

const DEFAULT_MAX_SESSIONS = 100_000;

/**
 * Sessions of one process. Values are kept as JSON, as Redis would, so that nobody can change a stored value by holding on to it
 * and what can't be stored fails here too.
 */
export class MemorySessionStore<T = unknown> implements SessionStore<T> {
  readonly kind = 'memory';
  /** In order of writing, so of expiry: the first are the oldest. */
  readonly #entries = new Map<string, Entry>();
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
    return entry === undefined ? undefined : { value: JSON.parse(entry.json) as T, version: entry.version };
  }

  async put(key: string, value: T, expectedVersion: number): Promise<number> {
    const current = this.#live(key)?.version ?? 0;
    if (current !== expectedVersion) throw versionConflict(key, expectedVersion, current);
    const version = current + 1;
    this.#entries.delete(key);
    this.#entries.set(key, { json: JSON.stringify(value), version, expiresAtMs: this.#now() + this.#ttlMs });
    this.#makeRoom();
    return version;
  }

  async delete(key: string): Promise<void> {
    this.#entries.delete(key);
  }

  withLock<R>(key: string, waitMs: number, work: () => Promise<R>): Promise<R> {
    return this.#lock.run(key, waitMs, work);
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {
    this.#entries.clear();
  }

  /** Sessions held now, expired ones that nobody has touched since included. */
  get size(): number {
    return this.#entries.size;
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.expiresAtMs > this.#now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  #makeRoom(): void {
    const now = this.#now();
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtMs > now && this.#entries.size <= this.#maxSessions) return;
      this.#entries.delete(key);
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

/** Conversation state: memory and Redis keep this contract and pass the same tests. */

export interface StoredSession<T> {
  readonly value: T;
  /** Grows by one with each put. */
  readonly version: number;
}

/** A conversation while nobody else works on it. */
export interface HeldSession<T = unknown> {
  /** As the store's `get`; the first time it costs nothing where the lock came with what is stored. */
  get(): Promise<StoredSession<T> | undefined>;
  /**
   * As the store's `put`, and gives the lock back to other instances where it was written: what the work does afterwards must not need it. In this process the next one
   * still waits until the work has ended.
   */
  finish(value: T, expectedVersion: number): Promise<number>;
}

/** A conversation that is worked on before it is known whether somebody else does so too. */
export interface HeldTurn<T = unknown> extends HeldSession<T> {
  /** From here on nobody else works on it. To be waited for before anything is done that is felt outside. */
  claim(): Promise<void>;
}

/** Somebody else works on the conversation, or has been faster: thrown by what a `HeldTurn` offers, for the store, which begins the work anew. Never seen by who called the store. */
export class Outdated extends Error {}

/** What nobody else works on. */
export function claimed<T>({ get, finish }: HeldSession<T>): HeldTurn<T> {
  return { get, finish, claim: async () => {} };
}

export interface SessionStore<T = unknown> {
  /** Undefined when there is none or it has expired. Reading does not extend its life. */
  get(key: string): Promise<StoredSession<T> | undefined>;
  /**
   * Writes when the stored version still is `expectedVersion` (0 = must not exist) and starts the time to live anew. Returns the new version.
   * Throws HearkenError SESSION_CONFLICT when somebody else was faster.
   */
  put(key: string, value: T, expectedVersion: number): Promise<number>;
  delete(key: string): Promise<void>;
  /**
   * Runs `work` while nobody else (in any instance) works on this key. Waits at most `waitMs`, then SESSION_CONFLICT. The lock expires by itself
   * should its holder die.
   */
  withLock<R>(key: string, waitMs: number, work: (held: HeldSession<T>) => Promise<R>): Promise<R>;
  /**
   * As `withLock`, for work that is felt nowhere outside before it has called `claim`: it may be begun with what this process knows of the conversation, and is begun anew, with the
   * lock, where it turns out that somebody else has been at work on it. An `Outdated` that comes out of `held` must reach the store.
   */
  withTurn<R>(key: string, waitMs: number, work: (held: HeldTurn<T>) => Promise<R>): Promise<R>;
  /** Name for the banner and health page: `memory`, `redis`. */
  readonly kind: string;
  ping(): Promise<void>;
  close(): Promise<void>;
}

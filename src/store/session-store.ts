/** Conversation state: memory and Redis keep this contract and pass the same tests. */

export interface StoredSession<T> {
  readonly value: T;
  /** Grows by one with each put. */
  readonly version: number;
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
  withLock<R>(key: string, waitMs: number, work: () => Promise<R>): Promise<R>;
  /** Name for the banner and health page: `memory`, `redis`. */
  readonly kind: string;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** What happened in each conversation, append-only: PostgreSQL in production, the same SQL embedded by default, JSON lines where memory is short. */

export interface ConversationEvent {
  readonly conversationId: string;
  /** Epoch ms. */
  readonly atMs: number;
  /** `turn`, `heard`, `transfer`, `ended`, … */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event as it is stored: with a key of its own, so that storing it twice keeps one. */
export interface StoredEvent extends ConversationEvent {
  readonly id: string;
}

export interface EventQuery {
  /** Words that were said by either side; letters' case does not matter. */
  readonly text?: string | undefined;
  readonly intent?: string | undefined;
  /** `voice`, `text`. */
  readonly channel?: string | undefined;
  readonly type?: string | undefined;
  readonly conversationId?: string | undefined;
  /** Epoch ms; `fromMs` is inside, `toMs` is not. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** 1 to 200. */
  readonly limit: number;
  /** What the page before gave as `next`. */
  readonly after?: string | undefined;
}

export interface EventPage {
  /** Newest first. */
  readonly events: readonly StoredEvent[];
  /** For the next page; undefined when this was the last. */
  readonly next: string | undefined;
}

export interface ConversationLog {
  /** Returns at once; what cannot be written yet waits in a bounded queue, then on disk. */
  append(event: ConversationEvent): void;
  /** The last `limit` events of a conversation, oldest first. Rejects with STORE_UNAVAILABLE when the database is away. */
  history(conversationId: string, limit: number): Promise<readonly ConversationEvent[]>;
  /** Resolves when everything appended so far is on disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** For conversations that are nobody's: tests, simulations, replays. */
export const NO_LOG: ConversationLog = {
  append() {},
  history: async () => [],
  flush: async () => {},
  close: async () => {},
};

/** A log that people look things up in: what the service itself keeps. */
export interface SearchableLog extends ConversationLog {
  /** Events that fit, newest first, in pages. Rejects with STORE_UNAVAILABLE, or REQUEST_INVALID for an `after` that nobody gave. */
  search(query: EventQuery): Promise<EventPage>;
  /** Name for the banner and health page: `pglite`, `postgres`, `files`. */
  readonly kind: string;
  /** Events on disk (or, for `files`, in memory) that are not yet where they belong. */
  readonly waiting: number;
  /** Events lost because neither memory nor disk had room. */
  readonly dropped: number;
  /** Why what is said does not get where it belongs (the database is away, the disk is full); undefined when it does. */
  readonly problem: string | undefined;
}

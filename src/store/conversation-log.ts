/** What happened in each conversation, append-only. The database behind it comes later; today it is JSON lines on disk. */

export interface ConversationEvent {
  readonly conversationId: string;
  /** Epoch ms. */
  readonly atMs: number;
  /** `turn`, `heard`, `transfer`, `ended`, … */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ConversationLog {
  /** Returns at once; what cannot be written yet waits in a bounded queue. */
  append(event: ConversationEvent): void;
  history(conversationId: string, limit: number): Promise<readonly ConversationEvent[]>;
  /** Resolves when everything appended so far is on disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

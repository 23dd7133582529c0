/** Tickets and call-backs: what people have been promised. Kept until somebody has done it. */

export type DeskStatus = 'open' | 'done' | 'cancelled';

interface DeskEntry {
  /** Eight digits: what the caller is told, and easy to say back. */
  readonly number: string;
  readonly status: DeskStatus;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly conversationId: string;
  /** The same key twice is the same entry. */
  readonly key: string;
  readonly channel: string;
  readonly language: string;
  /** Who it is, where the channel knows. */
  readonly sender?: string;
  readonly subject: string;
  /** What the caller said and what is known, for whoever takes it up. */
  readonly summary: string;
  readonly slots: Readonly<Record<string, unknown>>;
  /** What people wrote when they changed its status. */
  readonly notes: readonly { readonly at: string; readonly by: string; readonly text: string }[];
}

export interface Ticket extends DeskEntry {
  readonly kind: 'ticket';
  readonly text: string;
  readonly priority: 'low' | 'normal' | 'high';
}

export interface CallBack extends DeskEntry {
  readonly kind: 'call_back';
  readonly phone: string;
  /** As understood (`2026-11-23T15:00`, an interval, or words); empty = as soon as possible. */
  readonly when: string;
}

export type DeskItem = Ticket | CallBack;

type Filled = 'number' | 'status' | 'createdAt' | 'updatedAt' | 'notes';
export type NewDeskItem = Omit<Ticket, Filled> | Omit<CallBack, Filled>;

export interface DeskFilter {
  readonly kind?: DeskItem['kind'];
  readonly status?: DeskStatus;
  /** Newest first; default 100, at most 1,000. */
  readonly limit?: number;
}

export interface DeskStore {
  /** Adds an entry; the one that is there already when its key is known. Resolves when it is safe. */
  add(item: NewDeskItem): Promise<DeskItem>;
  list(filter?: DeskFilter): Promise<readonly DeskItem[]>;
  get(number: string): Promise<DeskItem | undefined>;
  /** Throws NOT_FOUND. */
  update(
    number: string,
    change: { readonly status: DeskStatus; readonly by: string; readonly note?: string },
  ): Promise<DeskItem>;
  close(): Promise<void>;
}

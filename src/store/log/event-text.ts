import type { ConversationEvent, EventQuery, StoredEvent } from '../conversation-log.js';

/** What a search looks at, taken out of an event's data. The brain's `turn` events hold `input`, `replies`, `intent`, `channel`. */
export interface Searchable {
  readonly channel: string | null;
  readonly intent: string | null;
  /** Everything said, a line each. */
  readonly text: string;
}

const MAX_TEXT_CHARS = 8000;

export function searchable(event: ConversationEvent): Searchable {
  const { data } = event;
  const input = data.input as { readonly text?: unknown; readonly digits?: unknown } | undefined;
  const replies = Array.isArray(data.replies) ? data.replies : [];
  const lines = [input?.text, input?.digits, ...replies, data.text, data.summary, data.reason];
  return {
    channel: typeof data.channel === 'string' ? data.channel : null,
    intent: typeof data.intent === 'string' ? data.intent : null,
    text: lines
      .filter((line): line is string => typeof line === 'string' && line !== '')
      .join('\n')
      .slice(0, MAX_TEXT_CHARS),
  };
}

/** The same question as the database's, for logs without one. */
export function fits(event: ConversationEvent, query: EventQuery): boolean {
  const found = searchable(event);
  return (
    (query.conversationId === undefined || event.conversationId === query.conversationId) &&
    (query.type === undefined || event.type === query.type) &&
    (query.intent === undefined || found.intent === query.intent) &&
    (query.channel === undefined || found.channel === query.channel) &&
    (query.fromMs === undefined || event.atMs >= query.fromMs) &&
    (query.toMs === undefined || event.atMs < query.toMs) &&
    (query.text === undefined || found.text.toLowerCase().includes(query.text.toLowerCase()))
  );
}

/** Where a page ended. Opaque to callers. */
export interface Cursor {
  readonly atMs: number;
  readonly id: string;
}

export function writeCursor(event: StoredEvent): string {
  return Buffer.from(JSON.stringify([event.atMs, event.id])).toString('base64url');
}

/** Undefined when it is not one of ours. */
export function readCursor(text: string): Cursor | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const [atMs, id] = value as unknown[];
    return typeof atMs === 'number' && Number.isFinite(atMs) && typeof id === 'string' && id.length <= 200
      ? { atMs, id }
      : undefined;
  } catch {
    return undefined;
  }
}

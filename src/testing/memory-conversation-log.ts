import type { ConversationEvent, EventPage, EventQuery, SearchableLog } from '../store/conversation-log.js';
import { fits } from '../store/log/event-text.js';

/** A conversation log that only remembers. */
export class MemoryConversationLog implements SearchableLog {
  readonly kind = 'memory';
  readonly waiting = 0;
  readonly dropped = 0;
  readonly problem = undefined;
  readonly events: ConversationEvent[] = [];

  append(event: ConversationEvent): void {
    this.events.push(event);
  }

  async history(conversationId: string, limit: number): Promise<readonly ConversationEvent[]> {
    return this.events.filter((event) => event.conversationId === conversationId).slice(-limit);
  }

  /** One page only. */
  async search(query: EventQuery): Promise<EventPage> {
    const events = this.events
      .map((event, index) => ({ ...event, id: String(index) }))
      .filter((event) => fits(event, query));
    return { events: events.reverse().slice(0, query.limit), next: undefined };
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}
}

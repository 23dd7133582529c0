import type { ConversationEvent, ConversationLog } from '../store/conversation-log.js';

/** A conversation log that only remembers. */
export class MemoryConversationLog implements ConversationLog {
  readonly events: ConversationEvent[] = [];

  append(event: ConversationEvent): void {
    this.events.push(event);
  }

  async history(conversationId: string, limit: number): Promise<readonly ConversationEvent[]> {
    return this.events.filter((event) => event.conversationId === conversationId).slice(-limit);
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}
}

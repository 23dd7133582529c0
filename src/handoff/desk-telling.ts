import type { Chat, Context, Line, Offer } from '../api/console/contract.js';
import type { LiveBus } from '../insight/live-bus.js';
import type { LiveCalls } from '../insight/live-calls.js';
import type { ConversationLog } from '../store/conversation-log.js';
import type { DeskRequest, QueueEntry, Ring } from './desk-queue.js';

export interface DeskTellingOptions {
  readonly bus: LiveBus;
  readonly calls: LiveCalls;
  readonly log: ConversationLog;
}

/** What the desk tells of a conversation: everything there is to know to whoever takes it, each line to the pages, and what happened to the log. */
export class DeskTelling {
  readonly #options: DeskTellingOptions;

  constructor(options: DeskTellingOptions) {
    this.#options = options;
  }

  /** As of now. */
  context({ callId, reason, summary, slots }: Omit<DeskRequest, 'kind'>): Context {
    const { calls } = this.#options;
    const call = calls.get(callId);
    return {
      summary,
      reason,
      sentiment: calls.sentiment(callId),
      intent: call?.intent ?? null,
      slots: { ...call?.slots, ...slots },
      lines: [...(call?.lines ?? [])],
    };
  }

  offer(entry: QueueEntry, ring: Ring): Offer {
    const { callId, kind, caller, language } = entry.request;
    return {
      ...{ id: entry.id, callId, kind, caller, language },
      ringingSinceMs: ring.sinceMs,
      expiresAtMs: ring.expiresAtMs,
      context: this.context(entry.request),
    };
  }

  /** A line that somebody has written; what the desk itself says is not kept in the log. */
  line(chat: Chat, line: Line): void {
    const { bus, calls, log } = this.#options;
    bus.publish({ type: 'chatLine', chatId: chat.id, line }, chat.agent);
    calls.line(chat.callId, line);
    if (line.who === 'system') return;
    log.append({
      conversationId: chat.callId,
      atMs: line.atMs,
      type: 'chat',
      data: {
        messageId: line.id,
        channel: 'text',
        who: line.who,
        text: line.text,
        ...(line.name === undefined ? {} : { name: line.name }),
      },
    });
  }

  /** What happened at the desk, for the log. */
  event(conversationId: string, event: string, data: Readonly<Record<string, unknown>>): void {
    this.#options.log.append({ conversationId, atMs: Date.now(), type: 'desk', data: { event, ...data } });
  }
}

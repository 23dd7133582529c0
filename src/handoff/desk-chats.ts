import { randomUUID } from 'node:crypto';
import type { CallKind, Chat, Context, Line } from '../api/console/contract.js';
import type { Clock } from '../clock.js';
import { HearkenError } from '../errors.js';

export interface NewChat {
  readonly callId: string;
  readonly agent: string;
  readonly kind: CallKind;
  readonly caller: string;
  readonly language: string;
  readonly context: Context;
}

interface Entry {
  chat: Chat;
  /** Message ids that have been taken, so that a repeated one is not said twice. */
  readonly seen: Set<string>;
  cancelIdle: (() => void) | undefined;
}

export interface DeskChatsOptions {
  readonly clock: Clock;
  readonly idleMs: number;
  readonly connected: (callId: string) => boolean;
  readonly onChange: (chat: Chat) => void;
  readonly onLine: (chat: Chat, line: Line) => void;
  readonly onIdle: (chat: Chat) => void;
}

const MAX_LINES = 500;
const MAX_SEEN = 200;
/** Conversations that are over and closed, for who looks back. */
const KEPT_CLOSED = 200;
const MAX_TICKETS = 50;
/** Nobody writes while they are on the telephone. */
const PHONE_IDLE_MS = 4 * 3_600_000;

/** The conversations that people have in hand, and those they had. */
export class DeskChats {
  readonly #options: DeskChatsOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #open = new Map<string, string>();

  constructor(options: DeskChatsOptions) {
    this.#options = options;
  }

  /** Throws SESSION_CONFLICT when a person has it already. */
  open(facts: NewChat): Chat {
    if (this.#open.has(facts.callId))
      throw new HearkenError('SESSION_CONFLICT', 'Somebody is in this conversation already.', {
        hint: 'Let them hand it back first.',
      });
    const chat: Chat = {
      ...facts,
      id: randomUUID(),
      state: 'open',
      startedAtMs: Date.now(),
      endedAtMs: null,
      endReason: null,
      visitorConnected: this.#options.connected(facts.callId),
      lines: [],
      notes: '',
      wrapUpCode: null,
      tickets: [],
    };
    this.#entries.set(chat.id, { chat, seen: new Set(), cancelIdle: undefined });
    this.#open.set(facts.callId, chat.id);
    this.#awaitIdle(chat.id);
    this.#trim();
    return chat;
  }

  /** Throws NOT_FOUND. */
  get(id: string): Chat {
    return this.#entry(id).chat;
  }

  /** The conversation a person has in hand. */
  ofCall(callId: string): Chat | undefined {
    const id = this.#open.get(callId);
    return id === undefined ? undefined : this.#entries.get(id)?.chat;
  }

  /** Theirs that are not closed, oldest first. */
  of(agent: string): readonly Chat[] {
    return [...this.#entries.values()].flatMap(({ chat }) =>
      chat.agent === agent && chat.state !== 'closed' ? [chat] : [],
    );
  }

  work(agent: string): { readonly open: number; readonly wrapUp: number; readonly onPhone: boolean } {
    const chats = this.of(agent);
    const open = chats.filter(({ state }) => state === 'open');
    return {
      open: open.length,
      wrapUp: chats.length - open.length,
      onPhone: open.some(({ kind }) => kind === 'phone'),
    };
  }

  /** Whether this agent has, or had, the conversation; as far back as is remembered. */
  handled(agent: string, callId: string): boolean {
    return [...this.#entries.values()].some(({ chat }) => chat.agent === agent && chat.callId === callId);
  }

  /** Adds a line; undefined when this message id is there already. Throws SESSION_CONFLICT when the conversation is over. */
  say(
    id: string,
    line: Pick<Line, 'who' | 'text'> & { readonly name?: string; readonly messageId: string },
  ): Line | undefined {
    const entry = this.#entry(id);
    if (entry.chat.state !== 'open') throw over();
    if (entry.chat.kind === 'phone')
      throw new HearkenError('SESSION_CONFLICT', 'This caller is on the telephone.', { hint: 'Talk to them there.' });
    if (entry.seen.has(line.messageId)) return undefined;
    entry.seen.add(line.messageId);
    if (entry.seen.size > MAX_SEEN) {
      const oldest = entry.seen.values().next();
      if (!oldest.done) entry.seen.delete(oldest.value);
    }
    const { messageId, ...words } = line;
    const said: Line = { ...words, id: messageId, final: true, atMs: Date.now(), fromMs: null, toMs: null };
    entry.chat = { ...entry.chat, lines: [...entry.chat.lines, said].slice(-MAX_LINES) };
    this.#awaitIdle(id);
    this.#options.onLine(entry.chat, said);
    return said;
  }

  change(id: string, changes: Partial<Pick<Chat, 'notes' | 'visitorConnected'>>): Chat {
    const entry = this.#entry(id);
    entry.chat = { ...entry.chat, ...changes };
    this.#options.onChange(entry.chat);
    return entry.chat;
  }

  addTicket(id: string, number: string): void {
    const entry = this.#entry(id);
    entry.chat = { ...entry.chat, tickets: [...entry.chat.tickets, number].slice(-MAX_TICKETS) };
    this.#options.onChange(entry.chat);
  }

  /** The person is out of it; what is left to do is to wrap up. Throws SESSION_CONFLICT when that has been. */
  end(id: string, endReason: string): Chat {
    const entry = this.#entry(id);
    if (entry.chat.state !== 'open') throw over();
    entry.cancelIdle?.();
    this.#open.delete(entry.chat.callId);
    entry.chat = { ...entry.chat, state: 'wrapUp', endedAtMs: Date.now(), endReason };
    this.#options.onChange(entry.chat);
    return entry.chat;
  }

  /** Throws SESSION_CONFLICT when it is still open, or closed. */
  wrapUp(id: string, wrapUpCode: string | null, notes: string | undefined): Chat {
    const entry = this.#entry(id);
    if (entry.chat.state !== 'wrapUp')
      throw new HearkenError('SESSION_CONFLICT', `This conversation is ${entry.chat.state}.`, {
        hint: 'End it or hand it back before you wrap it up.',
      });
    entry.chat = { ...entry.chat, state: 'closed', wrapUpCode, notes: notes ?? entry.chat.notes };
    this.#options.onChange(entry.chat);
    return entry.chat;
  }

  close(): void {
    for (const entry of this.#entries.values()) entry.cancelIdle?.();
  }

  #awaitIdle(id: string): void {
    const entry = this.#entry(id);
    entry.cancelIdle?.();
    const idleMs = entry.chat.kind === 'phone' ? PHONE_IDLE_MS : this.#options.idleMs;
    entry.cancelIdle = this.#options.clock.after(idleMs, () => this.#options.onIdle(entry.chat));
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      throw new HearkenError('NOT_FOUND', 'There is no such conversation at the desk.', {
        hint: 'It may have been closed long ago; look for it among past calls.',
      });
    return entry;
  }

  #trim(): void {
    const closed = [...this.#entries.values()].filter(({ chat }) => chat.state === 'closed');
    for (const { chat } of closed.slice(0, Math.max(0, closed.length - KEPT_CLOSED))) this.#entries.delete(chat.id);
  }
}

function over(): HearkenError {
  return new HearkenError('SESSION_CONFLICT', 'This conversation is over.', { hint: 'Wrap it up.' });
}

import type { Agent, Chat, Line, LiveCall, LiveEvent, Offer, PhoneCall, QueueItem, Turn } from '../api/contract.js';

export interface ShownCall extends LiveCall {
  /** Epoch ms; null while it goes on. */
  readonly endedAtMs: number | null;
  readonly cause: string | null;
}

/** Lines and turns of a call that are kept, as many as a snapshot holds. */
const MAX_LINES = 200;
const MAX_TURNS = 50;
/** Calls that are over and still shown, so that a list does not jump under somebody's pointer. */
const MAX_ENDED = 8;
const MAX_CHAT_LINES = 500;

/** What is known of this moment, as the events of `/live` tell it. Pure but for being changed in place. */
export class LiveModel {
  readonly calls = new Map<string, ShownCall>();
  readonly agents = new Map<string, Agent>();
  readonly offers = new Map<string, Offer>();
  readonly chats = new Map<string, Chat>();
  queue: readonly QueueItem[] = [];
  /** Being put through by telephone, or have been, and nobody has opened them here. */
  phoneCalls: readonly PhoneCall[] = [];
  /** A first snapshot has come. */
  known = false;
  /** Counts the changes of tickets, for whoever shows a list of them. */
  tickets = 0;

  apply(event: LiveEvent): void {
    switch (event.type) {
      case 'snapshot':
        this.#snapshot(event);
        break;
      case 'callStarted':
        this.calls.set(event.call.id, { ...event.call, endedAtMs: null, cause: null });
        break;
      case 'callChanged':
        this.#change(event.callId, (call) => ({ ...call, ...event.changes }) as ShownCall);
        break;
      case 'callEnded':
        this.#change(event.callId, (call) => ({
          ...call,
          state: 'ended',
          listenable: false,
          endedAtMs: event.atMs,
          cause: event.cause,
        }));
        this.#forgetEnded();
        break;
      case 'line':
        this.#change(event.callId, (call) => ({ ...call, lines: withLine(call.lines, event.line, MAX_LINES) }));
        break;
      case 'turn':
        this.#change(event.callId, (call) => ({ ...call, turns: withTurn(call.turns, event.turn) }));
        break;
      case 'agent':
        this.agents.set(event.agent.name, event.agent);
        break;
      case 'queue':
        this.queue = event.queue;
        break;
      case 'phoneCalls':
        this.phoneCalls = event.phoneCalls;
        break;
      case 'offer':
        this.offers.set(event.offer.id, event.offer);
        break;
      case 'offerClosed':
        this.offers.delete(event.offerId);
        break;
      case 'chat':
        this.putChat(event.chat);
        break;
      case 'chatLine':
        this.addChatLine(event.chatId, event.line);
        break;
      case 'ticket':
        this.tickets += 1;
        break;
      // Whoever has the playground open takes them.
      case 'playgroundLine':
      case 'playgroundTurn':
      case 'signedOut':
        break;
    }
  }

  /** A chat as a request's answer gave it, which may come before its event. */
  putChat(chat: Chat): void {
    if (chat.state === 'closed') this.chats.delete(chat.id);
    else this.chats.set(chat.id, chat);
  }

  addChatLine(chatId: string, line: Line): void {
    const chat = this.chats.get(chatId);
    if (chat !== undefined) this.chats.set(chatId, { ...chat, lines: withLine(chat.lines, line, MAX_CHAT_LINES) });
  }

  get liveCount(): number {
    let count = 0;
    for (const { endedAtMs } of this.calls.values()) if (endedAtMs === null) count += 1;
    return count;
  }

  #snapshot(event: Extract<LiveEvent, { type: 'snapshot' }>): void {
    const over = [...this.calls.values()].filter(({ endedAtMs }) => endedAtMs !== null);
    const gone = [...this.calls.values()].filter(
      ({ id, endedAtMs }) => endedAtMs === null && !event.calls.some((call) => call.id === id),
    );
    this.calls.clear();
    for (const call of over) this.calls.set(call.id, call);
    // They ended while the line was down; when exactly, nobody told.
    for (const call of gone)
      this.calls.set(call.id, { ...call, state: 'ended', listenable: false, endedAtMs: event.atMs, cause: null });
    for (const call of event.calls) this.calls.set(call.id, { ...call, endedAtMs: null, cause: null });
    this.#forgetEnded();
    refill(this.agents, event.agents, ({ name }) => name);
    refill(this.offers, event.offers, ({ id }) => id);
    refill(this.chats, event.chats, ({ id }) => id);
    this.queue = event.queue;
    this.phoneCalls = event.phoneCalls;
    this.known = true;
  }

  #change(callId: string, change: (call: ShownCall) => ShownCall): void {
    const call = this.calls.get(callId);
    if (call !== undefined) this.calls.set(callId, change(call));
  }

  #forgetEnded(): void {
    const ended = [...this.calls.values()]
      .filter(({ endedAtMs }) => endedAtMs !== null)
      .sort((left, right) => (right.endedAtMs ?? 0) - (left.endedAtMs ?? 0));
    for (const { id } of ended.slice(MAX_ENDED)) this.calls.delete(id);
  }
}

function refill<T>(map: Map<string, T>, values: readonly T[], key: (value: T) => string): void {
  map.clear();
  for (const value of values) map.set(key(value), value);
}

/** The line in its place: where it was, when it comes again, else at the end. */
export function withLine(lines: readonly Line[], line: Line, most: number): Line[] {
  const at = lines.findLastIndex(({ id }) => id === line.id);
  const next = at === -1 ? [...lines, line] : lines.with(at, line);
  return next.length > most ? next.slice(-most) : [...next];
}

function withTurn(turns: readonly Turn[], turn: Turn): Turn[] {
  const at = turns.findLastIndex(({ turnId }) => turnId === turn.turnId);
  return (at === -1 ? [...turns, turn] : turns.with(at, turn)).slice(-MAX_TURNS);
}

import { randomUUID } from 'node:crypto';
import type { Agent, Chat, Desk, Line, Offer, QueueItem } from '../api/console/contract.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { HearkenError } from '../errors.js';
import type { LiveBus } from '../insight/live-bus.js';
import type { LiveCalls } from '../insight/live-calls.js';
import type { ConversationLog } from '../store/conversation-log.js';
import { DeskAgents, type DeskUser } from './desk-agents.js';
import { DeskChats } from './desk-chats.js';
import { DeskPhone, ringsAt } from './desk-phone.js';
import { type DeskAnswer, DeskQueue, type DeskRequest } from './desk-queue.js';
import { DeskTelling } from './desk-telling.js';
import { deskWords } from './desk-words.js';
import { VisitorLines } from './visitor-lines.js';

export interface AgentDeskOptions {
  readonly config: Config['desk'];
  readonly bus: LiveBus;
  readonly calls: LiveCalls;
  readonly log: ConversationLog;
  readonly clock: Clock;
}

/** Two signs of life of a page (one each half minute) may get lost. */
const SILENT_MS = 90_000;

/** The desk of this instance: who is there, who waits, who talks to whom. Told to the console as it happens, and written to the conversations' log. */
export class AgentDesk {
  readonly visitors: VisitorLines;
  /** Calls by telephone that are handed over. */
  readonly phone: DeskPhone;
  readonly #options: AgentDeskOptions;
  readonly #agents: DeskAgents;
  readonly #queue: DeskQueue;
  readonly #chats: DeskChats;
  readonly #telling: DeskTelling;

  constructor(options: AgentDeskOptions) {
    this.#options = options;
    const { config, bus, clock } = options;
    this.#telling = new DeskTelling(options);
    this.visitors = new VisitorLines(clock);
    this.visitors.onConnection = (callId) => {
      const chat = this.#chats.ofCall(callId);
      if (chat !== undefined) this.#chats.change(chat.id, { visitorConnected: this.visitors.connected(callId) });
    };
    this.#chats = new DeskChats({
      clock,
      idleMs: config.idleMs,
      connected: (callId) => this.visitors.connected(callId),
      onChange: (chat) => {
        bus.publish({ type: 'chat', chat }, chat.agent);
        this.#agents.refresh(chat.agent);
      },
      onLine: (chat, line) => this.#telling.line(chat, line),
      onIdle: (chat) => void this.#finish(chat, 'idle'),
    });
    this.#agents = new DeskAgents({
      clock,
      lostMs: config.agentLostMs,
      silentMs: SILENT_MS,
      chatsPerAgent: config.chatsPerAgent,
      work: (name) => this.#chats.work(name),
      onChange: (agent) => {
        bus.publish({ type: 'agent', agent });
        if (agent.presence === 'available' && !agent.ringing) this.#queue.dispatch();
      },
      onLost: (name) => this.#lost(name),
    });
    this.#queue = new DeskQueue({
      clock,
      ringMs: config.ringMs,
      maxQueue: config.maxQueue,
      // One ring at a time, whether here or at their telephone.
      next: (except) => this.#agents.next((name) => except(name) || this.phone.offers(name).length > 0),
      onChange: () => bus.publish({ type: 'queue', queue: this.queue }),
      onRing: (entry, ring) => {
        this.#agents.setRinging(ring.agent, true);
        bus.publish({ type: 'offer', offer: this.#telling.offer(entry, ring) }, ring.agent);
      },
      onRingOver: (entry, ring, outcome) => {
        bus.publish({ type: 'offerClosed', offerId: entry.id, outcome }, ring.agent);
        if (outcome === 'timeout') this.#agents.missed(ring.agent);
        this.#agents.setRinging(ring.agent, false);
      },
    });
    this.phone = new DeskPhone({
      clock,
      agentsOf: (target) =>
        this.#agents.online(({ extension }) => extension !== undefined && ringsAt(target, extension)),
      context: (request) => this.#telling.context(request),
      begin: (request, context, user) => this.#begin({ ...request, kind: 'phone' }, user, context),
      notPutThrough: (chatId) => {
        const chat = this.#chats.get(chatId);
        if (chat.state === 'open') this.#finish(chat, 'notPutThrough');
      },
      publish: (event, to) => bus.publish(event, to),
      onOver: () => this.#queue.dispatch(),
    });
  }

  /** Whether somebody may be asked at all: people are there, and not too many wait. */
  get open(): boolean {
    return this.#agents.anybody && !this.#queue.full;
  }

  get agents(): readonly Agent[] {
    return this.#agents.all;
  }

  get queue(): QueueItem[] {
    return this.#queue.entries.map(({ id, request, queuedAtMs, ring }, index) => ({
      id,
      callId: request.callId,
      kind: request.kind,
      caller: request.caller,
      language: request.language,
      reason: request.reason,
      summary: request.summary,
      queuedAtMs,
      position: index + 1,
      ringing: ring?.agent ?? null,
    }));
  }

  view(user: DeskUser): Desk {
    return {
      me: this.#agents.view(user),
      agents: [...this.agents],
      queue: this.queue,
      phoneCalls: this.phone.calls,
      offers: this.offers(user.name),
      chats: [...this.#chats.of(user.name)],
      wrapUpCodes: this.#options.config.wrapUpCodes.map((each) => ({ ...each })),
    };
  }

  offers(agent: string): Offer[] {
    const waiting = this.#queue.entries.flatMap((entry) =>
      entry.ring?.agent === agent ? [this.#telling.offer(entry, entry.ring)] : [],
    );
    return [...this.phone.offers(agent), ...waiting];
  }

  /** A page of theirs is open; returns what ends it. */
  connect(user: DeskUser): () => void {
    return this.#agents.connect(user);
  }

  /** A page of theirs gives a sign of life. */
  alive(user: DeskUser): void {
    this.#agents.alive(user);
  }

  setPresence(user: DeskUser, presence: 'available' | 'away'): Agent {
    return this.#agents.setPresence(user, presence);
  }

  /** Somebody wants a person. Resolves when one has taken them, or nobody did within `limitMs`. Throws OVERLOADED. */
  request(request: DeskRequest, limitMs: number, first = false): Promise<DeskAnswer> {
    const { calls } = this.#options;
    // Who asks again, in another way, waits once.
    this.#queue.gone(request.callId);
    const { answer } = this.#queue.add(request, limitMs, first);
    calls.hold(request.callId, true);
    calls.change(request.callId, { state: 'queued' });
    this.#telling.event(request.callId, 'queued', { reason: request.reason });
    return answer.then((given) => {
      if (given.outcome !== 'accepted') {
        this.#telling.event(request.callId, given.outcome, {});
        calls.change(request.callId, { state: 'listening' });
        calls.hold(request.callId, false);
      }
      return given;
    });
  }

  /** Position in the queue, 0 first; undefined: does not wait. */
  ahead(callId: string): number | undefined {
    const at = this.#queue.entries.findIndex(({ request }) => request.callId === callId);
    return at === -1 ? undefined : at;
  }

  gone(callId: string): void {
    this.#queue.gone(callId);
  }

  accept(offerId: string, user: DeskUser): Chat {
    let chat = this.phone.accept(offerId, user);
    if (chat !== undefined) return chat;
    this.#queue.accept(offerId, user.name, (entry) => {
      chat = this.#begin(entry.request, user);
      return chat.id;
    });
    return begun(chat);
  }

  take(offerId: string, user: DeskUser): Chat {
    let chat: Chat | undefined;
    this.#queue.take(offerId, user.name, (entry) => {
      chat = this.#begin(entry.request, user);
      return chat.id;
    });
    return begun(chat);
  }

  decline(offerId: string, user: DeskUser): void {
    if (!this.phone.decline(offerId, user.name)) this.#queue.decline(offerId, user.name);
  }

  /** Takes a typed conversation over that nobody asked to be taken over. Throws NOT_FOUND, SESSION_CONFLICT. */
  join(callId: string, user: DeskUser): Chat {
    const waiting = this.#queue.ofCall(callId);
    if (waiting !== undefined) return this.take(waiting.id, user);
    const call = this.#options.calls.get(callId);
    if (call === undefined)
      throw new HearkenError('NOT_FOUND', 'There is no such conversation now.', { hint: 'It may be over.' });
    if (call.kind !== 'text')
      throw new HearkenError('SESSION_CONFLICT', 'This conversation is spoken.', {
        hint: 'Only typed ones are taken over here.',
      });
    const { kind, caller, language, slots } = call;
    this.#options.calls.hold(callId, true);
    return this.#begin({ callId, kind, caller, language, slots, reason: '', summary: '' }, user);
  }

  chat(id: string): Chat {
    return this.#chats.get(id);
  }

  /** The conversation that a person has in hand. */
  chatOf(callId: string): Chat | undefined {
    return this.#chats.ofCall(callId);
  }

  displayName(agent: string): string {
    return this.#agents.get(agent)?.displayName ?? agent;
  }

  handled(agent: string, callId: string): boolean {
    return this.#chats.handled(agent, callId);
  }

  /** What the visitor wrote, to the person who has them. The same message id counts once. */
  visitorSays(chat: Chat, messageId: string, text: string): void {
    this.#chats.say(chat.id, { who: 'caller', text, messageId });
  }

  agentSays(chatId: string, user: DeskUser, text: string, messageId: string = randomUUID()): Line {
    const name = user.displayName;
    const line = this.#chats.say(chatId, { who: 'agent', text, name, messageId });
    const chat = this.#chats.get(chatId);
    if (line === undefined) {
      const before = chat.lines.find(({ id }) => id === messageId);
      if (before !== undefined) return before;
      throw new HearkenError('SESSION_CONFLICT', 'This message has been sent already.');
    }
    this.visitors.send(chat.callId, { id: line.id, who: 'agent', name, text });
    return line;
  }

  /** Throws SESSION_CONFLICT for one who is on the telephone. */
  handBack(chatId: string): Chat {
    if (this.#chats.get(chatId).kind === 'phone')
      throw new HearkenError('SESSION_CONFLICT', 'This caller is on the telephone.', {
        hint: 'Put them through to the bot from there.',
      });
    return this.#finish(this.#chats.get(chatId), 'handedBack');
  }

  end(chatId: string): Chat {
    return this.#finish(this.#chats.get(chatId), 'agent');
  }

  setNotes(chatId: string, notes: string): Chat {
    return this.#chats.change(chatId, { notes });
  }

  addTicket(chatId: string, number: string): void {
    this.#chats.addTicket(chatId, number);
  }

  /** Throws REQUEST_INVALID for a code that there is not, SESSION_CONFLICT. */
  wrapUp(chatId: string, code: string, notes: string | undefined): Chat {
    if (!this.#options.config.wrapUpCodes.some((each) => each.code === code))
      throw new HearkenError('REQUEST_INVALID', `There is no wrap-up code "${code}".`, {
        hint: 'desk.wrapUpCodes lists them.',
      });
    const chat = this.#chats.wrapUp(chatId, code, notes);
    this.#telling.event(chat.callId, 'wrapUp', { agent: chat.agent, code, text: chat.notes });
    return chat;
  }

  close(): void {
    this.#queue.close();
    this.phone.close();
    this.#chats.close();
    this.#agents.close();
  }

  #begin(request: DeskRequest, user: DeskUser, context = this.#telling.context(request)): Chat {
    const { calls } = this.#options;
    const { callId, kind, caller, language } = request;
    const chat = this.#chats.open({
      callId,
      agent: user.name,
      kind,
      caller,
      language,
      context,
    });
    calls.change(callId, { ...(kind === 'phone' ? {} : { state: 'person' }), agent: user.displayName });
    this.#telling.event(callId, 'joined', { agent: user.name, name: user.displayName });
    this.#options.bus.publish({ type: 'chat', chat }, user.name);
    this.#agents.know(user);
    if (kind !== 'phone') this.#tell(chat, deskWords(language).joined(user.displayName));
    return this.#chats.get(chat.id);
  }

  #finish(chat: Chat, reason: 'agent' | 'handedBack' | 'idle' | 'agentLost' | 'notPutThrough'): Chat {
    const words = deskWords(chat.language);
    const phone = chat.kind === 'phone';
    if (reason !== 'agentLost' && !phone)
      this.#tell(chat, reason === 'handedBack' ? words.handedBack : words.ended, true);
    const over = this.#chats.end(chat.id, reason);
    this.#telling.event(chat.callId, 'left', { agent: chat.agent, reason });
    const { calls } = this.#options;
    calls.change(chat.callId, { ...(phone ? {} : { state: 'listening' }), agent: null });
    if (!phone) calls.hold(chat.callId, false);
    return over;
  }

  /** An agent's pages are gone: their visitors get somebody else, before all who wait. */
  #lost(name: string): void {
    this.#queue.agentLost(name);
    for (const chat of this.#chats.of(name)) {
      // Who is on the telephone talks on, with or without a page.
      if (chat.state !== 'open' || chat.kind === 'phone') continue;
      const { callId, kind, caller, language, context, lines } = chat;
      this.#finish(chat, 'agentLost');
      if (!this.open) {
        this.#over(callId, language);
        continue;
      }
      const words = deskWords(language).again;
      this.visitors.send(callId, { id: randomUUID(), who: 'system', name: undefined, text: words });
      const { reason, slots } = context;
      const summary = [context.summary, ...lines.slice(-3).map(({ text }) => text)].join(' / ').slice(0, 500);
      const again = { callId, kind, caller, language, reason, slots, summary };
      void this.request(again, this.#options.config.queueMs, true).then(({ outcome }) => {
        if (outcome === 'nobody') this.#over(callId, language);
      });
    }
  }

  /** The visitor is told that nobody is there any more, and the bot goes on. */
  #over(callId: string, language: string): void {
    const text = deskWords(language).ended;
    this.visitors.send(callId, { id: randomUUID(), who: 'system', name: undefined, text, over: true });
  }

  #tell(chat: Chat, text: string, over = false): void {
    const messageId = randomUUID();
    this.#chats.say(chat.id, { who: 'system', text, messageId });
    this.visitors.send(chat.callId, { id: messageId, who: 'system', name: undefined, text, ...(over ? { over } : {}) });
  }
}

function begun(chat: Chat | undefined): Chat {
  if (chat === undefined) throw new HearkenError('INTERNAL', 'A conversation was accepted and not begun.');
  return chat;
}

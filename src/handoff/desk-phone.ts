import { randomUUID } from 'node:crypto';
import type { Chat, Context, LiveEvent, Offer, PhoneCall } from '../api/console/contract.js';
import type { Clock } from '../clock.js';
import { HearkenError } from '../errors.js';
import type { DeskUser } from './desk-agents.js';
import type { DeskRequest } from './desk-queue.js';

/** A call by telephone that is being put through to somebody. */
export interface PhoneRequest extends Omit<DeskRequest, 'kind'> {
  /** SIP or tel URI. */
  readonly target: string;
  /** Longest wait for an answer. */
  readonly limitMs: number;
}

/** What came of it; `unknown`: somebody else rings them, and who answers is not told. Call it once. */
export type PhoneOver = (came: 'answered' | 'unknown' | 'failed') => void;

export interface DeskPhoneOptions {
  readonly clock: Clock;
  /** Who is at the desk with this telephone. */
  readonly agentsOf: (target: string) => readonly DeskUser[];
  /** Everything there is to know, as of now. */
  readonly context: (request: PhoneRequest) => Context;
  /** It is in this agent's hands. */
  readonly begin: (request: PhoneRequest, context: Context, user: DeskUser) => Chat;
  /** It was in somebody's hands, and nobody was put through after all. */
  readonly notPutThrough: (chatId: string) => void;
  readonly publish: (event: LiveEvent, to?: string) => void;
  /** A telephone that rang rings no more. */
  readonly onOver: () => void;
}

interface Item {
  readonly id: string;
  readonly request: PhoneRequest;
  context: Context;
  state: 'ringing' | 'answered';
  readonly sinceMs: number;
  /** Whose telephone rings, as far as is known. */
  readonly agents: readonly DeskUser[];
  chat: Chat | undefined;
  cancel: (() => void) | undefined;
}

/** An answered call can be opened at the desk this long: somebody took it up with both hands full. */
const KEPT_MS = 30 * 60_000;
const MAX_ITEMS = 500;

/**
 * Calls by telephone that are handed over: the telephone system rings and connects, the desk shows what it is about. Whose telephone is known gets the whole context while it rings, and has
 * the call in hand at the desk once it is answered. What was put through to a queue of the telephone system, whoever answered opens, by its link or from the list.
 */
export class DeskPhone {
  readonly #options: DeskPhoneOptions;
  readonly #items = new Map<string, Item>();

  constructor(options: DeskPhoneOptions) {
    this.#options = options;
  }

  /** Those that nobody has opened yet, but for those that ring at the one whose they are. */
  get calls(): PhoneCall[] {
    return [...this.#items.values()]
      .filter(({ chat, state, agents }) => chat === undefined && (state === 'answered' || agents.length === 0))
      .map(({ request, state, sinceMs, agents }) => ({
        callId: request.callId,
        caller: request.caller,
        language: request.language,
        reason: request.reason,
        summary: request.summary,
        target: request.target,
        state,
        sinceMs,
        agents: agents.map(({ name }) => name),
      }));
  }

  offers(agent: string): Offer[] {
    return [...this.#items.values()].flatMap((item) => (this.#ringsAt(item, agent) ? [offerOf(item)] : []));
  }

  /** A call is being put through. */
  rings(request: PhoneRequest): PhoneOver {
    this.#drop(request.callId);
    const item: Item = {
      id: randomUUID(),
      request,
      context: this.#options.context(request),
      state: 'ringing',
      sinceMs: Date.now(),
      agents: this.#options.agentsOf(request.target),
      chat: undefined,
      cancel: undefined,
    };
    this.#items.set(request.callId, item);
    const oldest = this.#items.size > MAX_ITEMS ? this.#items.keys().next() : undefined;
    if (oldest?.done === false) this.#drop(oldest.value);
    for (const { name } of item.agents) this.#options.publish({ type: 'offer', offer: offerOf(item) }, name);
    this.#changed();
    return (came) => this.#over(item, came);
  }

  /**
   * In this agent's hands from now on; the same again for who has it. What was put through to somebody's telephone is theirs, and a supervisor's (`anybodys`). Throws NOT_FOUND, FORBIDDEN,
   * SESSION_CONFLICT.
   */
  open(callId: string, user: DeskUser, anybodys = false): Chat {
    const item = this.#items.get(callId);
    if (item === undefined)
      throw new HearkenError('NOT_FOUND', 'No such call is being put through.', {
        hint: 'It was a while ago, or at another instance; look for it among past calls.',
      });
    const { chat, agents } = item;
    if (!anybodys && agents.length > 0 && !agents.some(({ name }) => name === user.name))
      throw new HearkenError('FORBIDDEN', "This call was put through to somebody else's telephone.", {
        hint: 'Ask them, or a supervisor.',
      });
    if (chat === undefined) return this.#begin(item, user);
    if (chat.agent === user.name) return chat;
    throw new HearkenError('SESSION_CONFLICT', 'Somebody else has opened this call.', { hint: 'Ask your colleagues.' });
  }

  /** By the id of its ring; undefined: that is no telephone's. Throws as `open`. */
  accept(offerId: string, user: DeskUser): Chat | undefined {
    const item = this.#byOffer(offerId, user.name);
    return item && this.open(item.request.callId, user);
  }

  /** They do not want to see it. False: that is no telephone's ring. */
  decline(offerId: string, agent: string): boolean {
    const item = this.#byOffer(offerId, agent);
    if (item === undefined) return false;
    this.#options.publish({ type: 'offerClosed', offerId, outcome: 'declined' }, agent);
    return true;
  }

  close(): void {
    for (const { cancel } of this.#items.values()) cancel?.();
    this.#items.clear();
  }

  #over(item: Item, came: Parameters<PhoneOver>[0]): void {
    if (this.#items.get(item.request.callId) !== item || item.state === 'answered') return;
    if (came === 'failed') {
      this.#items.delete(item.request.callId);
      this.#unring(item, 'gone');
      if (item.chat !== undefined) this.#options.notPutThrough(item.chat.id);
      this.#changed();
      return;
    }
    item.state = 'answered';
    item.cancel = this.#options.clock.after(KEPT_MS, () => this.#drop(item.request.callId));
    const [only] = item.agents;
    if (item.chat === undefined) {
      // The last words, too: they are gone with the call.
      item.context = this.#options.context(item.request);
      if (came === 'answered' && only !== undefined && item.agents.length === 1) this.#begin(item, only);
    }
    this.#unring(item, 'accepted');
    this.#changed();
  }

  #begin(item: Item, user: DeskUser): Chat {
    item.chat = this.#options.begin(item.request, item.context, user);
    this.#unring(item, 'accepted');
    this.#changed();
    return item.chat;
  }

  #unring(item: Item, outcome: string): void {
    for (const { name } of item.agents) this.#options.publish({ type: 'offerClosed', offerId: item.id, outcome }, name);
    this.#options.onOver();
  }

  #ringsAt({ state, chat, agents }: Item, agent: string): boolean {
    return state === 'ringing' && chat === undefined && agents.some(({ name }) => name === agent);
  }

  #byOffer(offerId: string, agent: string): Item | undefined {
    return [...this.#items.values()].find((item) => item.id === offerId && this.#ringsAt(item, agent));
  }

  #drop(callId: string): void {
    const item = this.#items.get(callId);
    if (item === undefined) return;
    item.cancel?.();
    this.#items.delete(callId);
    if (item.state === 'ringing') this.#unring(item, 'gone');
    this.#changed();
  }

  #changed(): void {
    this.#options.publish({ type: 'phoneCalls', phoneCalls: this.calls });
  }
}

function offerOf({ id, request, sinceMs, context }: Item): Offer {
  const { callId, caller, language, limitMs } = request;
  return {
    ...{ id, callId, kind: 'phone', caller, language, context },
    ringingSinceMs: sinceMs,
    expiresAtMs: sinceMs + limitMs,
  };
}

/** Whether a call to this address rings at this telephone. An extension without a host is one of any host's. */
export function ringsAt(target: string, extension: string): boolean {
  const [called, own] = [partsOf(target), partsOf(extension)];
  if (called.user === '' || called.user !== own.user) return false;
  return own.host === '' || own.host === called.host;
}

/** RFC 3261 §19.1.1 and RFC 3966 §5.1.1: the user or number without its visual separators, and the host without its port. */
function partsOf(address: string): { readonly user: string; readonly host: string } {
  const found = /^\s*<?(?:sips?:|tel:)?([^@;>?\s]+)(?:@([^;>?\s]+))?/i.exec(address.slice(0, 500));
  const user = (found?.[1] ?? '').toLowerCase();
  const host = (found?.[2] ?? '').toLowerCase().replace(/:\d+$/, '');
  return { user: /^\+?[\d().-]+$/.test(user) ? user.replace(/[().-]/g, '') : user, host };
}

import { randomUUID } from 'node:crypto';
import type { CallKind } from '../api/console/contract.js';
import type { Clock } from '../clock.js';
import { HearkenError } from '../errors.js';

/** Somebody who wants a person. */
export interface DeskRequest {
  readonly callId: string;
  readonly kind: CallKind;
  readonly caller: string;
  readonly language: string;
  readonly reason: string;
  readonly summary: string;
  readonly slots: Readonly<Record<string, unknown>>;
}

/** `nobody`: the time is up. `gone`: the visitor left. */
export type DeskAnswer =
  | { readonly outcome: 'accepted'; readonly agent: string; readonly chatId: string }
  | { readonly outcome: 'nobody' | 'gone' };

export interface Ring {
  readonly agent: string;
  readonly sinceMs: number;
  readonly expiresAtMs: number;
}

export interface QueueEntry {
  readonly id: string;
  readonly request: DeskRequest;
  readonly queuedAtMs: number;
  readonly ring: Ring | undefined;
}

interface Item extends QueueEntry {
  ring: Ring | undefined;
  /** Agents who declined or let it ring: not before this time again. */
  readonly notBeforeMs: Map<string, number>;
  cancelRing: (() => void) | undefined;
  cancelLimit: () => void;
  settle: (answer: DeskAnswer) => void;
}

export interface DeskQueueOptions {
  readonly clock: Clock;
  readonly ringMs: number;
  readonly maxQueue: number;
  readonly next: (except: (name: string) => boolean) => string | undefined;
  readonly onChange: () => void;
  readonly onRing: (entry: QueueEntry, ring: Ring) => void;
  /** `accepted`, `declined`, `timeout`, `gone`, `taken`. */
  readonly onRingOver: (entry: QueueEntry, ring: Ring, outcome: string) => void;
}

/** Somebody who said no is asked again after this, when nobody else has taken it. */
const DECLINED_MS = 30_000;

/** Who waits for a person, and at whom it rings: in the order of asking, at the agent who has been free longest. */
export class DeskQueue {
  readonly #options: DeskQueueOptions;
  readonly #items: Item[] = [];
  readonly #again = new Set<() => void>();

  constructor(options: DeskQueueOptions) {
    this.#options = options;
  }

  get entries(): readonly QueueEntry[] {
    return this.#items;
  }

  get full(): boolean {
    return this.#items.length >= this.#options.maxQueue;
  }

  ofCall(callId: string): QueueEntry | undefined {
    return this.#items.find(({ request }) => request.callId === callId);
  }

  /** Waits for a person, at most `limitMs`. `first`: before all others. Throws OVERLOADED when too many wait. */
  add(
    request: DeskRequest,
    limitMs: number,
    first = false,
  ): { readonly id: string; readonly answer: Promise<DeskAnswer> } {
    if (this.full)
      throw new HearkenError('OVERLOADED', `${this.#items.length} people wait already.`, {
        hint: 'The limit is desk.maxQueue.',
      });
    const id = randomUUID();
    const answer = new Promise<DeskAnswer>((resolve) => {
      const item: Item = {
        id,
        request,
        queuedAtMs: Date.now(),
        ring: undefined,
        notBeforeMs: new Map(),
        cancelRing: undefined,
        cancelLimit: this.#options.clock.after(limitMs, () => this.#leave(item, 'timeout', { outcome: 'nobody' })),
        settle: resolve,
      };
      if (first) this.#items.unshift(item);
      else this.#items.push(item);
    });
    this.#options.onChange();
    this.dispatch();
    return { id, answer };
  }

  /** Rings whoever is free for whoever waits. Call it when an agent may have become free. */
  dispatch(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const item of this.#items) {
      if (item.ring !== undefined) continue;
      const agent = this.#options.next((name) => (item.notBeforeMs.get(name) ?? 0) > nowMs);
      if (agent !== undefined) this.#ring(item, agent);
    }
  }

  /** The entry, now in the hands of this agent: it has left the queue. `chatId`: what it has become. Throws NOT_FOUND, SESSION_CONFLICT when it rings at somebody else. */
  accept(id: string, agent: string, chatId: (entry: QueueEntry) => string): void {
    const item = this.#find(id);
    if (item.ring?.agent !== agent)
      throw new HearkenError('SESSION_CONFLICT', 'This does not ring at you any more.', { hint: 'Look at the queue.' });
    this.#leave(item, 'accepted', { outcome: 'accepted', agent, chatId: chatId(item) });
  }

  /** Taken out of the queue by hand, wherever it rings. Throws NOT_FOUND. */
  take(id: string, agent: string, chatId: (entry: QueueEntry) => string): void {
    const item = this.#find(id);
    const outcome = item.ring?.agent === agent ? 'accepted' : 'taken';
    this.#leave(item, outcome, { outcome: 'accepted', agent, chatId: chatId(item) });
  }

  /** Throws NOT_FOUND, SESSION_CONFLICT. */
  decline(id: string, agent: string): void {
    const item = this.#find(id);
    if (item.ring?.agent !== agent)
      throw new HearkenError('SESSION_CONFLICT', 'This does not ring at you any more.', { hint: 'Look at the queue.' });
    this.#unring(item, 'declined');
    this.dispatch();
  }

  /** The visitor does not wait any more. */
  gone(callId: string): void {
    const item = this.#items.find(({ request }) => request.callId === callId);
    if (item !== undefined) this.#leave(item, 'gone', { outcome: 'gone' });
  }

  /** This agent is not there any more: what rings at them rings elsewhere. */
  agentLost(agent: string): void {
    for (const item of this.#items) if (item.ring?.agent === agent) this.#unring(item, 'timeout');
    this.dispatch();
  }

  close(): void {
    for (const cancel of this.#again) cancel();
    for (const item of [...this.#items]) this.#leave(item, 'gone', { outcome: 'nobody' });
  }

  #ring(item: Item, agent: string): void {
    const { clock, ringMs } = this.#options;
    const ring: Ring = { agent, sinceMs: Date.now(), expiresAtMs: Date.now() + ringMs };
    item.ring = ring;
    item.cancelRing = clock.after(ringMs, () => {
      this.#unring(item, 'timeout');
      this.dispatch();
    });
    this.#options.onRing(item, ring);
    this.#options.onChange();
  }

  #unring(item: Item, outcome: string): void {
    const { ring } = item;
    if (ring === undefined) return;
    item.cancelRing?.();
    item.ring = undefined;
    if (outcome === 'declined' || outcome === 'timeout') {
      item.notBeforeMs.set(ring.agent, this.#options.clock.nowMs() + DECLINED_MS);
      const cancel = this.#options.clock.after(DECLINED_MS, () => {
        this.#again.delete(cancel);
        this.dispatch();
      });
      this.#again.add(cancel);
    }
    this.#options.onRingOver(item, ring, outcome);
    this.#options.onChange();
  }

  #leave(item: Item, outcome: string, answer: DeskAnswer): void {
    const at = this.#items.indexOf(item);
    if (at === -1) return;
    this.#items.splice(at, 1);
    item.cancelLimit();
    this.#unring(item, outcome);
    this.#options.onChange();
    item.settle(answer);
  }

  #find(id: string): Item {
    const item = this.#items.find((each) => each.id === id);
    if (item === undefined)
      throw new HearkenError('NOT_FOUND', 'Nobody waits under this number any more.', {
        hint: 'Somebody else took it, or the visitor left.',
      });
    return item;
  }
}

import type { Clock } from '../clock.js';

/** A line for a visitor that is no answer to what they just wrote: a person writes when a person wants. */
export interface VisitorMessage {
  /** Grows within the conversation. */
  readonly seq: number;
  readonly id: string;
  readonly who: 'agent' | 'bot' | 'system';
  readonly name: string | undefined;
  readonly text: string;
  /** Nobody is there any more; the bot goes on. */
  readonly over?: boolean;
  readonly atMs: number;
}

interface Box {
  readonly deliver: Set<(message: VisitorMessage) => void>;
  readonly waiters: Set<() => void>;
  messages: readonly VisitorMessage[];
  /** The last that has reached somebody. */
  delivered: number;
  seq: number;
  usedMs: number;
}

const MAX_MESSAGES = 200;
const MAX_CONVERSATIONS = 5000;
/** Of one conversation. */
const MAX_WAITERS = 20;

/** Nothing is in it, and nobody waits: it need not be kept. */
function isEmpty({ messages, deliver, waiters }: Box): boolean {
  return messages.length === 0 && deliver.size === 0 && waiters.size === 0;
}

/** How what a person writes reaches the visitor: at once over open sockets, else with their next message or when they ask. */
export class VisitorLines {
  readonly #clock: Clock;
  readonly #boxes = new Map<string, Box>();
  /** Told when the first socket of a conversation opens or the last one closes. */
  onConnection: (callId: string) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A socket of the visitor is open; what waits for it is delivered. Returns what ends it. */
  attach(callId: string, deliver: (message: VisitorMessage) => void): () => void {
    const box = this.#box(callId);
    box.deliver.add(deliver);
    for (const message of this.takeUndelivered(callId)) deliver(message);
    if (box.deliver.size === 1) this.onConnection(callId);
    return () => {
      if (!box.deliver.delete(deliver) || box.deliver.size > 0) return;
      this.onConnection(callId);
      if (box.messages.length === 0) this.#boxes.delete(callId);
    };
  }

  connected(callId: string): boolean {
    return (this.#boxes.get(callId)?.deliver.size ?? 0) > 0;
  }

  send(callId: string, message: Omit<VisitorMessage, 'seq' | 'atMs'>): void {
    const box = this.#box(callId);
    const sent: VisitorMessage = { ...message, seq: ++box.seq, atMs: Date.now() };
    box.messages = [...box.messages, sent].slice(-MAX_MESSAGES);
    box.usedMs = this.#clock.nowMs();
    if (box.deliver.size > 0) {
      box.delivered = sent.seq;
      for (const deliver of box.deliver) deliver(sent);
    }
    for (const wake of [...box.waiters]) wake();
  }

  /** What has reached nobody yet; from now on it has. */
  takeUndelivered(callId: string): readonly VisitorMessage[] {
    const box = this.#boxes.get(callId);
    if (box === undefined) return [];
    const found = box.messages.filter(({ seq }) => seq > box.delivered);
    box.delivered = box.seq;
    return found;
  }

  /** All after `seq`; waits up to `waitMs` for the first. */
  async poll(callId: string, seq: number, waitMs: number, signal: AbortSignal): Promise<readonly VisitorMessage[]> {
    const after = (): readonly VisitorMessage[] => {
      const box = this.#boxes.get(callId);
      if (box === undefined) return [];
      const found = box.messages.filter((message) => message.seq > seq);
      box.delivered = Math.max(box.delivered, ...found.map((message) => message.seq));
      return found;
    };
    const now = after();
    if (now.length > 0 || waitMs === 0) return now;
    // Who only asks takes no place that holds somebody's messages.
    if (!this.#boxes.has(callId) && this.#boxes.size >= MAX_CONVERSATIONS) return now;
    const box = this.#box(callId);
    if (box.waiters.size >= MAX_WAITERS) return [];
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel();
        box.waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.after(waitMs, done);
      box.waiters.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
    const found = signal.aborted ? [] : after();
    if (isEmpty(box)) this.#boxes.delete(callId);
    return found;
  }

  #box(callId: string): Box {
    const known = this.#boxes.get(callId);
    if (known !== undefined) return known;
    if (this.#boxes.size >= MAX_CONVERSATIONS) this.#makeRoom();
    const box: Box = {
      deliver: new Set(),
      waiters: new Set(),
      messages: [],
      delivered: 0,
      seq: 0,
      usedMs: this.#clock.nowMs(),
    };
    this.#boxes.set(callId, box);
    return box;
  }

  #makeRoom(): void {
    let oldest: [string, Box] | undefined;
    for (const entry of this.#boxes)
      if (
        entry[1].deliver.size === 0 &&
        entry[1].waiters.size === 0 &&
        (oldest === undefined || entry[1].usedMs < oldest[1].usedMs)
      )
        oldest = entry;
    if (oldest !== undefined) this.#boxes.delete(oldest[0]);
  }
}

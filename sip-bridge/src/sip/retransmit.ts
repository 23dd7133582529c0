import { headerOf, parseVia, splitFirst, startLineOf } from './text.js';

/** RFC 3261 §17.1.1.1 and table 4. */
const T1_MS = 500;
const T2_MS = 4000;
const LIFETIME_MS = 64 * T1_MS;
const MAX_REMEMBERED = 20_000;

interface Entry {
  timer: NodeJS.Timeout | undefined;
  readonly expiresAtMs: number;
}

interface Answered extends Entry {
  /** Sent again when the same request comes again. */
  readonly reply: string;
}

/**
 * What an unreliable transport needs and the SIP core leaves out, because it was written for WebSockets: requests are sent again until something answers (timers A
 * and E), refusals of an INVITE until they are acknowledged (timer G), and what comes twice is answered twice with the same words (timers D, I and J) instead of reaching
 * the core as something new. 2xx to INVITE is the core's own business.
 */
export class Retransmitter {
  readonly #resend: (message: string) => void;
  readonly #nowMs: () => number;
  /** Requests of ours that nobody answered yet. */
  readonly #requests = new Map<string, Entry & { method: string }>();
  /** Refused INVITEs that wait for their ACK. */
  readonly #refusals = new Map<string, Entry>();
  /** Final answers given, by transaction; and our ACKs, by the INVITE they belong to. */
  readonly #answers = new Map<string, Answered>();
  #closed = false;

  constructor(resend: (message: string) => void, nowMs: () => number = () => Date.now()) {
    this.#resend = resend;
    this.#nowMs = nowMs;
  }

  /** Tell of every message that goes out. */
  sent(message: string): void {
    if (this.#closed) return;
    const identity = identify(message);
    if (!identity) return;
    const { key, method, status } = identity;
    if (status === undefined) this.#sentRequest(key, method, message);
    else if (status >= 200) this.#sentFinal(key, method, status, message);
  }

  /** Tell of every message that comes in; true when it was a repetition that is dealt with and must not reach the core. */
  received(message: string): boolean {
    const identity = identify(message);
    if (!identity || this.#closed) return false;
    const { key, method, status } = identity;
    if (status === undefined) return this.#receivedRequest(key, method);
    return this.#receivedResponse(key, method, status);
  }

  /** Messages that wait for an answer or an ACK. */
  get pending(): number {
    return this.#requests.size + this.#refusals.size;
  }

  close(): void {
    this.#closed = true;
    for (const map of [this.#requests, this.#refusals, this.#answers]) {
      for (const entry of map.values()) clearTimeout(entry.timer);
      map.clear();
    }
  }

  #sentRequest(key: string, method: string, message: string): void {
    if (method === 'ACK') {
      this.#remember(`ack ${key}`, message);
      return;
    }
    const id = `${method} ${key}`;
    if (this.#requests.has(id)) return;
    this.#repeat(this.#requests, id, message, method === 'INVITE' ? Number.POSITIVE_INFINITY : T2_MS, { method });
  }

  #sentFinal(key: string, method: string, status: number, message: string): void {
    if (method === 'INVITE') {
      if (status < 300 || this.#refusals.has(key)) return;
      this.#repeat(this.#refusals, key, message, T2_MS, {});
      this.#remember(`INVITE ${key}`, message);
      return;
    }
    this.#remember(`${method} ${key}`, message);
  }

  #receivedRequest(key: string, method: string): boolean {
    if (method === 'ACK') {
      this.#stop(this.#refusals, key);
      return false;
    }
    const answered = this.#answers.get(`${method} ${key}`);
    if (!answered || answered.expiresAtMs < this.#nowMs()) return false;
    this.#resend(answered.reply);
    return true;
  }

  #receivedResponse(key: string, method: string, status: number): boolean {
    const id = `${method} ${key}`;
    const pending = this.#requests.get(id);
    if (pending && (status >= 200 || pending.method === 'INVITE')) this.#stop(this.#requests, id);
    if (pending || method !== 'INVITE' || status < 300) return false;
    const ack = this.#answers.get(`ack ${key}`);
    if (!ack || ack.expiresAtMs < this.#nowMs()) return false;
    this.#resend(ack.reply);
    return true;
  }

  #repeat<Extra extends object>(
    map: Map<string, Entry & Extra>,
    id: string,
    message: string,
    capMs: number,
    extra: Extra,
  ): void {
    const entry: Entry & Extra = { timer: undefined, expiresAtMs: this.#nowMs() + LIFETIME_MS, ...extra };
    let waitMs = T1_MS;
    const again = (): void => {
      if (this.#nowMs() >= entry.expiresAtMs || map.get(id) !== entry) {
        this.#stop(map, id);
        return;
      }
      this.#resend(message);
      waitMs = Math.min(waitMs * 2, capMs);
      entry.timer = setTimeout(again, waitMs);
    };
    entry.timer = setTimeout(again, waitMs);
    map.set(id, entry);
  }

  #stop(map: Map<string, Entry>, id: string): void {
    clearTimeout(map.get(id)?.timer);
    map.delete(id);
  }

  #remember(id: string, reply: string): void {
    const nowMs = this.#nowMs();
    for (const [old, entry] of this.#answers) {
      if (entry.expiresAtMs >= nowMs && this.#answers.size < MAX_REMEMBERED) break;
      this.#answers.delete(old);
    }
    this.#answers.set(id, { reply, timer: undefined, expiresAtMs: nowMs + LIFETIME_MS });
  }
}

/** What transaction a message belongs to (RFC 3261 §17.1.3, §17.2.3): branch and sent-by, plus the method. */
function identify(message: string): { key: string; method: string; status: number | undefined } | undefined {
  const start = startLineOf(message);
  const via = headerOf(message, 'via');
  const top = via === undefined ? undefined : parseVia(splitFirst(via).first);
  if (!top?.branch?.startsWith('z9hG4bK')) return undefined;
  const key = `${top.branch} ${top.host.toLowerCase()}:${top.port ?? 5060}`;
  const response = /^SIP\/2\.0 (\d{3})/.exec(start);
  if (response) {
    const method = headerOf(message, 'cseq')?.split(/\s+/)[1];
    return method === undefined ? undefined : { key, method, status: Number(response[1]) };
  }
  const method = start.split(' ', 1)[0];
  return method === undefined || method === '' ? undefined : { key, method, status: undefined };
}

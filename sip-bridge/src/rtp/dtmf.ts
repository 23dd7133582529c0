import { timestampDistance } from './packet.js';

/** RFC 4733 telephone-event. Event numbers 0-15 are the keys (§3.2, table 3). */
const DIGITS = '0123456789*#ABCD';

export function eventToDigit(event: number): string | undefined {
  return DIGITS[event];
}

export function digitToEvent(digit: string): number | undefined {
  const index = DIGITS.indexOf(digit.toUpperCase());
  return digit.length === 1 && index >= 0 ? index : undefined;
}

export interface Key {
  readonly digit: string;
  readonly durationMs: number;
}

/** A key whose end packets were all lost counts as released after this long without news; RFC 4733 §2.5.2.2 asks for about three packet times or more. */
const RELEASE_MS = 200;
/** Timestamps this close behind the last key are its late retransmissions. */
const STALE_MS = 5000;

/**
 * Turns event packets into keys, one each: all packets of a key carry the same RTP timestamp, which is what tells keys apart. The marker bit is
 * not needed and the End bit comes three times.
 */
export class DtmfReceiver {
  /** Of the timestamps: 8, or 48 beside Opus. */
  unitsPerMs = 8;
  #open: { timestamp: number; digit: string; duration: number; atMs: number } | undefined;
  #lastDone: number | undefined;

  /** `payload` of an event packet. Returns the keys that ended with it. */
  accept(timestamp: number, payload: Uint8Array, nowMs: number): Key[] {
    const keys: Key[] = [];
    const [event, flags, high, low] = payload;
    if (event === undefined || flags === undefined || high === undefined || low === undefined) return keys;
    const digit = eventToDigit(event);
    if (digit === undefined) return keys;
    if (this.#open && this.#open.timestamp !== timestamp) {
      if (this.#isStale(timestamp, this.#open.timestamp)) return keys;
      keys.push(this.#finish(this.#open));
    }
    if (!this.#open && this.#lastDone !== undefined) {
      if (timestamp === this.#lastDone || this.#isStale(timestamp, this.#lastDone)) return keys;
    }
    const duration = (high << 8) | low;
    const open = this.#open ?? { timestamp, digit, duration, atMs: nowMs };
    open.duration = Math.max(open.duration, duration);
    open.atMs = nowMs;
    this.#open = open;
    if (flags & 0x80) keys.push(this.#finish(open));
    return keys;
  }

  /** Call now and then: ends a key whose end packets were lost. */
  poll(nowMs: number): Key[] {
    if (!this.#open || nowMs - this.#open.atMs < RELEASE_MS) return [];
    return [this.#finish(this.#open)];
  }

  /** A new source: its timestamps start anew. */
  reset(): Key[] {
    const keys = this.#open ? [this.#finish(this.#open)] : [];
    this.#lastDone = undefined;
    return keys;
  }

  #finish(open: { timestamp: number; digit: string; duration: number }): Key {
    this.#lastDone = open.timestamp;
    this.#open = undefined;
    return { digit: open.digit, durationMs: Math.round(open.duration / this.unitsPerMs) };
  }

  #isStale(timestamp: number, reference: number): boolean {
    const distance = timestampDistance(timestamp, reference);
    return distance < 0 && distance > -STALE_MS * this.unitsPerMs;
  }
}

/** A key pressed by us, as the sequence of event payloads to send every 20 ms: updates, then the end three times (RFC 4733 §2.5.1.4). */
export function dtmfPayloads(digit: string, durationMs: number, unitsPerMs = 8): Uint8Array[] {
  const event = digitToEvent(digit);
  if (event === undefined) return [];
  const payloads: Uint8Array[] = [];
  const total = Math.max(40, Math.min(5000, Math.round(durationMs / 20) * 20));
  const payload = (elapsedMs: number, end: boolean): Uint8Array => {
    const units = Math.min(0xffff, elapsedMs * unitsPerMs);
    return Uint8Array.of(event, (end ? 0x80 : 0) | 10, units >> 8, units & 0xff);
  };
  for (let elapsedMs = 20; elapsedMs < total; elapsedMs += 20) payloads.push(payload(elapsedMs, false));
  for (let copy = 0; copy < 3; copy++) payloads.push(payload(total, true));
  return payloads;
}

/** How long apart the two reports of one key press (RTP event and SIP INFO) may arrive. */
const TWIN_WINDOW_MS = 1000;
/** How long an INFO waits for its twin in RTP before it counts on its own. */
const INFO_HOLD_MS = 300;

/**
 * Some phones report each key twice, as RTP event and as SIP INFO. Each report of one way swallows one of the other way with the same digit near
 * it in time, so that a digit pressed twice is still two. Time is passed in; call `poll` at `nextPollMs`.
 */
export class DtmfMerger {
  /** Events were negotiated, so an INFO may have a twin on its way. */
  eventsNegotiated = false;
  #held: { key: Key; atMs: number }[] = [];
  #unmatched: { digit: string; atMs: number; way: 'rtp' | 'info' }[] = [];

  fromRtp(key: Key, nowMs: number): Key[] {
    const held = this.#held.findIndex((entry) => entry.key.digit === key.digit);
    if (held >= 0) this.#held.splice(held, 1);
    // Told at its end; an INFO may have come when it began.
    else if (this.#takeTwin(key.digit, 'info', nowMs - key.durationMs)) return [];
    else this.#remember(key.digit, 'rtp', nowMs);
    return [key];
  }

  fromInfo(key: Key, nowMs: number): Key[] {
    if (this.#takeTwin(key.digit, 'rtp', nowMs)) return [];
    if (this.eventsNegotiated) {
      if (this.#held.length < 32) this.#held.push({ key, atMs: nowMs });
      return [];
    }
    this.#remember(key.digit, 'info', nowMs);
    return [key];
  }

  poll(nowMs: number): Key[] {
    const due = this.#held.filter((entry) => nowMs - entry.atMs >= INFO_HOLD_MS);
    if (due.length === 0) return [];
    this.#held = this.#held.filter((entry) => nowMs - entry.atMs < INFO_HOLD_MS);
    for (const entry of due) this.#remember(entry.key.digit, 'info', nowMs);
    return due.map((entry) => entry.key);
  }

  /** When `poll` has something to do; undefined when nothing waits. */
  get nextPollMs(): number | undefined {
    const first = this.#held[0];
    return first ? first.atMs + INFO_HOLD_MS : undefined;
  }

  #remember(digit: string, way: 'rtp' | 'info', nowMs: number): void {
    this.#unmatched = this.#unmatched.filter((entry) => nowMs - entry.atMs < TWIN_WINDOW_MS).slice(-31);
    this.#unmatched.push({ digit, atMs: nowMs, way });
  }

  #takeTwin(digit: string, way: 'rtp' | 'info', nowMs: number): boolean {
    const index = this.#unmatched.findIndex(
      (entry) => entry.digit === digit && entry.way === way && nowMs - entry.atMs < TWIN_WINDOW_MS,
    );
    if (index < 0) return false;
    this.#unmatched.splice(index, 1);
    return true;
  }
}

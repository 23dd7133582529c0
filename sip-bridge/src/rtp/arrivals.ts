import { sequenceDistance } from './packet.js';

const SEEN = 256;

/** What RTCP wants to know of one source (RFC 3550 A.1, A.3, A.8), and whether a packet was here before. */
export class Arrivals {
  readonly ssrc: number;
  readonly #seen = new Int32Array(SEEN).fill(-1);
  readonly #unitsPerMs: number;
  #base: number | undefined;
  /** Highest sequence number, with the number of its wraps above bit 16. */
  extendedHighest = 0;
  received = 0;
  /** In timestamp units. */
  jitter = 0;
  #transit: number | undefined;
  #expectedBefore = 0;
  #receivedBefore = 0;

  constructor(ssrc: number, unitsPerMs: number) {
    this.ssrc = ssrc;
    this.#unitsPerMs = unitsPerMs;
  }

  /** False: a copy of one that was here. */
  count(sequence: number): boolean {
    const place = sequence % SEEN;
    if (this.#seen[place] === sequence) return false;
    this.#seen[place] = sequence;
    this.received++;
    if (this.#base === undefined) {
      this.#base = sequence;
      this.extendedHighest = sequence;
      return true;
    }
    const ahead = sequenceDistance(sequence, this.extendedHighest & 0xffff);
    if (ahead > 0) this.extendedHighest += ahead;
    return true;
  }

  /** A jump in the sequence: what lies between was never sent. */
  rebase(sequence: number): void {
    this.#seen.fill(-1);
    this.#base = undefined;
    this.received = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.count(sequence);
  }

  /** Interarrival jitter, RFC 3550 §6.4.1. */
  measure(timestamp: number, nowMs: number): void {
    const transit = nowMs * this.#unitsPerMs - timestamp;
    if (this.#transit !== undefined) {
      const difference = Math.abs(transit - this.#transit);
      // A wrapped timestamp or a pause would swamp the average.
      if (difference < this.#unitsPerMs * 10_000) this.jitter += (difference - this.jitter) / 16;
    }
    this.#transit = transit;
  }

  get expected(): number {
    return this.#base === undefined ? 0 : this.extendedHighest - this.#base + 1;
  }

  /** Since the begin and since the last time this was asked, as a report block has it. */
  losses(): { readonly cumulative: number; readonly fraction: number } {
    const expectedNow = this.expected - this.#expectedBefore;
    const lostNow = expectedNow - (this.received - this.#receivedBefore);
    this.#expectedBefore = this.expected;
    this.#receivedBefore = this.received;
    return {
      cumulative: this.expected - this.received,
      fraction: expectedNow > 0 && lostNow > 0 ? Math.floor((lostNow / expectedNow) * 256) : 0,
    };
  }
}

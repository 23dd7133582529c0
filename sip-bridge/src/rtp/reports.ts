import type { Arrivals } from './arrivals.js';
import { buildRtcp, parseRtcp, type ReportBlock } from './rtcp.js';

/** Between RTCP reports (RFC 3550 §6.2 minimum), a quarter earlier or later at random. */
const INTERVAL_MS = 5000;
/** Seconds between 1900 (NTP) and 1970 (Unix). */
const NTP_OFFSET_S = 2_208_988_800;
/** A round trip longer than this is a clock that was set. */
const LONGEST_TRIP_MS = 60_000;

export interface Sent {
  readonly packets: number;
  readonly octets: number;
  readonly timestamp: number;
}

/** RTCP of one call: what we tell the peer about its stream and what it tells about ours. Time is passed in. */
export class Reports {
  readonly #ssrc: number;
  readonly #cname: string;
  #dueMs: number;
  #lastSr: { middle: number; atMs: number } | undefined;
  #sentBefore = 0;
  /** Of the last report block about us. */
  remoteLossPercent: number | undefined;
  remoteJitterUnits: number | undefined;
  roundTripMs: number | undefined;
  /** The longest one. */
  worstRoundTripMs: number | undefined;
  /** The peer has said goodbye to its stream. */
  goodbye = false;
  received = 0;

  constructor(ssrc: number, cname: string, nowMs: number) {
    this.#ssrc = ssrc;
    this.#cname = cname;
    this.#dueMs = nowMs + INTERVAL_MS / 2;
  }

  due(nowMs: number): boolean {
    if (nowMs < this.#dueMs) return false;
    this.#dueMs = nowMs + INTERVAL_MS * (0.75 + Math.random() / 2);
    return true;
  }

  /** A compound packet to send: SR when something was sent since the last one, else RR. */
  build(sent: Sent, arrivals: Arrivals | undefined, bye: boolean, nowMs: number, unixMs: number): Buffer {
    const sending = sent.packets > this.#sentBefore;
    this.#sentBefore = sent.packets;
    return buildRtcp(this.#ssrc, sending ? sent : undefined, this.#block(arrivals, nowMs), this.#cname, bye, unixMs);
  }

  /** False: it is no RTCP. */
  accept(datagram: Buffer, nowMs: number, unixMs: number): boolean {
    const summary = parseRtcp(datagram);
    if (!summary) return false;
    this.received++;
    this.goodbye ||= summary.bye;
    if (summary.srNtpMiddle !== undefined) this.#lastSr = { middle: summary.srNtpMiddle, atMs: nowMs };
    const report = summary.reports.find((block) => block.ssrc === this.#ssrc);
    if (!report) return true;
    this.remoteLossPercent = Math.round((report.fractionLost / 256) * 1000) / 10;
    this.remoteJitterUnits = report.jitter;
    if (report.lastSr !== 0) this.#trip(report, unixMs);
    return true;
  }

  /** RFC 3550 §6.4.1: A - LSR - DLSR, in 1/65536 s. */
  #trip({ lastSr, delaySinceLastSr }: ReportBlock, unixMs: number): void {
    const seconds = unixMs / 1000 + NTP_OFFSET_S;
    const middle = Math.floor((seconds % 65_536) * 65_536) >>> 0;
    const trip = (middle - lastSr - delaySinceLastSr) | 0;
    const tripMs = Math.round((trip / 65_536) * 10_000) / 10;
    // A few units below zero are rounding on a fast path.
    if (tripMs < -5 || tripMs > LONGEST_TRIP_MS) return;
    this.roundTripMs = Math.max(0, tripMs);
    this.worstRoundTripMs = Math.max(this.worstRoundTripMs ?? 0, this.roundTripMs);
  }

  #block(arrivals: Arrivals | undefined, nowMs: number): ReportBlock | undefined {
    if (!arrivals) return undefined;
    const { cumulative, fraction } = arrivals.losses();
    return {
      ssrc: arrivals.ssrc,
      fractionLost: fraction,
      cumulativeLost: cumulative,
      highestSequence: arrivals.extendedHighest,
      jitter: arrivals.jitter,
      lastSr: this.#lastSr?.middle ?? 0,
      delaySinceLastSr: this.#lastSr ? Math.round(((nowMs - this.#lastSr.atMs) / 1000) * 65_536) : 0,
    };
  }
}

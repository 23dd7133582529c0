import { randomInt } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import { monotonicMs } from '../clock.js';
import { dtmfPayloads, type Key } from './dtmf.js';
import { buildRtp, FRAME_BYTES, FRAME_MS, type G711, G711_SILENCE, parseRtp, RTP_HEADER_BYTES } from './packet.js';
import { PlayoutQueue } from './playout.js';
import type { PortPair } from './ports.js';
import { type FrameKind, RtpReceiver } from './receiver.js';
import { buildRtcp, parseRtcp, type ReportBlock } from './rtcp.js';
import { translate } from './translate.js';
import type { StreamRemote, StreamSettings, StreamStats } from './wire.js';

export interface SessionSink {
  frame(payload: Uint8Array, rtpTimestamp: number, arrivalMs: number, kind: FrameKind): void;
  key(key: Key): void;
  mark(name: string): void;
  cleared(generation: number, playedMs: number): void;
  overflow(frames: number): void;
  latched(remote: StreamRemote): void;
  silent(idleMs: number): void;
}

export interface SessionOptions {
  readonly fill: boolean;
  readonly maxQueueFrames: number;
  /** 0 = never. */
  readonly mediaTimeoutMs: number;
  readonly cname: string;
}

/** What may wait between two joined sessions. */
const MAX_RELAY_MS = 120;
/** Between RTCP reports (RFC 3550 §6.2 minimum). */
const RTCP_INTERVAL_MS = 5000;
/** Pause between two keys of a `digits` call, RFC 4733 leaves it to us; phones use 40-100 ms. */
const DIGIT_PAUSE_TICKS = 4;

/** The RTP side of one call: its two sockets, what is played, what is received. Lives in the pacer's thread; the pacer calls `tick`. */
export class RtpSession {
  readonly #ports: PortPair;
  readonly #sink: SessionSink;
  readonly #options: SessionOptions;
  readonly #queue: PlayoutQueue;
  readonly #ssrc = randomInt(1, 0xffff_ffff);
  #settings: StreamSettings | undefined;
  #receiver: RtpReceiver | undefined;
  #latched: StreamRemote | undefined;
  #released = false;
  #sequence = randomInt(0, 0xffff);
  #timestamp = randomInt(0, 0xffff_ffff);
  #marker = true;
  #digits: { payloads: Uint8Array[]; pauseTicks: number }[] = [];
  #digitTimestamp = 0;
  #digitsDone: (() => void)[] = [];
  #sent = 0;
  #sentOctets = 0;
  #sentAtReport = 0;
  #foreign = 0;
  #lastReceivedMs = monotonicMs();
  #silentReported = false;
  #rtcpDueMs = monotonicMs() + RTCP_INTERVAL_MS / 2;
  #lastSr: { middle: number; atMs: number } | undefined;
  #lostAtReport = 0;
  #receivedAtReport = 0;
  #roundTripMs: number | undefined;
  #remoteLossPercent: number | undefined;
  #closed = false;

  constructor(ports: PortPair, options: SessionOptions, sink: SessionSink) {
    this.#ports = ports;
    this.#options = options;
    this.#sink = sink;
    this.#queue = new PlayoutQueue(options.maxQueueFrames);
    ports.rtp.on('message', (datagram, from) => this.#onRtp(datagram, from));
    ports.rtcp.on('message', (datagram, from) => this.#onRtcp(datagram, from));
    // ICMP errors of a peer that has gone away; the media time-out deals with it.
    ports.rtp.on('error', () => {});
    ports.rtcp.on('error', () => {});
  }

  get port(): number {
    return this.#ports.port;
  }

  /** The result of a negotiation, the first or a later one. Sending starts, in silence until `release`. */
  configure(settings: StreamSettings): void {
    const nowMs = monotonicMs();
    const before = this.#settings;
    this.#settings = settings;
    if (!this.#receiver) {
      this.#receiver = new RtpReceiver(
        settings.format,
        {
          frame: (payload, timestamp, kind, atMs) => this.#sink.frame(payload, timestamp, atMs, kind),
          key: (key) => this.#sink.key(key),
        },
        { fill: this.#options.fill, nowMs },
      );
    } else if (before && !sameFormat(before, settings)) {
      this.#receiver.reformat(settings.format);
    }
    // A re-negotiation may move the peer: latch anew, to whatever comes first.
    this.#latched = undefined;
    this.#marker = true;
    this.#lastReceivedMs = nowMs;
    this.#silentReported = false;
  }

  /** The call is up on both sides: what is queued may be heard. */
  release(): void {
    this.#released = true;
  }

  play(payload: Uint8Array): void {
    const refused = this.#queue.push(payload, G711_SILENCE[this.#settings?.format.codec ?? 'pcmu']);
    if (refused > 0) this.#sink.overflow(refused);
  }

  /** A frame of another session. Two clocks drift: what has piled up beyond a few frames is dropped, so that it never turns into delay. */
  relay(payload: Uint8Array, codec: G711): void {
    if (this.#queue.queuedMs >= MAX_RELAY_MS) return;
    this.play(translate(payload, codec, this.codec));
  }

  /** Of the last agreement. */
  get codec(): G711 {
    return this.#settings?.format.codec ?? 'pcmu';
  }

  mark(name: string): void {
    this.#queue.mark(name);
  }

  clear(generation: number): void {
    this.#sink.cleared(generation, this.#queue.clear(generation));
  }

  /** Sends keys as RFC 4733 events, in place of audio. `done` is called when they are out, at once when events were not negotiated. */
  sendDigits(digits: string, durationMs: number, done: () => void): void {
    if (this.#settings?.format.dtmfPayloadType === undefined) {
      done();
      return;
    }
    for (const digit of digits.slice(0, 64)) {
      const payloads = dtmfPayloads(digit, durationMs);
      if (payloads.length > 0) this.#digits.push({ payloads, pauseTicks: DIGIT_PAUSE_TICKS });
    }
    this.#digitsDone.push(done);
  }

  /** One frame's time. `skipped` frames before it were lost to a stall: the timestamp jumps over them so the peer sees the gap as it was. */
  tick(nowMs: number, skipped: number): void {
    const settings = this.#settings;
    if (!settings || this.#closed) return;
    this.#receiver?.tick(nowMs);
    if (skipped > 0) {
      this.#timestamp = (this.#timestamp + skipped * FRAME_BYTES) >>> 0;
      this.#marker = true;
    }
    if (!this.#sendDigit(settings)) this.#sendAudio(settings);
    this.#timestamp = (this.#timestamp + FRAME_BYTES) >>> 0;
    if (nowMs >= this.#rtcpDueMs) {
      this.#rtcpDueMs = nowMs + RTCP_INTERVAL_MS * (0.75 + Math.random() / 2);
      this.#sendReport(settings, nowMs, false);
    }
    this.#watchSilence(settings, nowMs);
  }

  stats(): StreamStats {
    const receiver = this.#receiver?.stats;
    return {
      sentPackets: this.#sent,
      receivedPackets: receiver?.packets ?? 0,
      lostPackets: receiver?.lost ?? 0,
      latePackets: receiver?.late ?? 0,
      foreignPackets: this.#foreign,
      concealedFrames: receiver?.concealedFrames ?? 0,
      jitterMs: Math.round(((receiver?.jitterUnits ?? 0) / 8) * 10) / 10,
      droppedFrames: this.#queue.dropped,
      ...(this.#roundTripMs === undefined ? {} : { roundTripMs: this.#roundTripMs }),
      ...(this.#remoteLossPercent === undefined ? {} : { remoteLossPercent: this.#remoteLossPercent }),
    };
  }

  close(): void {
    if (this.#closed) return;
    if (this.#settings) this.#sendReport(this.#settings, monotonicMs(), true);
    this.#closed = true;
    for (const done of this.#digitsDone) done();
    // A tick later, so that the BYE gets out.
    setImmediate(() => {
      this.#ports.rtp.close();
      this.#ports.rtcp.close();
    });
  }

  #sendAudio(settings: StreamSettings): void {
    const frame = this.#released ? this.#queue.next((name) => this.#sink.mark(name)) : undefined;
    if (!settings.send) return;
    const payload = frame ?? new Uint8Array(FRAME_BYTES).fill(G711_SILENCE[settings.format.codec]);
    this.#send(settings, settings.format.payloadType, this.#timestamp, payload, this.#marker);
    this.#marker = false;
  }

  /** True when a key (or the pause after it) takes this frame's place. */
  #sendDigit(settings: StreamSettings): boolean {
    const current = this.#digits[0];
    const type = settings.format.dtmfPayloadType;
    if (!current || type === undefined) {
      for (const done of this.#digitsDone.splice(0)) done();
      return false;
    }
    const payload = current.payloads.shift();
    if (payload) {
      const first = payload[2] === 0 && payload[3] === FRAME_BYTES;
      if (first) this.#digitTimestamp = this.#timestamp;
      this.#send(settings, type, this.#digitTimestamp, payload, first);
      return true;
    }
    if (--current.pauseTicks <= 0) this.#digits.shift();
    return false;
  }

  #send(settings: StreamSettings, payloadType: number, timestamp: number, payload: Uint8Array, marker: boolean): void {
    const to = this.#latched ?? settings.remote;
    if (to.port === 0) return;
    const packet = buildRtp({ payloadType, marker, sequence: this.#sequence, timestamp, ssrc: this.#ssrc, payload });
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#sent++;
    this.#sentOctets += packet.length - RTP_HEADER_BYTES;
    // Errors (no route, ICMP) come and go; one lost packet is not worth more than that.
    this.#ports.rtp.send(packet, to.port, to.address, () => {});
  }

  #onRtp(datagram: Buffer, from: RemoteInfo): void {
    const receiver = this.#receiver;
    const settings = this.#settings;
    if (!receiver || !settings || this.#closed) return;
    const packet = parseRtp(datagram);
    if (!packet || !receiver.accepts(packet)) return;
    const signalled = from.address === settings.remote.address && from.port === settings.remote.port;
    if (this.#latched && !sameRemote(this.#latched, from)) {
      // Only the address that was signalled may take over from what was latched first.
      if (!signalled) {
        this.#foreign++;
        return;
      }
      this.#latched = undefined;
    }
    if (!this.#latched) {
      this.#latched = { address: from.address, port: from.port };
      this.#sink.latched(this.#latched);
    }
    const nowMs = monotonicMs();
    this.#lastReceivedMs = nowMs;
    this.#silentReported = false;
    receiver.accept(packet, nowMs);
  }

  #onRtcp(datagram: Buffer, from: RemoteInfo): void {
    const peer = this.#latched ?? this.#settings?.remote;
    if (!peer || from.address !== peer.address) return;
    const summary = parseRtcp(datagram);
    if (!summary) return;
    const nowMs = monotonicMs();
    if (summary.srNtpMiddle !== undefined) this.#lastSr = { middle: summary.srNtpMiddle, atMs: nowMs };
    const report = summary.reports.find((block) => block.ssrc === this.#ssrc);
    if (!report) return;
    this.#remoteLossPercent = Math.round((report.fractionLost / 256) * 1000) / 10;
    if (report.lastSr !== 0) {
      const unixS = Date.now() / 1000 + 2_208_988_800;
      const middle = Math.floor((unixS % 65_536) * 65_536) >>> 0;
      const trip = (middle - report.lastSr - report.delaySinceLastSr) | 0;
      if (trip >= 0) this.#roundTripMs = Math.round((trip / 65_536) * 10_000) / 10;
    }
  }

  #sendReport(settings: StreamSettings, nowMs: number, bye: boolean): void {
    const to = this.#latched ?? settings.remote;
    if (to.port === 0) return;
    const sending = this.#sent > this.#sentAtReport;
    this.#sentAtReport = this.#sent;
    const packet = buildRtcp(
      this.#ssrc,
      sending ? { timestamp: this.#timestamp, packets: this.#sent, octets: this.#sentOctets } : undefined,
      this.#reportBlock(nowMs),
      this.#options.cname,
      bye,
      Date.now(),
    );
    this.#ports.rtcp.send(packet, to.port + 1, to.address, () => {});
  }

  #reportBlock(nowMs: number): ReportBlock | undefined {
    const receiver = this.#receiver;
    if (receiver?.ssrc === undefined) return undefined;
    const { lost, packets, jitterUnits, highestSequence } = receiver.stats;
    const lostNow = lost - this.#lostAtReport;
    const expectedNow = packets - this.#receivedAtReport + lostNow;
    this.#lostAtReport = lost;
    this.#receivedAtReport = packets;
    return {
      ssrc: receiver.ssrc,
      fractionLost: expectedNow > 0 ? Math.floor((lostNow / expectedNow) * 256) : 0,
      cumulativeLost: lost,
      highestSequence,
      jitter: jitterUnits,
      lastSr: this.#lastSr?.middle ?? 0,
      delaySinceLastSr: this.#lastSr ? Math.round(((nowMs - this.#lastSr.atMs) / 1000) * 65_536) : 0,
    };
  }

  #watchSilence(settings: StreamSettings, nowMs: number): void {
    if (!settings.receive) this.#lastReceivedMs = nowMs;
    const idleMs = nowMs - this.#lastReceivedMs;
    if (this.#silentReported || this.#options.mediaTimeoutMs === 0 || idleMs < this.#options.mediaTimeoutMs) return;
    this.#silentReported = true;
    this.#sink.silent(Math.round(idleMs));
  }
}

function sameRemote(a: StreamRemote, b: StreamRemote): boolean {
  return a.address === b.address && a.port === b.port;
}

function sameFormat(a: StreamSettings, b: StreamSettings): boolean {
  return (
    a.format.codec === b.format.codec &&
    a.format.payloadType === b.format.payloadType &&
    a.format.dtmfPayloadType === b.format.dtmfPayloadType
  );
}

/** Frames of a queue that holds `ms` of audio. */
export function framesOf(ms: number): number {
  return Math.ceil(ms / FRAME_MS);
}

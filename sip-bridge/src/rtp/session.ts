import { randomInt } from 'node:crypto';
import type { RemoteInfo } from 'node:dgram';
import { monotonicMs } from '../clock.js';
import { TokenBucket } from '../token-bucket.js';
import { freeOpus, type OpusPair } from './codec/opus.js';
import type { Key } from './dtmf.js';
import { Latch } from './latch.js';
import { buildRtp, CODECS, type LineFormat, parseRtp, RTP_HEADER_BYTES } from './packet.js';
import type { PortPair } from './ports.js';
import { type FrameKind, RtpReceiver } from './receiver.js';
import { RelayBuffer } from './relay.js';
import { Reports } from './reports.js';
import { RtpSender } from './sender.js';
import type { SrtpContext } from './srtp.js';
import { RecordingTap } from './tap.js';
import type { StreamFormat, StreamRemote, StreamSettings, StreamStats } from './wire.js';

export interface SessionSink {
  frame(payload: Uint8Array, rtpTimestamp: number, arrivalMs: number, kind: FrameKind): void;
  key(key: Key): void;
  mark(name: string): void;
  cleared(generation: number, playedMs: number): void;
  overflow(frames: number): void;
  latched(remote: StreamRemote): void;
  silent(idleMs: number): void;
  recorded(batch: ArrayBuffer): void;
}

export interface SessionOptions {
  readonly fill: boolean;
  readonly maxQueueFrames: number;
  /** 0 = never. */
  readonly mediaTimeoutMs: number;
  readonly cname: string;
  readonly latchFrom?: readonly string[] | undefined;
  readonly idleDbov?: number | undefined;
  readonly sendComfortNoise: boolean;
}

/** What is made outside, because it takes time: codecs and keys that a negotiation asks for. */
export interface SessionParts {
  readonly opus?: OpusPair | undefined;
  readonly srtp?: SrtpContext | undefined;
}

/** Datagrams that come before keys and codec are known: a second of them. */
type Early = readonly [datagram: Buffer, from: RemoteInfo];
const MAX_EARLY = 50;
/** Orders that come before the first negotiation. */
const MAX_ORDERS = 4000;
/** How many media time-outs a peer that holds us may be silent: half an hour of the default's minutes. */
const HELD_FACTOR = 30;

/** The RTP side of one call: its two sockets, what is played, what is received. Lives in the pacer's thread; the pacer calls `tick`. */
export class RtpSession {
  readonly #ports: PortPair;
  readonly #sink: SessionSink;
  readonly #options: SessionOptions;
  readonly #ssrc = randomInt(1, 0xffff_ffff);
  readonly #reports: Reports;
  #settings: StreamSettings | undefined;
  #parts: SessionParts = {};
  #receiver: RtpReceiver | undefined;
  #sender: RtpSender | undefined;
  #latch: Latch | undefined;
  #early: Early[] = [];
  #orders: (() => void)[] = [];
  #relay: { readonly buffer: RelayBuffer; readonly source: RtpSession } | undefined;
  #tap: RecordingTap | undefined;
  #released = false;
  /** From the lower half: a peer that misses the first packets of SRTP must not miss a wrap with them (RFC 3711 §3.3.1). */
  #sequence = randomInt(0, 0x8000);
  #sent = 0;
  #sentOctets = 0;
  /** A telephone talks no faster than time goes by, and all other calls would pay for a flood. Packets: five times what the fastest send, ten seconds of it at once. */
  readonly #packetPace = new TokenBucket(500, 10);
  /** Frames of 20 ms: twice real time, and 20 s at once, what a network that stood still delivers. */
  readonly #framePace = new TokenBucket(100, 10);
  /** A report comes every five seconds (RFC 3550 §6.2). */
  readonly #reportPace = new TokenBucket(10, 5);
  #lastReceivedMs = monotonicMs();
  #silentReported = false;
  #closed = false;

  constructor(ports: PortPair, options: SessionOptions, sink: SessionSink) {
    this.#ports = ports;
    this.#options = options;
    this.#sink = sink;
    this.#reports = new Reports(this.#ssrc, options.cname, monotonicMs());
    ports.rtp.on('message', (datagram, from) => this.#onRtp(datagram, from));
    ports.rtcp.on('message', (datagram, from) => this.#onRtcp(datagram, from));
    // ICMP errors of a peer that has gone away; the media time-out deals with it.
    ports.rtp.on('error', () => {});
    ports.rtcp.on('error', () => {});
  }

  get port(): number {
    return this.#ports.port;
  }

  /** What frames are in; `pcmu` before the first negotiation. */
  get line(): LineFormat {
    return this.#sender?.line ?? 'pcmu';
  }

  /** Keys in force, for the next negotiation to go on from. */
  get srtp(): SrtpContext | undefined {
    return this.#parts.srtp;
  }

  get opus(): OpusPair | undefined {
    return this.#parts.opus;
  }

  /** How long its receiver waits for missing packets: what a listener has to hold back. */
  get depthMs(): number {
    return this.#receiver?.depthMs ?? 0;
  }

  /** The result of a negotiation, the first or a later one. Sending starts, in silence until `release`. */
  configure(settings: StreamSettings, parts: SessionParts): void {
    const nowMs = monotonicMs();
    const before = this.#settings;
    if (this.#parts.opus && this.#parts.opus !== parts.opus) freeOpus(this.#parts.opus);
    this.#settings = settings;
    this.#parts = parts;
    const { format } = settings;
    const line = this.#sender?.line ?? settings.line;
    const changed = before !== undefined && !sameFormat(before.format, format);
    if (!this.#receiver) {
      this.#receiver = new RtpReceiver(
        { format, line, opus: parts.opus },
        {
          frame: (payload, timestamp, kind, atMs) => {
            this.#framePace.spend(1);
            this.#tap?.heard(payload);
            this.#sink.frame(payload, timestamp, atMs, kind);
          },
          key: (key) => this.#sink.key(key),
        },
        { fill: this.#options.fill, nowMs },
      );
    } else if (changed) this.#receiver.reformat({ format, line, opus: parts.opus });
    if (!this.#sender) this.#sender = this.#newSender(format, line, parts.opus);
    else if (changed) this.#sender.reformat(format, parts.opus);
    this.#sender.mark();
    if (this.#latch) this.#latch.renew(settings.remote);
    else this.#latch = new Latch(settings.remote, this.#options.latchFrom);
    this.#lastReceivedMs = nowMs;
    this.#silentReported = false;
    for (const order of this.#orders.splice(0)) order();
    for (const [datagram, from] of this.#early.splice(0)) this.#onRtp(datagram, from);
  }

  /** Now, or as soon as the line's format is known. */
  #ordered(order: (sender: RtpSender) => void): void {
    if (this.#sender) order(this.#sender);
    else if (this.#orders.length < MAX_ORDERS) {
      this.#orders.push(() => {
        if (this.#sender) order(this.#sender);
      });
    }
  }

  /** The call is up on both sides: what is queued may be heard. */
  release(): void {
    this.#released = true;
    this.#sender?.release();
  }

  play(payload: Uint8Array): void {
    this.#ordered(({ queue }) => {
      const refused = queue.push(payload);
      if (refused > 0) this.#sink.overflow(refused);
    });
  }

  /** Heard before what is queued, and not cleared with it. */
  announce(payload: Uint8Array, done: () => void): void {
    this.#ordered((sender) => sender.announce(payload, done));
  }

  /** From here on the peer hears what the other one receives. */
  relayFrom(source: RtpSession): void {
    this.#relay = { buffer: new RelayBuffer(source.line, this.line), source };
  }

  stopRelay(): void {
    this.#relay = undefined;
  }

  /** A frame of the other session. */
  relay(payload: Uint8Array): void {
    this.#relay?.buffer.push(payload);
  }

  record(state: 'on' | 'paused' | 'off'): void {
    if (state === 'off') {
      this.#tap?.flush();
      this.#tap = undefined;
      return;
    }
    this.#ordered(({ line }) => {
      this.#tap ??= new RecordingTap(line, (batch) => this.#sink.recorded(batch));
      this.#tap.paused = state === 'paused';
    });
  }

  mark(name: string): void {
    this.#ordered(({ queue }) => queue.mark(name));
  }

  clear(generation: number): void {
    this.#ordered(({ queue }) => this.#sink.cleared(generation, queue.clear(generation)));
  }

  /** Sends keys as RFC 4733 events, in place of audio. `done` is called when they are out, at once when events were not negotiated. */
  sendDigits(digits: string, durationMs: number, done: () => void): void {
    if (this.#sender && this.#settings) this.#sender.sendDigits(this.#settings.format, digits, durationMs, done);
    else done();
  }

  /** One frame's time. `skipped` frames before it were lost to a stall. */
  tick(nowMs: number, skipped: number): void {
    const settings = this.#settings;
    const sender = this.#sender;
    if (!settings || !sender || this.#closed) return;
    this.#receiver?.tick(nowMs);
    if (skipped > 0) sender.skip(skipped);
    const relay = this.#relay;
    const relayed = relay && ((): Uint8Array | undefined => relay.buffer.next(relay.source.depthMs));
    const said = sender.tick(settings.format, settings.send, relayed);
    this.#tap?.tick(said);
    if (this.#reports.due(nowMs)) this.#sendReport(settings, nowMs, false);
    this.#watchSilence(settings, nowMs);
  }

  stats(): StreamStats {
    const receiver = this.#receiver;
    const { roundTripMs, worstRoundTripMs, remoteLossPercent, remoteJitterUnits, received } = this.#reports;
    const counts = receiver?.stats;
    const unitsPerMs = CODECS[this.#settings?.format.codec ?? 'pcmu'].clockRate / 1000;
    const tenth = (value: number): number => Math.round(value * 10) / 10;
    return {
      sentPackets: this.#sent,
      receivedPackets: counts?.packets ?? 0,
      lostPackets: counts?.lost ?? 0,
      latePackets: counts?.late ?? 0,
      duplicatePackets: counts?.duplicates ?? 0,
      foreignPackets: this.#latch?.foreign ?? 0,
      refusedPackets: this.#parts.srtp?.refused ?? 0,
      concealedFrames: (counts?.concealedFrames ?? 0) + (this.#relay?.buffer.stats.concealed ?? 0),
      noiseFrames: counts?.noiseFrames ?? 0,
      jitterMs: tenth(receiver?.jitterMs ?? 0),
      depthMs: receiver?.depthMs ?? 0,
      encrypted: this.#parts.srtp !== undefined,
      droppedFrames: this.#sender?.queue.dropped ?? 0,
      reportsReceived: received,
      ...(roundTripMs === undefined ? {} : { roundTripMs }),
      ...(worstRoundTripMs === undefined ? {} : { worstRoundTripMs }),
      ...(remoteLossPercent === undefined ? {} : { remoteLossPercent }),
      ...(remoteJitterUnits === undefined ? {} : { remoteJitterMs: tenth(remoteJitterUnits / unitsPerMs) }),
    };
  }

  close(): void {
    if (this.#closed) return;
    if (this.#settings) this.#sendReport(this.#settings, monotonicMs(), true);
    this.#closed = true;
    this.record('off');
    this.#sender?.close();
    this.#early = [];
    this.#orders = [];
    if (this.#parts.opus) freeOpus(this.#parts.opus);
    // A tick later, so that the BYE gets out.
    setImmediate(() => {
      this.#ports.rtp.close();
      this.#ports.rtcp.close();
    });
  }

  #newSender(format: StreamFormat, line: LineFormat, opus: OpusPair | undefined): RtpSender {
    const { maxQueueFrames, idleDbov, sendComfortNoise } = this.#options;
    const sender = new RtpSender(
      format,
      line,
      opus,
      { maxQueueFrames, idleDbov, sendComfortNoise, timestamp: randomInt(0, 0xffff_ffff) },
      {
        mark: (name) => this.#sink.mark(name),
        packet: (type, marker, timestamp, payload) => this.#send(type, marker, timestamp, payload),
      },
    );
    if (this.#released) sender.release();
    return sender;
  }

  #send(payloadType: number, marker: boolean, timestamp: number, payload: Uint8Array): void {
    const to = this.#latch?.remote;
    if (!to || to.port === 0 || !this.#settings?.send) return;
    const packet = buildRtp({ payloadType, marker, sequence: this.#sequence, timestamp, ssrc: this.#ssrc, payload });
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#sent++;
    this.#sentOctets += packet.length - RTP_HEADER_BYTES;
    const { srtp } = this.#parts;
    // Errors (no route, ICMP) come and go; one lost packet is not worth more than that.
    this.#ports.rtp.send(srtp ? srtp.protect(packet) : packet, to.port, to.address, ignore);
  }

  #onRtp(datagram: Buffer, from: RemoteInfo): void {
    const receiver = this.#receiver;
    const latch = this.#latch;
    if (this.#closed) return;
    if (!receiver || !latch) {
      // The peer was faster than its own answer, or than our keys.
      if (this.#early.length < MAX_EARLY) this.#early.push([Buffer.from(datagram), from]);
      return;
    }
    if (isRtcp(datagram)) {
      this.#onRtcp(datagram, from);
      return;
    }
    const head = parseRtp(datagram);
    if (!head || !receiver.accepts(head)) return;
    if (!latch.admits(from.address)) {
      latch.foreign++;
      return;
    }
    const { srtp } = this.#parts;
    const plain = srtp ? srtp.unprotect(datagram) : datagram;
    const packet = srtp ? plain && parseRtp(plain) : head;
    if (!packet) return;
    const nowMs = monotonicMs();
    const source = latch.check(from.address, from.port, nowMs - this.#lastReceivedMs);
    if (source === 'foreign') return;
    if (source === 'new') this.#sink.latched({ address: from.address, port: from.port });
    this.#lastReceivedMs = nowMs;
    this.#silentReported = false;
    if (!this.#packetPace.allows(nowMs) || !this.#framePace.allows(nowMs)) return;
    this.#packetPace.spend(1);
    receiver.accept(packet, nowMs);
  }

  #onRtcp(datagram: Buffer, from: RemoteInfo): void {
    const peer = this.#latch?.remote;
    if (!peer || this.#closed || from.address !== peer.address) return;
    const nowMs = monotonicMs();
    if (!this.#reportPace.take(nowMs)) return;
    const { srtp } = this.#parts;
    const plain = srtp ? srtp.unprotectRtcp(datagram) : datagram;
    if (plain) this.#reports.accept(plain, nowMs, Date.now());
  }

  #sendReport(settings: StreamSettings, nowMs: number, bye: boolean): void {
    const to = this.#latch?.remote;
    const sender = this.#sender;
    if (!to || !sender || to.port === 0) return;
    const sent = { packets: this.#sent, octets: this.#sentOctets, timestamp: sender.timestamp };
    const packet = this.#reports.build(sent, this.#receiver?.arrivals, bye, nowMs, Date.now());
    const { srtp } = this.#parts;
    // Behind NAT RTCP's port follows RTP's; with rtcp-mux it is the same.
    const mux = settings.rtcpPort === settings.remote.port;
    const port = mux ? to.port : to.port === settings.remote.port ? settings.rtcpPort : to.port + 1;
    const socket = mux ? this.#ports.rtp : this.#ports.rtcp;
    if (port > 0 && port < 65_536) socket.send(srtp ? srtp.protectRtcp(packet) : packet, port, to.address, ignore);
  }

  #watchSilence(settings: StreamSettings, nowMs: number): void {
    if (!settings.receive) this.#lastReceivedMs = nowMs;
    const idleMs = nowMs - this.#lastReceivedMs;
    // Whoever puts us on hold without music sends nothing, and may take their time.
    const limitMs = this.#options.mediaTimeoutMs * (settings.send ? 1 : HELD_FACTOR);
    if (this.#silentReported || limitMs === 0 || idleMs < limitMs) return;
    this.#silentReported = true;
    this.#sink.silent(Math.round(idleMs));
  }
}

function ignore(): void {}

/** RFC 5761 §4: on one port the second byte tells, and 64-95 are no payload types. */
function isRtcp(datagram: Buffer): boolean {
  const second = datagram[1];
  return second !== undefined && second >= 192 && second <= 223;
}

function sameFormat(a: StreamFormat, b: StreamFormat): boolean {
  return (
    a.codec === b.codec &&
    a.payloadType === b.payloadType &&
    a.dtmfPayloadType === b.dtmfPayloadType &&
    a.dtmfClockRate === b.dtmfClockRate &&
    a.cnPayloadType === b.cnPayloadType
  );
}

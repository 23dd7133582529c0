import { Arrivals } from './arrivals.js';
import type { OpusPair } from './codec/opus.js';
import { NoiseSource, readComfortNoise } from './comfort-noise.js';
import { chainFor, type DecodeChain } from './decode-chain.js';
import { DtmfReceiver, type Key } from './dtmf.js';
import { JitterEstimator } from './jitter.js';
import {
  type AudioCodec,
  CODECS,
  FRAME_MS,
  type LineFormat,
  lineSilence,
  type RtpPacket,
  sequenceDistance,
  timestampDistance,
} from './packet.js';

/** Where a frame came from: the wire, made up to hide a loss, comfort noise that the peer asked for, or silence because nothing came. */
export type FrameKind = 'audio' | 'concealed' | 'silence' | 'noise';

export interface ReceiverSink {
  /** 20 ms of the line's format. `payload` is the sink's to keep, but not to change. */
  frame(payload: Uint8Array, rtpTimestamp: number, kind: FrameKind, nowMs: number): void;
  key(key: Key): void;
}

export interface ReceiverFormat {
  readonly codec: AudioCodec;
  readonly payloadType: number;
  readonly dtmfPayloadType?: number;
  /** Of the events, where it is not the codec's. */
  readonly dtmfClockRate?: number;
  /** RFC 3389; undefined: not agreed on. Its static number is understood all the same. */
  readonly cnPayloadType?: number;
}

/** What the peer's packets are turned into. */
export interface ReceiverParts {
  readonly format: ReceiverFormat;
  readonly line: LineFormat;
  /** For Opus only; whoever made it frees it. */
  readonly opus?: OpusPair | undefined;
}

const EARLY_PACKETS = 16;
/** A sequence jump wider than this is a new stream, not loss (RFC 3550 A.1 uses 3000 and 100; calls are short, so is this). */
const RESYNC_DISTANCE = 100;
/** Lost audio up to this long is filled in place; longer gaps are left to the clock. */
const MAX_CONCEAL_FRAMES = 10;
/** Made-up frames before silence: by then the concealment has faded. */
const CONCEALED_FRAMES = 3;
/** Nothing for this long: the peer is silent (or gone) and silence goes on in its place. */
const GAP_MS = 200;
/** A clock that stood still (the machine slept, the thread was starved) is made up for up to this much; what is older is past, and nobody waits for it. */
const MAX_CATCH_UP_MS = 1000;
/** A missing packet is waited for at least so long after its follower came. */
const SHORTEST_WAIT_MS = 10;
const STATIC_CN_TYPE = 13;

/**
 * One direction of one call: RTP packets in, an unbroken line of 20 ms frames out. What is in order goes on at once, because a recogniser has no use for delay; a packet that is missing
 * is waited for as long as the network's own jitter makes it worth (20 to 120 ms), and then made up. With `fill` the line goes on while nothing comes.
 */
export class RtpReceiver {
  readonly #sink: ReceiverSink;
  readonly #fill: boolean;
  readonly #dtmf = new DtmfReceiver();
  readonly #jitter = new JitterEstimator();
  readonly #early = new Map<number, { packet: RtpPacket; atMs: number }>();
  #format: ReceiverFormat;
  #line: LineFormat;
  #opus: OpusPair | undefined;
  #chain: DecodeChain;
  #unitsPerMs: number;
  #frameUnits: number;
  #arrivals: Arrivals | undefined;
  #expectedSequence: number | undefined;
  #expectedTimestamp: number | undefined;
  /** Media time of the last packet, without wraps. */
  #mediaUnits = 0;
  #mediaTimestamp: number | undefined;
  #lastOutMs: number;
  #inGap = false;
  #filledInGap = 0;
  #noise: NoiseSource | undefined;
  /** The gap before the next audio is a key's time, or a pause that the peer told of. */
  #pause = false;

  /** Counters of the call, over all its sources. */
  readonly stats = { packets: 0, late: 0, duplicates: 0, lost: 0, concealedFrames: 0, noiseFrames: 0, resyncs: 0 };

  constructor(parts: ReceiverParts, sink: ReceiverSink, options: { readonly fill: boolean; readonly nowMs: number }) {
    this.#sink = sink;
    this.#fill = options.fill;
    this.#lastOutMs = options.nowMs;
    this.#format = parts.format;
    this.#line = parts.line;
    this.#opus = parts.opus;
    const { clockRate, frameUnits } = CODECS[parts.format.codec];
    this.#unitsPerMs = clockRate / 1000;
    this.#frameUnits = frameUnits;
    this.#dtmf.unitsPerMs = (parts.format.dtmfClockRate ?? clockRate) / 1000;
    this.#chain = this.#newChain();
  }

  /** The source being received; undefined before the first packet. */
  get arrivals(): Arrivals | undefined {
    return this.#arrivals;
  }

  get jitterMs(): number {
    return (this.#arrivals?.jitter ?? 0) / this.#unitsPerMs;
  }

  /** How long a missing packet is waited for now. */
  get depthMs(): number {
    return this.#jitter.depthMs;
  }

  /** New payload numbers or codec after a re-negotiation; the sequence starts anew. */
  reformat(parts: ReceiverParts): void {
    this.#format = parts.format;
    this.#line = parts.line;
    this.#opus = parts.opus;
    const { clockRate, frameUnits } = CODECS[parts.format.codec];
    this.#unitsPerMs = clockRate / 1000;
    this.#frameUnits = frameUnits;
    this.#dtmf.unitsPerMs = (parts.format.dtmfClockRate ?? clockRate) / 1000;
    this.#restart(undefined);
  }

  /** True when the packet's payload type is one that was negotiated, or comfort noise. */
  accepts(packet: RtpPacket): boolean {
    const type = packet.payloadType;
    const { payloadType, dtmfPayloadType } = this.#format;
    return type === payloadType || type === dtmfPayloadType || this.#isNoise(type);
  }

  accept(packet: RtpPacket, nowMs: number): void {
    if (!this.accepts(packet)) return;
    if (packet.ssrc !== this.#arrivals?.ssrc) this.#restart(packet.ssrc);
    const arrivals = this.#arrivals as Arrivals;
    const expected = this.#expectedSequence;
    const distance = expected === undefined ? 0 : sequenceDistance(packet.sequence, expected);
    if (Math.abs(distance) > RESYNC_DISTANCE) {
      this.stats.resyncs++;
      this.#drainEarly(nowMs);
      this.#restart(packet.ssrc);
      this.#arrivals?.rebase(packet.sequence);
      this.stats.packets++;
      this.#deliver(packet, nowMs);
      return;
    }
    if (!arrivals.count(packet.sequence)) {
      this.stats.duplicates++;
      return;
    }
    this.stats.packets++;
    this.#time(packet, nowMs);
    if (distance < 0) this.stats.late++;
    else if (distance === 0) {
      this.#deliver(packet, nowMs);
      this.#releaseInOrder(nowMs);
    } else {
      this.#early.set(packet.sequence, { packet, atMs: nowMs });
      if (this.#early.size >= EARLY_PACKETS) this.#skipToEarly(nowMs);
    }
  }

  /** Call every 20 ms. */
  tick(nowMs: number): void {
    for (const key of this.#dtmf.poll(nowMs)) this.#sink.key(key);
    if (this.#early.size > 0) {
      const oldest = this.#early.values().next().value;
      if (oldest && nowMs >= this.#giveUpMs(oldest.atMs)) this.#skipToEarly(nowMs);
    }
    if (!this.#fill || this.#early.size > 0) return;
    const idleMs = nowMs - this.#lastOutMs;
    if (idleMs < (this.#inGap || this.#noise ? FRAME_MS : GAP_MS)) return;
    this.#inGap = true;
    this.#lastOutMs = Math.max(this.#lastOutMs, nowMs - MAX_CATCH_UP_MS);
    for (let missing = Math.floor((nowMs - this.#lastOutMs) / FRAME_MS); missing > 0; missing--) {
      this.#lastOutMs += FRAME_MS;
      this.#fillOne(this.#filledInGap++, this.#expectedTimestamp ?? 0, nowMs, undefined);
    }
  }

  #isNoise(type: number): boolean {
    return type === (this.#format.cnPayloadType ?? STATIC_CN_TYPE);
  }

  #newChain(): DecodeChain {
    return chainFor(this.#format.codec, this.#line, this.#opus);
  }

  #restart(ssrc: number | undefined): void {
    for (const key of this.#dtmf.reset()) this.#sink.key(key);
    if (ssrc === undefined) this.#arrivals = undefined;
    else if (ssrc !== this.#arrivals?.ssrc) this.#arrivals = new Arrivals(ssrc, this.#unitsPerMs);
    this.#early.clear();
    this.#expectedSequence = undefined;
    this.#expectedTimestamp = undefined;
    this.#mediaTimestamp = undefined;
    this.#chain = this.#newChain();
    this.#noise = undefined;
    this.#pause = false;
    this.#jitter.reset();
  }

  /** Measures a packet of audio against the clock. */
  #time(packet: RtpPacket, nowMs: number): void {
    if (packet.payloadType !== this.#format.payloadType) return;
    this.#arrivals?.measure(packet.timestamp, nowMs);
    this.#mediaUnits +=
      this.#mediaTimestamp === undefined ? 0 : timestampDistance(packet.timestamp, this.#mediaTimestamp);
    this.#mediaTimestamp = packet.timestamp;
    this.#jitter.observe(nowMs, this.#mediaUnits / this.#unitsPerMs);
  }

  /** Until when the packet before the waiting ones may still come. */
  #giveUpMs(followerMs: number): number {
    const { depthMs } = this.#jitter;
    if (this.#expectedTimestamp === undefined || this.#mediaTimestamp === undefined) return followerMs + depthMs;
    const media = this.#mediaUnits + timestampDistance(this.#expectedTimestamp, this.#mediaTimestamp);
    const dueMs = this.#jitter.expectedMs(media / this.#unitsPerMs) + depthMs;
    return Math.min(followerMs + depthMs, Math.max(followerMs + SHORTEST_WAIT_MS, dueMs));
  }

  /** Gives up on what is missing before the earliest waiting packet. */
  #skipToEarly(nowMs: number): void {
    const base = this.#expectedSequence;
    if (base === undefined) return;
    let nearest: number | undefined;
    for (const sequence of this.#early.keys()) {
      if (nearest === undefined || sequenceDistance(sequence, base) < sequenceDistance(nearest, base))
        nearest = sequence;
    }
    if (nearest === undefined) return;
    this.stats.lost += sequenceDistance(nearest, base);
    this.#expectedSequence = nearest;
    this.#releaseInOrder(nowMs);
  }

  #releaseInOrder(nowMs: number): void {
    while (this.#early.size > 0) {
      const sequence = this.#expectedSequence;
      const next = sequence === undefined ? undefined : this.#early.get(sequence);
      if (sequence === undefined || next === undefined) return;
      this.#early.delete(sequence);
      this.#deliver(next.packet, nowMs);
    }
  }

  #drainEarly(nowMs: number): void {
    while (this.#early.size > 0) this.#skipToEarly(nowMs);
  }

  #deliver(packet: RtpPacket, nowMs: number): void {
    this.#expectedSequence = (packet.sequence + 1) & 0xffff;
    const { payloadType, dtmfPayloadType } = this.#format;
    if (packet.payloadType === dtmfPayloadType) {
      this.#pause = true;
      for (const key of this.#dtmf.accept(packet.timestamp, packet.payload, nowMs)) this.#sink.key(key);
    } else if (packet.payloadType === payloadType) {
      if (packet.payload.length > 0) this.#voice(packet, nowMs);
    } else {
      this.#quiet(packet, nowMs);
    }
  }

  /** Comfort noise: from here on the peer is silent on purpose. */
  #quiet(packet: RtpPacket, nowMs: number): void {
    const dbov = readComfortNoise(packet.payload);
    if (dbov === undefined) return;
    this.#pause = true;
    if (this.#noise) this.#noise.setLevel(this.#line, dbov);
    else {
      this.#noise = new NoiseSource(this.#line, dbov);
      if (!this.#inGap) this.#lastOutMs = nowMs - FRAME_MS;
    }
  }

  #voice(packet: RtpPacket, nowMs: number): void {
    this.#concealBefore(packet, nowMs);
    this.#noise = undefined;
    this.#pause = false;
    this.#inGap = false;
    this.#filledInGap = 0;
    this.#lastOutMs = nowMs;
    let { timestamp } = packet;
    const units = this.#chain.push(packet.payload, (frame) => {
      this.#sink.frame(frame, timestamp, 'audio', nowMs);
      timestamp = (timestamp + this.#frameUnits) >>> 0;
    });
    this.#expectedTimestamp = (packet.timestamp + units) >>> 0;
  }

  /** Fills what the timestamps say is missing, less what the clock has filled already. */
  #concealBefore(packet: RtpPacket, nowMs: number): void {
    const expected = this.#expectedTimestamp;
    if (expected === undefined) return;
    const gapUnits = timestampDistance(packet.timestamp, expected);
    if (gapUnits === 0) return;
    // What is left of a cut frame belongs before the gap.
    const rest = this.#chain.flush();
    if (rest) this.#sink.frame(rest, expected, 'audio', nowMs);
    const frames = Math.round(gapUnits / this.#frameUnits);
    if (!this.#fill || frames <= 0 || frames > MAX_CONCEAL_FRAMES) return;
    for (let index = this.#filledInGap; index < frames; index++) {
      const next = index === frames - 1 ? packet.payload : undefined;
      if (this.#fillOne(index, (expected + index * this.#frameUnits) >>> 0, nowMs, next)) this.stats.concealedFrames++;
    }
  }

  /** The frame number `index` of a gap; true when it was made up. */
  #fillOne(index: number, timestamp: number, nowMs: number, next: Uint8Array | undefined): boolean {
    if (this.#noise) {
      this.stats.noiseFrames++;
      this.#sink.frame(this.#noise.next(), timestamp, 'noise', nowMs);
      return false;
    }
    const made = this.#pause || index >= CONCEALED_FRAMES ? undefined : this.#chain.conceal(next);
    this.#sink.frame(made ?? lineSilence(this.#line), timestamp, made ? 'concealed' : 'silence', nowMs);
    return made !== undefined;
  }
}

import { DtmfReceiver, type Key } from './dtmf.js';
import {
  FRAME_BYTES,
  FRAME_MS,
  type G711,
  G711_SILENCE,
  type RtpPacket,
  sequenceDistance,
  timestampDistance,
} from './packet.js';

/** Where a frame came from: the wire, repeated to hide a lost packet, or silence because nothing came. */
export type FrameKind = 'audio' | 'concealed' | 'silence';

export interface ReceiverSink {
  /** One 20 ms frame of G.711. `payload` is the sink's to keep. */
  frame(payload: Uint8Array, rtpTimestamp: number, kind: FrameKind, nowMs: number): void;
  key(key: Key): void;
}

export interface ReceiverFormat {
  readonly codec: G711;
  readonly payloadType: number;
  readonly dtmfPayloadType?: number;
}

/** A packet that came too early waits this long for the ones before it; baresip and Asterisk keep 40-60 ms too. */
const REORDER_WAIT_MS = 60;
const REORDER_PACKETS = 8;
/** A sequence jump wider than this is a new stream, not loss (RFC 3550 A.1 uses 3000 and 100; calls are short, so is this). */
const RESYNC_DISTANCE = 100;
/** Lost audio up to this long is filled in place; longer gaps are left to the clock. */
const MAX_CONCEAL_FRAMES = 10;
/** Frames that repeat the last one before concealment falls silent. */
const REPEAT_FRAMES = 2;
/** Nothing for this long: the peer is silent (or gone) and silence goes on in its place. */
const GAP_MS = 200;
/** A clock that stood still (the machine slept, the thread was starved) is made up for up to this much; what is older is past, and nobody waits for it. */
const MAX_CATCH_UP_MS = 1000;

/**
 * One direction of one call: RTP packets in, an unbroken line of 20 ms frames out. Packets are put back in order, small losses are hidden, and with
 * `fill` the line goes on as silence while nothing comes, so that the listener's clock never stops.
 */
export class RtpReceiver {
  readonly #sink: ReceiverSink;
  readonly #fill: boolean;
  readonly #dtmf = new DtmfReceiver();
  readonly #early = new Map<number, { packet: RtpPacket; atMs: number }>();
  #format: ReceiverFormat;
  #ssrc: number | undefined;
  #expectedSequence: number | undefined;
  #expectedTimestamp: number | undefined;
  #carry: Uint8Array = new Uint8Array(0);
  #carryTimestamp = 0;
  #lastFrame: Uint8Array | undefined;
  #lastOutMs: number;
  #inGap = false;
  #filledInGap = 0;

  /** Counters for reports and RTCP. */
  readonly stats = { packets: 0, late: 0, lost: 0, concealedFrames: 0, resyncs: 0, jitterUnits: 0, highestSequence: 0 };
  #transit: number | undefined;

  constructor(format: ReceiverFormat, sink: ReceiverSink, options: { readonly fill: boolean; readonly nowMs: number }) {
    this.#format = format;
    this.#sink = sink;
    this.#fill = options.fill;
    this.#lastOutMs = options.nowMs;
  }

  /** SSRC of the stream being received; undefined before the first packet. */
  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  /** New payload numbers or codec after a re-negotiation; the sequence starts anew. */
  reformat(format: ReceiverFormat): void {
    this.#format = format;
    this.#restart(undefined);
  }

  /** True when the packet's payload type is one that was negotiated (comfort noise, 13, included). */
  accepts(packet: RtpPacket): boolean {
    const type = packet.payloadType;
    return type === this.#format.payloadType || type === this.#format.dtmfPayloadType || type === 13;
  }

  accept(packet: RtpPacket, nowMs: number): void {
    if (!this.accepts(packet)) return;
    if (packet.ssrc !== this.#ssrc) this.#restart(packet.ssrc);
    this.stats.packets++;
    this.#measureJitter(packet, nowMs);
    const distance =
      this.#expectedSequence === undefined ? 0 : sequenceDistance(packet.sequence, this.#expectedSequence);
    if (Math.abs(distance) > RESYNC_DISTANCE) {
      this.stats.resyncs++;
      this.#drainEarly(nowMs);
      this.#restart(packet.ssrc);
      this.#deliver(packet, nowMs);
    } else if (distance < 0) {
      this.stats.late++;
    } else if (distance === 0) {
      this.#deliver(packet, nowMs);
      this.#releaseInOrder(nowMs);
    } else {
      this.#early.set(packet.sequence, { packet, atMs: nowMs });
      if (this.#early.size >= REORDER_PACKETS) this.#skipToEarly(nowMs);
    }
  }

  /** Call every 20 ms. */
  tick(nowMs: number): void {
    for (const key of this.#dtmf.poll(nowMs)) this.#sink.key(key);
    const oldest = this.#early.values().next().value;
    if (oldest && nowMs - oldest.atMs >= REORDER_WAIT_MS) this.#skipToEarly(nowMs);
    if (!this.#fill || this.#early.size > 0) return;
    const idleMs = nowMs - this.#lastOutMs;
    if (idleMs < (this.#inGap ? FRAME_MS : GAP_MS)) return;
    this.#inGap = true;
    this.#lastOutMs = Math.max(this.#lastOutMs, nowMs - MAX_CATCH_UP_MS);
    for (let missing = Math.floor((nowMs - this.#lastOutMs) / FRAME_MS); missing > 0; missing--) {
      this.#filledInGap++;
      this.#lastOutMs += FRAME_MS;
      this.#sink.frame(this.#silence(), this.#expectedTimestamp ?? 0, 'silence', nowMs);
    }
  }

  #restart(ssrc: number | undefined): void {
    for (const key of this.#dtmf.reset()) this.#sink.key(key);
    this.#ssrc = ssrc;
    this.#early.clear();
    this.#expectedSequence = undefined;
    this.#expectedTimestamp = undefined;
    this.#carry = new Uint8Array(0);
    this.#transit = undefined;
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
    for (;;) {
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
    this.stats.highestSequence = packet.sequence;
    if (packet.payloadType === this.#format.dtmfPayloadType) {
      for (const key of this.#dtmf.accept(packet.timestamp, packet.payload, nowMs)) this.#sink.key(key);
      return;
    }
    if (packet.payloadType !== this.#format.payloadType || packet.payload.length === 0) return;
    this.#concealBefore(packet, nowMs);
    this.#inGap = false;
    this.#filledInGap = 0;
    this.#lastOutMs = nowMs;
    this.#expectedTimestamp = (packet.timestamp + packet.payload.length) >>> 0;
    this.#cut(packet, nowMs);
  }

  /** Fills what the timestamps say is missing, less what the clock has filled already. */
  #concealBefore(packet: RtpPacket, nowMs: number): void {
    if (this.#expectedTimestamp === undefined) return;
    const gapUnits = timestampDistance(packet.timestamp, this.#expectedTimestamp);
    if (gapUnits === 0) return;
    // What is left of a cut frame belongs before the gap.
    if (this.#carry.length > 0) {
      const padded = this.#silence();
      padded.set(this.#carry);
      this.#carry = new Uint8Array(0);
      this.#out(padded, this.#carryTimestamp, 'audio', nowMs);
    }
    const frames = Math.round(gapUnits / FRAME_BYTES);
    if (!this.#fill || frames <= 0 || frames > MAX_CONCEAL_FRAMES) return;
    const expected = this.#expectedTimestamp;
    for (let index = this.#filledInGap; index < frames; index++) {
      const repeat = index < REPEAT_FRAMES && this.#lastFrame;
      this.stats.concealedFrames++;
      this.#sink.frame(
        repeat ? Uint8Array.from(repeat) : this.#silence(),
        (expected + index * FRAME_BYTES) >>> 0,
        'concealed',
        nowMs,
      );
    }
  }

  /** Any packet time in, 20 ms out. */
  #cut(packet: RtpPacket, nowMs: number): void {
    if (this.#carry.length === 0 && packet.payload.length === FRAME_BYTES) {
      this.#out(Uint8Array.from(packet.payload), packet.timestamp, 'audio', nowMs);
      return;
    }
    if (this.#carry.length === 0) this.#carryTimestamp = packet.timestamp;
    const all = new Uint8Array(this.#carry.length + packet.payload.length);
    all.set(this.#carry);
    all.set(packet.payload, this.#carry.length);
    let at = 0;
    for (; at + FRAME_BYTES <= all.length; at += FRAME_BYTES) {
      this.#out(all.slice(at, at + FRAME_BYTES), (this.#carryTimestamp + at) >>> 0, 'audio', nowMs);
    }
    this.#carryTimestamp = (this.#carryTimestamp + at) >>> 0;
    this.#carry = all.slice(at);
  }

  #out(frame: Uint8Array, timestamp: number, kind: FrameKind, nowMs: number): void {
    this.#lastFrame = frame;
    this.#sink.frame(frame, timestamp, kind, nowMs);
  }

  #silence(): Uint8Array {
    return new Uint8Array(FRAME_BYTES).fill(G711_SILENCE[this.#format.codec]);
  }

  /** Interarrival jitter, RFC 3550 §6.4.1. */
  #measureJitter(packet: RtpPacket, nowMs: number): void {
    if (packet.payloadType !== this.#format.payloadType) return;
    const transit = nowMs * 8 - packet.timestamp;
    if (this.#transit !== undefined) {
      const difference = Math.abs(transit - this.#transit);
      // A wrapped timestamp or a pause would swamp the average.
      if (difference < 80_000) this.stats.jitterUnits += (difference - this.stats.jitterUnits) / 16;
    }
    this.#transit = transit;
  }
}

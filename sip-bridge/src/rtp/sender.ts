import type { OpusPair } from './codec/opus.js';
import { comfortNoisePayload, NoiseSource } from './comfort-noise.js';
import { dtmfPayloads } from './dtmf.js';
import { FrameEncoder } from './encoder.js';
import { CODECS, type LineFormat, lineSilence } from './packet.js';
import { PlayoutQueue } from './playout.js';
import type { StreamFormat } from './wire.js';

/** Pause between two keys of a `digits` call, RFC 4733 leaves it to us; phones use 40-100 ms. */
const DIGIT_PAUSE_TICKS = 4;
const MAX_DIGITS = 64;
/** While silence is told of and not sent: a packet in this time keeps a NAT's binding and the peer's media time-out quiet. */
const CN_TICKS = 20;
/** Sound stops; so long after it the line is idle (a gap between two pieces of speech is not). */
const IDLE_TICKS = 10;
/** Of announcements that wait: two minutes. */
const MAX_ANNOUNCED_FRAMES = 6000;

export interface IdleOptions {
  /** Level of the noise that is heard while nothing is said; undefined: digital silence. */
  readonly idleDbov: number | undefined;
  /** RFC 3389 packets instead of a stream, where that was agreed on. */
  readonly sendComfortNoise: boolean;
}

export interface SenderSink {
  mark(name: string): void;
  packet(payloadType: number, marker: boolean, timestamp: number, payload: Uint8Array): void;
}

/** What a peer hears, frame by frame: keys, announcements, what is queued, and in between the soft noise of a line that is open. */
export class RtpSender {
  readonly queue: PlayoutQueue;
  readonly line: LineFormat;
  readonly #sink: SenderSink;
  readonly #idle: IdleOptions;
  readonly #announcement: PlayoutQueue;
  #announced: (() => void) | undefined;
  #noise: NoiseSource | undefined;
  #encoder: FrameEncoder;
  #frameUnits: number;
  #timestamp: number;
  #marker = true;
  #released = false;
  #idleTicks = 0;
  #digits: { payloads: Uint8Array[]; begun: boolean; pauseTicks: number }[] = [];
  #digitTimestamp = 0;
  #digitsDone: (() => void)[] = [];

  constructor(
    format: StreamFormat,
    line: LineFormat,
    opus: OpusPair | undefined,
    options: IdleOptions & { readonly maxQueueFrames: number; readonly timestamp: number },
    sink: SenderSink,
  ) {
    this.line = line;
    this.queue = new PlayoutQueue(options.maxQueueFrames, line);
    this.#announcement = new PlayoutQueue(MAX_ANNOUNCED_FRAMES, line);
    this.#idle = options;
    this.#sink = sink;
    this.#timestamp = options.timestamp;
    this.#frameUnits = CODECS[format.codec].frameUnits;
    this.#encoder = new FrameEncoder(line, format.codec, opus);
    if (options.idleDbov !== undefined) this.#noise = new NoiseSource(line, options.idleDbov);
  }

  get timestamp(): number {
    return this.#timestamp;
  }

  reformat(format: StreamFormat, opus: OpusPair | undefined): void {
    this.#frameUnits = CODECS[format.codec].frameUnits;
    this.#encoder = new FrameEncoder(this.line, format.codec, opus);
    this.#marker = true;
  }

  /** The call is up on both sides: what is queued may be heard. */
  release(): void {
    this.#released = true;
  }

  /** The next packet begins a talkspurt. */
  mark(): void {
    this.#marker = true;
  }

  /** Heard before everything else, whatever is cleared. `done` when it was. */
  announce(payload: Uint8Array, done: () => void): void {
    this.#announced?.();
    this.#announcement.clear(0);
    this.#announcement.push(payload);
    this.#announced = done;
  }

  /** Keys as RFC 4733 events, in place of audio. `done` is called when they are out, at once when events were not negotiated. */
  sendDigits(format: StreamFormat, digits: string, durationMs: number, done: () => void): void {
    if (format.dtmfPayloadType === undefined) {
      done();
      return;
    }
    const unitsPerMs = (format.dtmfClockRate ?? CODECS[format.codec].clockRate) / 1000;
    for (const digit of digits.slice(0, MAX_DIGITS)) {
      if (this.#digits.length >= MAX_DIGITS) break;
      const payloads = dtmfPayloads(digit, durationMs, unitsPerMs);
      if (payloads.length > 0) this.#digits.push({ payloads, begun: false, pauseTicks: DIGIT_PAUSE_TICKS });
    }
    this.#digitsDone.push(done);
  }

  /** Time that was lost to a stall: the timestamp jumps over it, so that the peer sees the gap as it was. */
  skip(frames: number): void {
    this.#timestamp = (this.#timestamp + frames * this.#frameUnits) >>> 0;
    this.#marker = true;
  }

  /** 20 ms. `relayed` is what a joined call says. Returns what the peer hears of it, in the line's format; undefined: nothing. */
  tick(
    format: StreamFormat,
    send: boolean,
    relayed: (() => Uint8Array | undefined) | undefined,
  ): Uint8Array | undefined {
    const heard = this.#sendDigit(format) ? undefined : this.#sendAudio(format, send, relayed);
    this.#timestamp = (this.#timestamp + this.#frameUnits) >>> 0;
    return heard;
  }

  close(): void {
    for (const done of this.#digitsDone.splice(0)) done();
    this.#announced?.();
    this.#announced = undefined;
  }

  #nextFrame(relayed: (() => Uint8Array | undefined) | undefined): Uint8Array | undefined {
    if (!this.#released) return undefined;
    if (this.#announced) {
      const frame = this.#announcement.next(() => {});
      if (frame) return frame;
      this.#announced();
      this.#announced = undefined;
    }
    const own = this.queue.next((name) => this.#sink.mark(name));
    return own ?? relayed?.();
  }

  #sendAudio(
    format: StreamFormat,
    send: boolean,
    relayed: (() => Uint8Array | undefined) | undefined,
  ): Uint8Array | undefined {
    const frame = this.#nextFrame(relayed);
    if (!send) return undefined;
    if (frame) {
      if (this.#idleTicks > IDLE_TICKS && this.#idle.sendComfortNoise) this.#marker = true;
      this.#idleTicks = 0;
    } else {
      this.#idleTicks++;
      if (this.#tellsOfSilence(format)) return undefined;
    }
    const sounding = frame ?? this.#noise?.next() ?? lineSilence(this.line);
    this.#sink.packet(format.payloadType, this.#marker, this.#timestamp, this.#encoder.encode(sounding));
    this.#marker = false;
    return sounding;
  }

  /** RFC 3389: a packet that says how loud the silence is, now and then, and nothing in between. */
  #tellsOfSilence({ cnPayloadType }: StreamFormat): boolean {
    if (!this.#idle.sendComfortNoise || cnPayloadType === undefined || this.#idleTicks <= IDLE_TICKS) return false;
    if ((this.#idleTicks - IDLE_TICKS) % CN_TICKS === 1) {
      this.#sink.packet(cnPayloadType, false, this.#timestamp, comfortNoisePayload(this.#idle.idleDbov ?? -127));
    }
    return true;
  }

  /** True when a key takes this frame's place. */
  #sendDigit(format: StreamFormat): boolean {
    const current = this.#digits[0];
    const type = format.dtmfPayloadType;
    if (!current || type === undefined) {
      for (const done of this.#digitsDone.splice(0)) done();
      this.#digits = [];
      return false;
    }
    const payload = current.payloads.shift();
    if (payload) {
      if (!current.begun) this.#digitTimestamp = this.#timestamp;
      this.#sink.packet(type, !current.begun, this.#digitTimestamp, payload);
      current.begun = true;
      return true;
    }
    if (--current.pauseTicks <= 0) this.#digits.shift();
    return false;
  }
}

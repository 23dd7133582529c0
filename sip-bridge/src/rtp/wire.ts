import type { AudioCodec, LineFormat } from './packet.js';
import type { FrameKind } from './receiver.js';
import type { SrtpKeys } from './srtp.js';

/** What passes between the main thread and the thread that owns the sockets. Audio goes packed, one buffer a batch; the rest as plain objects. */

export interface StreamFormat {
  readonly codec: AudioCodec;
  readonly payloadType: number;
  /** RFC 4733 events, at the codec's clock rate where the next line says nothing else. */
  readonly dtmfPayloadType?: number;
  readonly dtmfClockRate?: number;
  /** RFC 3389. */
  readonly cnPayloadType?: number;
}

export interface StreamRemote {
  /** An IP address, never a name. */
  readonly address: string;
  readonly port: number;
}

export interface StreamSettings {
  readonly format: StreamFormat;
  /** What `play` takes and `frame` brings, for as long as the stream lives: only the first one counts. */
  readonly line: LineFormat;
  readonly remote: StreamRemote;
  /** Where RTCP goes: the same port with rtcp-mux (RFC 5761), else the next one or what `a=rtcp` says. */
  readonly rtcpPort: number;
  /** False: the peer does not want to hear us (hold). Playout goes on in silence, and theirs is waited for far longer. */
  readonly send: boolean;
  /** False: the peer said that it sends nothing, so its silence is no sign of death. */
  readonly receive: boolean;
  readonly srtp?: SrtpKeys;
}

export type ControlMessage =
  | {
      readonly type: 'open';
      readonly request: number;
      readonly stream: number;
      readonly host: string;
      readonly portMin: number;
      readonly portMax: number;
      readonly fill: boolean;
      readonly maxQueueFrames: number;
      readonly mediaTimeoutMs: number;
      readonly cname: string;
      /** Networks that RTP may come from besides the signalled address; undefined: any. */
      readonly latchFrom?: readonly string[] | undefined;
      readonly idleDbov?: number | undefined;
      readonly sendComfortNoise: boolean;
    }
  | { readonly type: 'configure'; readonly stream: number; readonly settings: StreamSettings }
  | { readonly type: 'release'; readonly stream: number }
  | {
      readonly type: 'digits';
      readonly stream: number;
      readonly request: number;
      readonly digits: string;
      readonly durationMs: number;
    }
  /** What one receives the other plays, and the keys too, until one of them is closed. */
  | { readonly type: 'join'; readonly stream: number; readonly with: number }
  /** Heard by the peer before everything else; answered when it was, or at the end. */
  | { readonly type: 'announce'; readonly stream: number; readonly request: number; readonly payload: Uint8Array }
  | {
      readonly type: 'record';
      readonly stream: number;
      readonly request: number;
      readonly state: 'on' | 'paused' | 'off';
    }
  /** How it goes so far: `StreamStats`. */
  | { readonly type: 'report'; readonly stream: number; readonly request: number }
  | { readonly type: 'close'; readonly stream: number; readonly request: number }
  | { readonly type: 'stats'; readonly request: number };

export interface StreamStats {
  readonly sentPackets: number;
  readonly receivedPackets: number;
  readonly lostPackets: number;
  readonly latePackets: number;
  readonly duplicatePackets: number;
  /** From an address that they may not come from. */
  readonly foreignPackets: number;
  /** SRTP that was forged, damaged or repeated. */
  readonly refusedPackets: number;
  readonly concealedFrames: number;
  readonly noiseFrames: number;
  readonly jitterMs: number;
  /** How long a missing packet is waited for, at the end. */
  readonly depthMs: number;
  readonly encrypted: boolean;
  /** From RTCP; undefined when the peer sent no report on us. */
  readonly roundTripMs?: number;
  readonly worstRoundTripMs?: number;
  readonly remoteLossPercent?: number;
  readonly remoteJitterMs?: number;
  readonly reportsReceived: number;
  readonly droppedFrames: number;
}

export interface EngineStats {
  readonly streams: number;
  /** Pacer wake-ups that came more than half a frame late. */
  readonly lateTicks: number;
  /** Frames that were never sent because the thread had stalled for longer than the catch-up. */
  readonly skippedFrames: number;
  readonly worstLateMs: number;
}

export type WorkerMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'reply'; readonly request: number; readonly value: unknown }
  | {
      readonly type: 'refused';
      readonly request: number;
      readonly code: 'RTP_PORTS_EXHAUSTED' | 'CLOSED';
      readonly message: string;
    }
  | { readonly type: 'key'; readonly stream: number; readonly digit: string; readonly durationMs: number }
  | { readonly type: 'mark'; readonly stream: number; readonly name: string }
  | { readonly type: 'cleared'; readonly stream: number; readonly generation: number; readonly playedMs: number }
  | { readonly type: 'overflow'; readonly stream: number; readonly frames: number }
  | { readonly type: 'latched'; readonly stream: number; readonly address: string; readonly port: number }
  | { readonly type: 'silent'; readonly stream: number; readonly idleMs: number }
  /** Both sides, woven, in the line's format. */
  | { readonly type: 'recorded'; readonly stream: number; readonly batch: ArrayBuffer };

/** Main → worker, in order: audio to play, marks, clears. */
export type PlayoutRecord =
  | { readonly kind: 'audio'; readonly stream: number; readonly payload: Uint8Array }
  | { readonly kind: 'mark'; readonly stream: number; readonly name: string }
  | { readonly kind: 'clear'; readonly stream: number; readonly generation: number };

const PLAYOUT_KINDS = ['audio', 'mark', 'clear'] as const;
const PLAYOUT_HEAD_BYTES = 9;

export function packPlayout(records: readonly PlayoutRecord[]): ArrayBuffer {
  const bodies = records.map(bodyOf);
  const total = bodies.reduce((sum, body) => sum + PLAYOUT_HEAD_BYTES + body.length, 0);
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  let at = 0;
  records.forEach((record, index) => {
    const body = bodies[index] ?? new Uint8Array(0);
    view.setUint8(at, PLAYOUT_KINDS.indexOf(record.kind));
    view.setUint32(at + 1, record.stream);
    view.setUint32(at + 5, body.length);
    out.set(body, at + PLAYOUT_HEAD_BYTES);
    at += PLAYOUT_HEAD_BYTES + body.length;
  });
  return out.buffer;
}

function bodyOf(record: PlayoutRecord): Uint8Array {
  if (record.kind === 'audio') return record.payload;
  if (record.kind === 'mark') return new TextEncoder().encode(record.name);
  const body = new Uint8Array(8);
  new DataView(body.buffer).setFloat64(0, record.generation);
  return body;
}

export function* unpackPlayout(buffer: ArrayBuffer): Generator<PlayoutRecord> {
  const view = new DataView(buffer);
  for (let at = 0; at + PLAYOUT_HEAD_BYTES <= buffer.byteLength; ) {
    const kind = PLAYOUT_KINDS[view.getUint8(at)];
    const stream = view.getUint32(at + 1);
    const length = view.getUint32(at + 5);
    const start = at + PLAYOUT_HEAD_BYTES;
    at = start + length;
    if (kind === 'audio') yield { kind, stream, payload: new Uint8Array(buffer, start, length) };
    else if (kind === 'mark')
      yield { kind, stream, name: new TextDecoder().decode(new Uint8Array(buffer, start, length)) };
    else if (kind === 'clear') yield { kind, stream, generation: view.getFloat64(start) };
  }
}

/** Worker → main: frames that were received. */
export interface FrameRecord {
  readonly stream: number;
  readonly payload: Uint8Array;
  readonly rtpTimestamp: number;
  /** `monotonicMs()` at arrival. */
  readonly arrivalMs: number;
  readonly kind: FrameKind;
}

const FRAME_KINDS = ['audio', 'concealed', 'silence', 'noise'] as const;
const FRAME_HEAD_BYTES = 19;

/** Collects frames of all calls into one buffer. */
export class FramePacker {
  #bytes = new Uint8Array(16_384);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  get empty(): boolean {
    return this.#at === 0;
  }

  add(stream: number, payload: Uint8Array, rtpTimestamp: number, arrivalMs: number, kind: FrameKind): void {
    const needed = this.#at + FRAME_HEAD_BYTES + payload.length;
    if (needed > this.#bytes.length) this.#grow(needed);
    const at = this.#at;
    this.#view.setUint32(at, stream);
    this.#view.setUint32(at + 4, rtpTimestamp);
    this.#view.setFloat64(at + 8, arrivalMs);
    this.#view.setUint8(at + 16, FRAME_KINDS.indexOf(kind));
    this.#view.setUint16(at + 17, payload.length);
    this.#bytes.set(payload, at + FRAME_HEAD_BYTES);
    this.#at = needed;
  }

  /** The batch, and an empty packer again. */
  take(): ArrayBuffer {
    const batch = this.#bytes.buffer.slice(0, this.#at);
    this.#at = 0;
    return batch;
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

export function* unpackFrames(buffer: ArrayBuffer): Generator<FrameRecord> {
  const view = new DataView(buffer);
  for (let at = 0; at + FRAME_HEAD_BYTES <= buffer.byteLength; ) {
    const length = view.getUint16(at + 17);
    yield {
      stream: view.getUint32(at),
      rtpTimestamp: view.getUint32(at + 4),
      arrivalMs: view.getFloat64(at + 8),
      kind: FRAME_KINDS[view.getUint8(at + 16)] ?? 'audio',
      payload: new Uint8Array(buffer, at + FRAME_HEAD_BYTES, length),
    };
    at += FRAME_HEAD_BYTES + length;
  }
}

import { bytesToPcm, pcmToBytes } from '../../dsp/wav.js';
import { HearkenError } from '../../errors.js';
import { sameSecret } from './credentials.js';
import type { Pacer } from './pacer.js';
import type { PlatformSession } from './platform-session.js';
import type { CallFacts, Wire } from './wire.js';

/**
 * Asterisk's AudioSocket over TCP: `[type u8][length u16 big-endian][payload]`. Nothing but the call's UUID, sound and keys; Asterisk plays each packet when it comes, so the pace is ours.
 * https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/
 */
export const KIND = { hangup: 0x00, uuid: 0x01, dtmf: 0x03, slin: 0x10, error: 0xff } as const;

/** Sampling rates by packet type; those that a call can't have are left out. */
const RATE_OF: ReadonlyMap<number, number> = new Map([
  [0x10, 8000],
  [0x12, 16_000],
  [0x13, 24_000],
  [0x16, 48_000],
]);
const KIND_OF_RATE: ReadonlyMap<number, number> = new Map([...RATE_OF].map(([kind, rate]) => [rate, kind]));

/** Longest packet: 65,535 by its length field; 1 s of 48 kHz would not fit, 20 ms of it are 1,920 bytes. */
const HEADER_BYTES = 3;
const LONGEST_AUDIO_BYTES = 32_768;
const LONGEST_OTHER_BYTES = 256;
/** How much may wait here to be played: far more than what is ever sent ahead of the ear. */
const MOST_QUEUED = 250;

export interface Packet {
  readonly kind: number;
  readonly payload: Buffer;
}

/** Cuts a byte stream into packets. Holds less than one packet. Throws PROTOCOL_FRAME for a length that no packet of its kind has. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): Packet[] {
    let data = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const packets: Packet[] = [];
    while (data.length >= HEADER_BYTES) {
      const kind = data.readUInt8(0);
      const length = data.readUInt16BE(1);
      if (length > (isAudio(kind) ? LONGEST_AUDIO_BYTES : LONGEST_OTHER_BYTES)) {
        throw new HearkenError('PROTOCOL_FRAME', `A packet of type 0x${kind.toString(16)} had ${length} bytes.`);
      }
      if (data.length < HEADER_BYTES + length) break;
      packets.push({ kind, payload: data.subarray(HEADER_BYTES, HEADER_BYTES + length) });
      data = data.subarray(HEADER_BYTES + length);
    }
    this.#rest = Buffer.from(data);
    return packets;
  }
}

export function encodePacket(kind: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const packet = Buffer.alloc(HEADER_BYTES + payload.length);
  packet.writeUInt8(kind, 0);
  packet.writeUInt16BE(payload.length, 1);
  packet.set(payload, HEADER_BYTES);
  return packet;
}

function isAudio(kind: number): boolean {
  return kind >= 0x10 && kind <= 0x18;
}

export interface AudioSocketWireOptions {
  readonly pacer: Pacer;
  /** 16 hex digits that every UUID must begin with; undefined takes any. */
  readonly secret: string | undefined;
  /** The dialplan will ask what comes next. */
  readonly next?: boolean;
  readonly open: (facts: CallFacts, sampleRate: number, wire: Wire) => PlatformSession;
  /** False when the connection is away or its peer doesn't read. */
  readonly send: (packet: Buffer) => boolean;
  /** Closes once everything sent has been read. */
  readonly end: () => void;
}

type Queued = { readonly samples: Int16Array } | { readonly mark: string };

/** One AudioSocket connection. The call begins with the first sound, which tells its sampling rate. */
export class AudioSocketWire implements Wire {
  readonly answersMarks = true;
  readonly #options: AudioSocketWireOptions;
  readonly #queue: Queued[] = [];
  #queuedFrames = 0;
  #session: PlatformSession | undefined;
  #uuid: string | undefined;
  #kind: number = KIND.slin;
  #silence: Buffer = Buffer.alloc(0);
  #over = false;

  constructor(options: AudioSocketWireOptions) {
    this.#options = options;
  }

  get session(): PlatformSession | undefined {
    return this.#session;
  }

  /** A caller of whom no sound has come is greeted too. */
  greet(): void {
    if (!this.#over && this.#uuid !== undefined) this.begin(8000);
  }

  /** Takes a packet. Throws HearkenError for what the protocol doesn't allow. */
  receive({ kind, payload }: Packet): void {
    if (this.#over) return;
    if (kind === KIND.uuid) this.#identify(payload);
    else if (kind === KIND.hangup) this.#leave('normal', 'the caller hung up');
    else if (kind === KIND.error)
      this.#leave('error', `Asterisk reported error 0x${payload.toString('hex').slice(0, 8)}`);
    else if (this.#uuid === undefined) throw new HearkenError('PROTOCOL_STATE', 'Something came before the UUID.');
    else if (kind === KIND.dtmf) this.begin(8000).pressed(payload.toString('latin1').slice(0, 1));
    else if (isAudio(kind)) this.#audio(kind, payload);
    // Packet types of later versions are left out.
  }

  /** Begins the call, unless it has begun. */
  begin(sampleRate: number): PlatformSession {
    if (this.#session) return this.#session;
    this.#kind = KIND_OF_RATE.get(sampleRate) ?? KIND.slin;
    this.#silence = encodePacket(this.#kind, new Uint8Array((sampleRate / 50) * 2));
    const facts: CallFacts = {
      callId: this.#uuid ?? '',
      direction: 'inbound',
      caller: 'anonymous',
      callee: 'unknown',
      headers: this.#options.next ? { next: 'ask' } : {},
    };
    this.#session = this.#options.open(facts, sampleRate, this);
    this.#options.pacer.add(this);
    return this.#session;
  }

  /** The connection is gone. */
  closed(polite: boolean): void {
    this.#stop();
    this.#session?.ended(polite ? 'normal' : 'lost', polite ? 'the caller hung up' : 'the connection was lost');
  }

  /** Every 20 ms: what is next, or silence, which keeps the caller's leg and Asterisk's own timers alive. */
  tick(): void {
    const next = this.#queue.shift();
    if (next && 'samples' in next) {
      this.#queuedFrames -= 1;
      this.#options.send(encodePacket(this.#kind, pcmToBytes(next.samples)));
    } else this.#options.send(this.#silence);
    // Marks behind it have been reached now.
    while (this.#queue[0] && 'mark' in this.#queue[0]) {
      const reached = this.#queue.shift();
      if (reached && 'mark' in reached) this.#session?.markPlayed(reached.mark);
    }
  }

  play(samples: Int16Array): boolean {
    if (this.#over || this.#queuedFrames >= MOST_QUEUED) return false;
    const frameSamples = this.#silence.length > 0 ? (this.#silence.length - HEADER_BYTES) / 2 : samples.length;
    for (let at = 0; at < samples.length; at += frameSamples) {
      this.#queue.push({ samples: samples.subarray(at, at + frameSamples) });
      this.#queuedFrames += 1;
    }
    return true;
  }

  clear(): void {
    this.#queue.length = 0;
    this.#queuedFrames = 0;
  }

  mark(id: string): void {
    // With nothing before it the mark is there already; not from inside mark(): the caller of it waits for an event.
    if (this.#queue.length === 0) queueMicrotask(() => this.#session?.markPlayed(id));
    else this.#queue.push({ mark: id });
  }

  hangup(): void {
    this.#stop();
    this.#options.send(encodePacket(KIND.hangup));
    this.#options.end();
  }

  #identify(payload: Buffer): void {
    if (this.#uuid !== undefined) throw new HearkenError('PROTOCOL_STATE', 'A second UUID on the same connection.');
    if (payload.length !== 16) throw new HearkenError('PROTOCOL_FRAME', 'The UUID had not 16 bytes.');
    const hex = payload.toString('hex');
    const { secret } = this.#options;
    if (secret !== undefined && !sameSecret(hex.slice(0, secret.length), secret)) {
      throw new HearkenError('UNAUTHORIZED', "The call's UUID does not begin with the secret.", {
        hint: 'Both sides need the same HEARKEN_AUDIOSOCKET_SECRET.',
      });
    }
    this.#uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  #audio(kind: number, payload: Buffer): void {
    const rate = RATE_OF.get(kind);
    if (rate === undefined || (this.#session && kind !== this.#kind)) {
      throw new HearkenError('PROTOCOL_FRAME', `Sound of type 0x${kind.toString(16)} is not taken on this call.`, {
        hint: 'Use slin, slin16, slin24 or slin48, the same for the whole call.',
      });
    }
    if (payload.length % 2 !== 0) throw new HearkenError('PROTOCOL_FRAME', 'A packet ended inside a sample.');
    this.begin(rate).heard(bytesToPcm(payload));
  }

  #leave(cause: 'normal' | 'error', reason: string): void {
    this.#stop();
    this.#session?.ended(cause, reason);
    this.#options.end();
  }

  #stop(): void {
    this.#over = true;
    this.clear();
    this.#options.pacer.remove(this);
  }
}

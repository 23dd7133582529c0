import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SrtcpSession, SrtpSession } from 'werift-rtp';
import { parseRtp, sequenceDistance } from './packet.js';

/** SRTP and SRTCP (RFC 3711, RFC 7714) by werift-rtp. The library is loaded with the first call that needs it. */

export type SrtpSuite = 'AES_CM_128_HMAC_SHA1_80' | 'AEAD_AES_128_GCM' | 'AES_CM_128_HMAC_SHA1_32';

/** In the order of our offers. RFC 4568 §6.2, RFC 7714 §14.2: key and salt together. */
export const SRTP_KEY_BYTES: Readonly<Record<SrtpSuite, number>> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AEAD_AES_128_GCM: 28,
  AES_CM_128_HMAC_SHA1_32: 30,
};
export const SRTP_SUITES = Object.keys(SRTP_KEY_BYTES) as readonly SrtpSuite[];

/** Master key and salt of each direction, base64. Never to be logged. */
export interface SrtpKeys {
  readonly suite: SrtpSuite;
  readonly local: string;
  readonly remote: string;
}

type Library = typeof import('werift-rtp');
let library: Promise<Library> | undefined;

/** RFC 3711 §3.3.2 wants a window of at least 64. */
const WINDOW = 128;
const RTP_HEADER_BYTES = 12;
/** SRTCP ends with an index whose top bit says "encrypted", and the tag (RFC 3711 §3.4; RFC 7714 puts the index last). */
const SRTCP_INDEX_MASK = 0x7fff_ffff;
const SHA1_TAG_BYTES = 10;
/** RFC 4568 §6.2.2: of audio packets only; reports keep the long one. */
const SHORT_TAG_BYTES = 4;

/** Both directions of one call. Contexts live as long as their key: the rollover counter and the replay window belong to it. */
export class SrtpContext {
  readonly keys: SrtpKeys;
  readonly #library: Library;
  readonly #out: { readonly rtp: SrtpSession; readonly rtcp: SrtcpSession };
  readonly #in: { readonly rtp: SrtpSession; readonly rtcp: SrtcpSession };
  readonly #rtpWindows = new Map<number, ReplayWindow>();
  readonly #rtcpWindow = new ReplayWindow();
  /** RTP that was forged, damaged or repeated. Reports are not counted: some phones (baresip) send their first and their last one in the clear. */
  refused = 0;

  private constructor(loaded: Library, keys: SrtpKeys, before?: SrtpContext) {
    this.keys = keys;
    this.#library = loaded;
    const same = before?.keys.suite === keys.suite;
    this.#out = same && before.keys.local === keys.local ? before.#out : open(loaded, keys.suite, keys.local);
    const goesOn = same && before.keys.remote === keys.remote;
    this.#in = goesOn ? before.#in : open(loaded, keys.suite, keys.remote);
    if (goesOn) {
      this.#rtpWindows = before.#rtpWindows;
      this.#rtcpWindow = before.#rtcpWindow;
    }
  }

  /** `before`: what a re-negotiation goes on from; keys that stay keep their state. */
  static async open(keys: SrtpKeys, before?: SrtpContext): Promise<SrtpContext> {
    library ??= import('werift-rtp');
    return new SrtpContext(await library, keys, before);
  }

  protect(packet: Buffer): Buffer {
    const { RtpHeader } = this.#library;
    const header = RtpHeader.deSerialize(packet);
    const sent = this.#out.rtp.encrypt(packet.subarray(header.payloadOffset), header);
    return this.#shortTags ? sent.subarray(0, sent.length - (SHA1_TAG_BYTES - SHORT_TAG_BYTES)) : sent;
  }

  protectRtcp(packet: Buffer): Buffer {
    return this.#out.rtcp.encrypt(packet);
  }

  /** The RTP packet in it; undefined when it is not authentic, or was here before. */
  unprotect(datagram: Buffer): Buffer | undefined {
    const head = parseRtp(datagram);
    if (!head) return undefined;
    const window = this.#rtpWindows.get(head.ssrc) ?? new ReplayWindow();
    const index = window.indexOf(head.sequence);
    if (!window.isNew(index)) return this.#refuse();
    // The library misses a wrap when a hundred packets around it are lost, and with it the rest of the call; the window has counted right (RFC 3711 §3.3.1).
    const counters = this.#in.rtp.remoteContext.srtpSSRCStates;
    counters[head.ssrc] = {
      ssrc: head.ssrc,
      rolloverCounter: Math.floor(index / 2 ** 16),
      lastSequenceNumber: head.sequence,
    };
    try {
      const whole = this.#shortTags ? this.#withLongTag(datagram, index) : datagram;
      if (!whole) return this.#refuse();
      const plain = this.#in.rtp.decrypt(whole);
      window.remember(index);
      // Only authentic sources are remembered, and a call has few.
      if (this.#rtpWindows.size < 16) this.#rtpWindows.set(head.ssrc, window);
      return plain;
    } catch {
      return this.#refuse();
    } finally {
      if (!this.#rtpWindows.has(head.ssrc)) Reflect.deleteProperty(counters, head.ssrc);
    }
  }

  unprotectRtcp(datagram: Buffer): Buffer | undefined {
    const end = datagram.length - (this.keys.suite === 'AEAD_AES_128_GCM' ? 0 : SHA1_TAG_BYTES) - 4;
    if (end < 8) return undefined;
    const index = datagram.readUInt32BE(end) & SRTCP_INDEX_MASK;
    if (!this.#rtcpWindow.isNew(index)) return undefined;
    try {
      const plain = this.#in.rtcp.decrypt(datagram);
      this.#rtcpWindow.remember(index);
      return plain;
    } catch {
      return undefined;
    }
  }

  get #shortTags(): boolean {
    return this.keys.suite === 'AES_CM_128_HMAC_SHA1_32';
  }

  /** The library knows tags of 80 bits only: once the 32 that came are found right, the packet gets the others. Undefined when they are wrong. */
  #withLongTag(datagram: Buffer, index: number): Buffer | undefined {
    const end = datagram.length - SHORT_TAG_BYTES;
    if (end < RTP_HEADER_BYTES) return undefined;
    const rollover = Buffer.alloc(4);
    rollover.writeUInt32BE(Math.floor(index / 2 ** 16));
    const tag = createHmac('sha1', this.#in.rtp.remoteContext.srtpSessionAuthTag)
      .update(datagram.subarray(0, end))
      .update(rollover)
      .digest()
      .subarray(0, SHA1_TAG_BYTES);
    return timingSafeEqual(tag.subarray(0, SHORT_TAG_BYTES), datagram.subarray(end))
      ? Buffer.concat([datagram.subarray(0, end), tag])
      : undefined;
  }

  #refuse(): undefined {
    this.refused++;
    return undefined;
  }
}

function open(loaded: Library, suite: SrtpSuite, key: string): { rtp: SrtpSession; rtcp: SrtcpSession } {
  const bytes = Buffer.from(key, 'base64');
  const [master, salt] = [bytes.subarray(0, 16), bytes.subarray(16)];
  const profile =
    suite === 'AEAD_AES_128_GCM' ? loaded.ProtectionProfileAeadAes128Gcm : loaded.ProtectionProfileAes128CmHmacSha1_80;
  const keys = { localMasterKey: master, localMasterSalt: salt, remoteMasterKey: master, remoteMasterSalt: salt };
  const config = { profile, keys } as const;
  return { rtp: new loaded.SrtpSession(config), rtcp: new loaded.SrtcpSession(config) };
}

/** Which of the last packets were here: RFC 3711 §3.3.2 and appendix A. */
export class ReplayWindow {
  #highest = -1;
  readonly #slots = new Float64Array(WINDOW).fill(-1);

  /** The packet index of a 16-bit sequence number: the one nearest to the highest so far. */
  indexOf(sequence: number): number {
    if (this.#highest < 0) return sequence;
    return this.#highest + sequenceDistance(sequence, this.#highest & 0xffff);
  }

  isNew(index: number): boolean {
    if (index <= this.#highest - WINDOW || index < 0) return false;
    return this.#slots[index % WINDOW] !== index;
  }

  remember(index: number): void {
    this.#slots[index % WINDOW] = index;
    if (index > this.#highest) this.#highest = index;
  }
}

/** RTP as in RFC 3550 §5.1. Nothing here throws on hostile input: what is not a packet is `undefined`. */

export const RTP_HEADER_BYTES = 12;
/** Larger than any telephone frame (60 ms of L16 at 48 kHz is 5760); more is not ours. */
export const MAX_RTP_BYTES = 8192;

export interface RtpPacket {
  readonly payloadType: number;
  readonly marker: boolean;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  /** A view into the datagram. */
  readonly payload: Uint8Array;
}

export function parseRtp(datagram: Buffer): RtpPacket | undefined {
  if (datagram.length < RTP_HEADER_BYTES || datagram.length > MAX_RTP_BYTES) return undefined;
  const first = datagram.readUInt8(0);
  if (first >> 6 !== 2) return undefined;
  let start = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if (first & 0x10) {
    if (datagram.length < start + 4) return undefined;
    start += 4 + datagram.readUInt16BE(start + 2) * 4;
  }
  let end = datagram.length;
  if (first & 0x20) {
    const padding = datagram.readUInt8(end - 1);
    if (padding === 0) return undefined;
    end -= padding;
  }
  if (start > end) return undefined;
  const second = datagram.readUInt8(1);
  return {
    payloadType: second & 0x7f,
    marker: (second & 0x80) !== 0,
    sequence: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    ssrc: datagram.readUInt32BE(8),
    payload: datagram.subarray(start, end),
  };
}

export function buildRtp(packet: RtpPacket): Buffer {
  const out = Buffer.allocUnsafe(RTP_HEADER_BYTES + packet.payload.length);
  out[0] = 0x80;
  out[1] = (packet.marker ? 0x80 : 0) | (packet.payloadType & 0x7f);
  out.writeUInt16BE(packet.sequence & 0xffff, 2);
  out.writeUInt32BE(packet.timestamp >>> 0, 4);
  out.writeUInt32BE(packet.ssrc >>> 0, 8);
  out.set(packet.payload, RTP_HEADER_BYTES);
  return out;
}

/** How far `sequence` is ahead of `reference`, in -32768…32767 (RFC 1982 arithmetic on 16 bits). */
export function sequenceDistance(sequence: number, reference: number): number {
  return (((sequence - reference) & 0xffff) << 16) >> 16;
}

/** How far `timestamp` is ahead of `reference`, signed 32 bits. */
export function timestampDistance(timestamp: number, reference: number): number {
  return (timestamp - reference) | 0;
}

export type G711 = 'pcmu' | 'pcma';

/** Static payload numbers, RFC 3551 §6. */
export const G711_PAYLOAD_TYPE: Readonly<Record<G711, number>> = { pcmu: 0, pcma: 8 };
/** The code word of silence: ±0 in either law (ITU-T G.711). */
export const G711_SILENCE: Readonly<Record<G711, number>> = { pcmu: 0xff, pcma: 0xd5 };

export const SAMPLE_RATE = 8000;
export const FRAME_MS = 20;
/** Bytes (= samples) of one 20 ms G.711 frame. */
export const FRAME_BYTES = (SAMPLE_RATE * FRAME_MS) / 1000;

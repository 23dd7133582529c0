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
/** What may be on the wire. */
export type AudioCodec = G711 | 'g722' | 'opus';
/** What passes between the RTP thread and everybody else: G.711 as it came off the wire, or 16-bit samples at 16 kHz, little endian. */
export type LineFormat = G711 | 'l16';

export interface CodecFacts {
  /** As in `a=rtpmap`. */
  readonly name: string;
  /** RTP's number where it has one (RFC 3551 §6), else the one that we offer. */
  readonly payloadType: number;
  /** Of RTP timestamps. G.722 says 8000 and means 16,000 (RFC 3551 §4.5.2). */
  readonly clockRate: number;
  readonly channels: number;
  /** Of what comes out of the decoder here. */
  readonly sampleRate: 8000 | 16_000;
  /** Timestamp units of 20 ms. */
  readonly frameUnits: number;
}

export const CODECS: Readonly<Record<AudioCodec, CodecFacts>> = {
  pcmu: { name: 'PCMU', payloadType: 0, clockRate: 8000, channels: 1, sampleRate: 8000, frameUnits: 160 },
  pcma: { name: 'PCMA', payloadType: 8, clockRate: 8000, channels: 1, sampleRate: 8000, frameUnits: 160 },
  g722: { name: 'G722', payloadType: 9, clockRate: 8000, channels: 1, sampleRate: 16_000, frameUnits: 160 },
  opus: { name: 'opus', payloadType: 107, clockRate: 48_000, channels: 2, sampleRate: 16_000, frameUnits: 960 },
};

/** Comfort noise (RFC 3389 §4) where it has its static number. */
export const CN_PAYLOAD_TYPE = 13;
/** The code word of silence: ±0 in either law (ITU-T G.711). */
export const G711_SILENCE: Readonly<Record<G711, number>> = { pcmu: 0xff, pcma: 0xd5 };

export const SAMPLE_RATE = 8000;
export const FRAME_MS = 20;
/** Bytes (= samples) of one 20 ms G.711 frame. */
export const FRAME_BYTES = (SAMPLE_RATE * FRAME_MS) / 1000;

interface LineFacts {
  /** Of 20 ms. */
  readonly frameBytes: number;
  /** Each byte of silence. */
  readonly silence: number;
  readonly sampleRate: 8000 | 16_000;
}

export const LINES: Readonly<Record<LineFormat, LineFacts>> = {
  pcmu: { frameBytes: FRAME_BYTES, silence: G711_SILENCE.pcmu, sampleRate: 8000 },
  pcma: { frameBytes: FRAME_BYTES, silence: G711_SILENCE.pcma, sampleRate: 8000 },
  l16: { frameBytes: FRAME_BYTES * 4, silence: 0, sampleRate: 16_000 },
};

/** How long a piece of line audio is. */
export function lineMs(bytes: number, line: LineFormat): number {
  return (bytes * FRAME_MS) / LINES[line].frameBytes;
}

export function lineSilence(line: LineFormat, frames = 1): Uint8Array {
  const { frameBytes, silence } = LINES[line];
  return new Uint8Array(frameBytes * frames).fill(silence);
}

/** The line that loses nothing of a codec. */
export function lineOf(codec: AudioCodec): LineFormat {
  return codec === 'pcmu' || codec === 'pcma' ? codec : 'l16';
}

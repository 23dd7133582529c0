import { randomInt } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { parse } from 'sdp-transform';
import { BridgeError, messageOf } from './errors.js';
import { FRAME_MS, type G711, G711_PAYLOAD_TYPE } from './rtp/packet.js';

/** Offer and answer (RFC 3264) for one audio stream of G.711 with telephone-event. */

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface AudioFormat {
  readonly codec: G711;
  readonly payloadType: number;
  readonly dtmfPayloadType?: number;
}

/** What the other side said about its audio stream. */
export interface RemoteAudio {
  /** IP address or host name. */
  readonly host: string;
  readonly port: number;
  /** As they see it: `sendonly` means that they send and do not listen. */
  readonly direction: Direction;
  readonly format: AudioFormat;
  /** Our index of the stream among all that were offered. */
  readonly index: number;
}

export interface RemoteDescription {
  /** undefined: no audio stream in it fits. */
  readonly audio: RemoteAudio | undefined;
  /** `m=` lines as they came, for an answer that repeats them. */
  readonly streams: readonly { readonly kind: string; readonly protocol: string; readonly formats: string }[];
}

/** SDP bodies are a few hundred bytes; a large one is an attack or a mistake. */
const MAX_SDP_BYTES = 16_384;
const MAX_SDP_LINES = 400;
const MAX_STREAMS = 16;
/** Our number for events when we offer; 101 is what everybody uses. */
const OFFERED_DTMF_TYPE = 101;
const PROFILES = new Set(['RTP/AVP', 'RTP/AVPF']);

/** Reads an offer or answer. Throws SDP_INVALID on what is not SDP at all. */
export function readSdp(text: string, codecs: readonly G711[]): RemoteDescription {
  if (text.length > MAX_SDP_BYTES || text.split('\n', MAX_SDP_LINES + 1).length > MAX_SDP_LINES) {
    throw new BridgeError(
      'SDP_INVALID',
      `The session description is larger than ${MAX_SDP_BYTES} bytes or ${MAX_SDP_LINES} lines.`,
    );
  }
  if (!/^v=0\r?\n/.test(text)) throw new BridgeError('SDP_INVALID', 'A session description starts with v=0.');
  let session: ReturnType<typeof parse>;
  try {
    session = parse(text);
  } catch (error) {
    throw new BridgeError('SDP_INVALID', `The session description can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const media = Array.isArray(session.media) ? session.media : [];
  if (media.length > MAX_STREAMS) {
    throw new BridgeError('SDP_INVALID', `More than ${MAX_STREAMS} streams in one session description.`);
  }
  const streams = media.map((stream) => ({
    kind: token(stream.type),
    protocol: token(stream.protocol),
    formats: token(String(stream.payloads ?? '0')),
  }));
  for (const [index, stream] of media.entries()) {
    if (stream.type !== 'audio' || stream.port === 0 || !PROFILES.has(stream.protocol)) continue;
    const format = chooseFormat(String(stream.payloads ?? ''), stream.rtp ?? [], codecs);
    const host = stream.connection?.ip ?? session.connection?.ip;
    if (!format || !host || !isPort(stream.port)) continue;
    const direction = readDirection(stream.direction ?? session.direction, host);
    return { audio: { host, port: stream.port, direction, format, index }, streams };
  }
  return { audio: undefined, streams };
}

function isPort(port: unknown): boolean {
  return typeof port === 'number' && Number.isInteger(port) && port > 0 && port <= 65_535;
}

/** Printable and without line breaks, because it is repeated in the answer. */
function token(value: unknown): string {
  return String(value)
    .replace(/[^\x20-\x7e]/g, '')
    .slice(0, 200);
}

function readDirection(value: unknown, host: string): Direction {
  // RFC 2543 put a call on hold with this address; RFC 3264 §8.4 still wants it understood.
  if (host === '0.0.0.0') return 'inactive';
  return value === 'sendonly' || value === 'recvonly' || value === 'inactive' ? value : 'sendrecv';
}

interface RtpMap {
  readonly payload?: number;
  readonly codec?: string;
  readonly rate?: number;
}

/** The first of their formats that we have, and their number for events. */
function chooseFormat(payloads: string, maps: readonly RtpMap[], codecs: readonly G711[]): AudioFormat | undefined {
  const types = payloads
    .split(/\s+/)
    .map(Number)
    .filter((type) => Number.isInteger(type) && type >= 0 && type <= 127);
  const nameOf = (type: number): { codec: string; rate: number } => {
    const map = maps.find((entry) => entry.payload === type);
    if (map) return { codec: String(map.codec).toLowerCase(), rate: Number(map.rate ?? 8000) };
    const known = Object.entries(G711_PAYLOAD_TYPE).find(([, number]) => number === type);
    return { codec: known?.[0] ?? '', rate: 8000 };
  };
  const dtmfPayloadType = types.find((type) => {
    const { codec, rate } = nameOf(type);
    return codec === 'telephone-event' && rate === 8000;
  });
  for (const payloadType of types) {
    const { codec, rate } = nameOf(payloadType);
    const ours = codecs.find((name) => name === codec);
    if (ours && rate === 8000) {
      return { codec: ours, payloadType, ...(dtmfPayloadType === undefined ? {} : { dtmfPayloadType }) };
    }
  }
  return undefined;
}

export function reverse(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}

/** Our side's `o=` line and version, which must grow when what we say changes (RFC 3264 §8). */
export class LocalDescription {
  readonly #host: string;
  readonly #port: number;
  readonly #sessionId = randomInt(1_000_000, 0x7fff_ffff);
  #version = 0;
  #lastBody = '';

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  offer(codecs: readonly G711[], direction: Direction = 'sendrecv'): string {
    const types = codecs.map((codec) => G711_PAYLOAD_TYPE[codec]);
    const maps = codecs.map((codec) => `a=rtpmap:${G711_PAYLOAD_TYPE[codec]} ${codec.toUpperCase()}/8000`);
    return this.#render([
      `m=audio ${this.#port} RTP/AVP ${[...types, OFFERED_DTMF_TYPE].join(' ')}`,
      ...maps,
      ...eventLines(OFFERED_DTMF_TYPE),
      `a=ptime:${FRAME_MS}`,
      `a=${direction}`,
    ]);
  }

  /** All streams of the offer in their order, refused with port 0 but for the audio one (RFC 3264 §6). */
  answer(remote: RemoteDescription): string {
    const lines: string[] = [];
    for (const [index, stream] of remote.streams.entries()) {
      const audio = remote.audio;
      if (!audio || audio.index !== index) {
        lines.push(`m=${stream.kind} 0 ${stream.protocol} ${stream.formats}`);
        continue;
      }
      const { codec, payloadType, dtmfPayloadType } = audio.format;
      const types = dtmfPayloadType === undefined ? [payloadType] : [payloadType, dtmfPayloadType];
      lines.push(
        `m=audio ${this.#port} ${stream.protocol} ${types.join(' ')}`,
        `a=rtpmap:${payloadType} ${codec.toUpperCase()}/8000`,
        ...(dtmfPayloadType === undefined ? [] : eventLines(dtmfPayloadType)),
        `a=ptime:${FRAME_MS}`,
        `a=${reverse(audio.direction)}`,
      );
    }
    return this.#render(lines);
  }

  #render(media: readonly string[]): string {
    const body = media.join('\r\n');
    if (body !== this.#lastBody) this.#version++;
    this.#lastBody = body;
    const family = isIPv6(this.#host) ? 'IP6' : 'IP4';
    return `${[
      'v=0',
      `o=- ${this.#sessionId} ${this.#version} IN ${family} ${this.#host}`,
      's=-',
      `c=IN ${family} ${this.#host}`,
      't=0 0',
      body,
    ].join('\r\n')}\r\n`;
  }
}

function eventLines(type: number): string[] {
  return [`a=rtpmap:${type} telephone-event/8000`, `a=fmtp:${type} 0-15`];
}

/** The SDP part of a SIP body: the body itself, or the part of a multipart body that carriers send beside ISUP. */
export function sdpOf(contentType: string | undefined, body: string): string | undefined {
  if (body === '') return undefined;
  const type = (contentType ?? 'application/sdp').trim();
  if (/^application\/sdp\b/i.test(type)) return body;
  if (!/^multipart\//i.test(type)) return undefined;
  const boundary = /boundary="?([^";]{1,70})"?/i.exec(type)?.[1];
  if (!boundary) return undefined;
  for (const part of body.split(`--${boundary}`).slice(1, 10)) {
    const split = part.indexOf('\r\n\r\n');
    if (split < 0) continue;
    if (/content-type:\s*application\/sdp/i.test(part.slice(0, split))) return part.slice(split + 4);
  }
  return undefined;
}

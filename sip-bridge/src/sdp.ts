import { randomInt } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { parse } from 'sdp-transform';
import { BridgeError, messageOf } from './errors.js';
import { type AudioCodec, CN_PAYLOAD_TYPE, CODECS, FRAME_MS } from './rtp/packet.js';
import { type CryptoLine, LocalKeys, readCrypto } from './sdes.js';

/** Offer and answer (RFC 3264) for one audio stream with telephone-event, comfort noise and SRTP. */

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** SRTP on a trunk: never; where the peer does it as well; or not without. */
export type SrtpPolicy = 'off' | 'optional' | 'required';

export interface AudioFormat {
  readonly codec: AudioCodec;
  readonly payloadType: number;
  readonly dtmfPayloadType?: number;
  /** Of the events, where it is not the codec's. */
  readonly dtmfClockRate?: number;
  readonly cnPayloadType?: number;
}

/** What the other side said about its audio stream. */
export interface RemoteAudio {
  /** IP address or host name. */
  readonly host: string;
  readonly port: number;
  /** With rtcp-mux the same as `port`. */
  readonly rtcpPort: number;
  readonly rtcpMux: boolean;
  /** As they see it: `sendonly` means that they send and do not listen. */
  readonly direction: Direction;
  readonly format: AudioFormat;
  /** The line that is used; undefined: RTP in the clear. */
  readonly crypto?: CryptoLine;
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
/** Our numbers for events when we offer; 101 is what everybody uses. */
const OFFERED_DTMF_TYPE = 101;
const OFFERED_WIDE_DTMF_TYPE = 110;
/** Of events beside every codec of the telephone. */
const EVENT_CLOCK_RATE = 8000;
const CLEAR_PROFILES = new Set(['RTP/AVP', 'RTP/AVPF']);
const SECURE_PROFILES = new Set(['RTP/SAVP', 'RTP/SAVPF']);
/** RFC 7587 §6.1: what we want to hear. */
const OPUS_PARAMETERS = 'maxplaybackrate=16000;sprop-maxcapturerate=16000;stereo=0;useinbandfec=1';

/** Reads an offer or answer. Throws SDP_INVALID on what is not SDP at all. */
export function readSdp(text: string, codecs: readonly AudioCodec[], srtp: SrtpPolicy = 'off'): RemoteDescription {
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
  const found: RemoteAudio[] = [];
  for (const [index, stream] of media.entries()) {
    if (stream.type !== 'audio' || !isPort(stream.port)) continue;
    const crypto = srtp === 'off' ? undefined : readCrypto(stream.crypto ?? [])[0];
    const clear = CLEAR_PROFILES.has(stream.protocol) && srtp !== 'required';
    const secure = (CLEAR_PROFILES.has(stream.protocol) || SECURE_PROFILES.has(stream.protocol)) && crypto;
    if (!clear && !secure) continue;
    const format = chooseFormat(String(stream.payloads ?? ''), stream.rtp ?? [], codecs);
    const host = stream.connection?.ip ?? session.connection?.ip;
    if (!format || !host) continue;
    const rtcpMux = stream.rtcpMux !== undefined;
    const named = stream.rtcp?.port;
    found.push({
      host,
      port: stream.port,
      rtcpMux,
      rtcpPort: rtcpMux ? stream.port : isPort(named) ? Number(named) : Math.min(65_535, stream.port + 1),
      direction: readDirection(stream.direction ?? session.direction, host),
      format,
      ...(crypto ? { crypto } : {}),
      index,
    });
  }
  // Offered both ways, the encrypted one is taken.
  return { audio: found.find(({ crypto }) => crypto) ?? found[0], streams };
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

/** The first of their formats that we have, and their numbers for events and comfort noise at its clock rate. */
function chooseFormat(
  payloads: string,
  maps: readonly RtpMap[],
  codecs: readonly AudioCodec[],
): AudioFormat | undefined {
  const types = payloads
    .split(/\s+/)
    .map(Number)
    .filter((type) => Number.isInteger(type) && type >= 0 && type <= 127);
  const formats = types.map((type) => ({ type, ...nameOf(type, maps) }));
  for (const { type, name, rate } of formats) {
    const codec = codecs.find((one) => one === name && CODECS[one].clockRate === rate);
    if (!codec) continue;
    const numberOf = (wanted: string, clockRate: number): number | undefined =>
      formats.find((format) => format.name === wanted && format.rate === clockRate)?.type;
    const events = numberOf('telephone-event', rate);
    // Beside Opus many exchanges (Asterisk before 20.12) have events at the old clock only: they are keys all the same.
    const slower =
      events === undefined && rate > EVENT_CLOCK_RATE ? numberOf('telephone-event', EVENT_CLOCK_RATE) : undefined;
    const dtmfPayloadType = events ?? slower;
    const cnPayloadType = numberOf('cn', rate);
    return {
      codec,
      payloadType: type,
      ...(dtmfPayloadType === undefined ? {} : { dtmfPayloadType }),
      ...(slower === undefined ? {} : { dtmfClockRate: EVENT_CLOCK_RATE }),
      ...(cnPayloadType === undefined ? {} : { cnPayloadType }),
    };
  }
  return undefined;
}

function nameOf(type: number, maps: readonly RtpMap[]): { name: string; rate: number } {
  const map = maps.find((entry) => entry.payload === type);
  if (map) return { name: String(map.codec).toLowerCase(), rate: Number(map.rate ?? 8000) };
  if (type === CN_PAYLOAD_TYPE) return { name: 'cn', rate: 8000 };
  // Dynamic numbers mean nothing without a line that says what they are.
  const known = Object.entries(CODECS).find(([, { payloadType }]) => payloadType === type && type < 96);
  return { name: known?.[0] ?? '', rate: 8000 };
}

export function reverse(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}

export interface OfferOptions {
  readonly direction?: Direction;
  readonly srtp?: SrtpPolicy;
  /** We would send comfort noise (RFC 3389). */
  readonly comfortNoise?: boolean;
}

/** Our side's `o=` line and version, which must grow when what we say changes (RFC 3264 §8), and our keys. */
export class LocalDescription {
  readonly keys = new LocalKeys();
  readonly #host: string;
  readonly #port: number;
  readonly #sessionId = randomInt(1_000_000, 0x7fff_ffff);
  #version = 0;
  #lastBody = '';
  /** Streams of theirs that we refused, before and after ours: a later offer keeps their places (RFC 3264 §8). */
  #refused: { readonly before: readonly string[]; readonly after: readonly string[] } = { before: [], after: [] };

  constructor(host: string, port: number) {
    this.#host = host;
    this.#port = port;
  }

  /** `optional` is offered as RTP/AVP with keys: who knows SRTP answers with its own, who does not passes them over. */
  offer(codecs: readonly AudioCodec[], options: OfferOptions = {}): string {
    const { direction = 'sendrecv', srtp = 'off', comfortNoise = false } = options;
    const narrow = codecs.some((codec) => CODECS[codec].clockRate === 8000);
    const types = codecs.map((codec) => CODECS[codec].payloadType);
    const noise = narrow && comfortNoise ? [CN_PAYLOAD_TYPE] : [];
    const events = [
      ...(narrow ? [[OFFERED_DTMF_TYPE, 8000] as const] : []),
      ...(codecs.includes('opus') ? [[OFFERED_WIDE_DTMF_TYPE, 48_000] as const] : []),
    ];
    const profile = srtp === 'required' ? 'RTP/SAVP' : 'RTP/AVP';
    return this.#render([
      ...this.#refused.before,
      `m=audio ${this.#port} ${profile} ${[...types, ...noise, ...events.map(([type]) => type)].join(' ')}`,
      ...codecs.flatMap((codec) => codecLines(codec, CODECS[codec].payloadType)),
      ...noise.map((type) => `a=rtpmap:${type} CN/8000`),
      ...events.flatMap(([type, rate]) => eventLines(type, rate)),
      ...(srtp === 'off' ? [] : this.keys.lines()),
      `a=ptime:${FRAME_MS}`,
      'a=rtcp-mux',
      `a=${direction}`,
      ...this.#refused.after,
    ]);
  }

  /** All streams of the offer in their order, refused with port 0 but for the audio one (RFC 3264 §6). */
  answer(remote: RemoteDescription): string {
    const lines: string[] = [];
    const { audio } = remote;
    const refused = remote.streams.map(({ kind, protocol, formats }) => `m=${kind} 0 ${protocol} ${formats}`);
    if (audio) this.#refused = { before: refused.slice(0, audio.index), after: refused.slice(audio.index + 1) };
    for (const [index, stream] of remote.streams.entries()) {
      if (!audio || audio.index !== index) {
        lines.push(refused[index] ?? '');
        continue;
      }
      const { codec, payloadType, dtmfPayloadType, cnPayloadType, dtmfClockRate } = audio.format;
      const types = [payloadType, cnPayloadType, dtmfPayloadType].filter((type) => type !== undefined);
      lines.push(
        `m=audio ${this.#port} ${stream.protocol} ${types.join(' ')}`,
        ...codecLines(codec, payloadType),
        ...(cnPayloadType === undefined ? [] : [`a=rtpmap:${cnPayloadType} CN/8000`]),
        ...(dtmfPayloadType === undefined ? [] : eventLines(dtmfPayloadType, dtmfClockRate ?? CODECS[codec].clockRate)),
        ...(audio.crypto ? [this.keys.line(audio.crypto)] : []),
        `a=ptime:${FRAME_MS}`,
        ...(audio.rtcpMux ? ['a=rtcp-mux'] : []),
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

function codecLines(codec: AudioCodec, type: number): string[] {
  const { name, clockRate, channels } = CODECS[codec];
  const map = `a=rtpmap:${type} ${name}/${clockRate}${channels === 1 ? '' : `/${channels}`}`;
  return codec === 'opus' ? [map, `a=fmtp:${type} ${OPUS_PARAMETERS}`] : [map];
}

function eventLines(type: number, clockRate: number): string[] {
  return [`a=rtpmap:${type} telephone-event/${clockRate}`, `a=fmtp:${type} 0-15`];
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

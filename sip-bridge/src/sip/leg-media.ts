import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { BridgeError } from '../errors.js';
import type { RtpEngine, RtpStream } from '../rtp/engine.js';
import { type AudioCodec, type LineFormat, lineOf } from '../rtp/packet.js';
import type { StreamSettings } from '../rtp/wire.js';
import { type Direction, LocalDescription, type RemoteAudio, readSdp, reverse, type SrtpPolicy } from '../sdp.js';

export interface LegMediaOptions {
  readonly engine: RtpEngine;
  /** Address in our SDP. */
  readonly advertisedHost: string;
  /** In order of preference when we offer. */
  readonly codecs: readonly AudioCodec[];
  readonly fill: boolean;
  readonly maxQueueMs: number;
  readonly mediaTimeoutMs: number;
  /** What frames are in on this side; undefined: whatever loses nothing of the first codec that is agreed on. */
  readonly line?: LineFormat | undefined;
  /** False: wideband codecs are brought down to G.711 on this side. Default true. */
  readonly wideband?: boolean;
  /** Default `off`. */
  readonly srtp?: SrtpPolicy;
  /** Keys may go over signalling that is not TLS: everybody on the way can read them. */
  readonly srtpWithoutTls?: boolean;
  /** Level of the soft noise while there is nothing to say, dBov; undefined: digital silence. */
  readonly idleDbov?: number | undefined;
  /** RFC 3389 where the peer knows it. */
  readonly sendComfortNoise?: boolean;
  /** Networks that RTP may come from besides the address in the SDP; undefined: any. */
  readonly latchFrom?: readonly string[] | undefined;
}

/** How the call is signalled. */
export interface LegSignalling {
  readonly secure: boolean;
  /** Address the signalling comes from: behind NAT the media does too. */
  readonly source?: string | undefined;
}

export interface Answer {
  readonly sdp: string;
  readonly codec: AudioCodec;
  readonly line: LineFormat;
  apply(): void;
}

/** One leg's audio: its RTP stream and what was agreed about it. */
export class LegMedia {
  readonly stream: RtpStream;
  readonly #options: LegMediaOptions;
  readonly #srtp: SrtpPolicy;
  readonly #local: LocalDescription;
  #settings: StreamSettings | undefined;
  #line: LineFormat | undefined;
  /** What we want ourselves. What a peer that holds us left of it must not be our next offer: it could never end its hold (RFC 6337 §5.3). */
  #wanted: Direction = 'sendrecv';
  #lastSent: string | undefined;

  private constructor(stream: RtpStream, options: LegMediaOptions, srtp: SrtpPolicy) {
    this.stream = stream;
    this.#options = options;
    this.#srtp = srtp;
    this.#line = options.line;
    this.#local = new LocalDescription(options.advertisedHost, stream.port);
  }

  /** Binds the ports. Throws RTP_PORTS_EXHAUSTED, SRTP_NEEDS_TLS. */
  static async open(options: LegMediaOptions, signalling: LegSignalling): Promise<LegMedia> {
    const { srtp = 'off', srtpWithoutTls = false, latchFrom } = options;
    const keysAllowed = signalling.secure || srtpWithoutTls;
    if (srtp === 'required' && !keysAllowed) {
      throw new BridgeError(
        'SRTP_NEEDS_TLS',
        'SRTP is required here, and its keys would cross the network in the clear.',
        {
          hint: 'Signal over TLS, or set bridge.rtp.srtpWithoutTls.',
        },
      );
    }
    const stream = await options.engine.open({
      fill: options.fill,
      maxQueueMs: options.maxQueueMs,
      mediaTimeoutMs: options.mediaTimeoutMs,
      cname: `hearken@${options.advertisedHost}`,
      idleDbov: options.idleDbov,
      sendComfortNoise: options.sendComfortNoise ?? false,
      latchFrom: latchFrom && [...latchFrom, ...(signalling.source === undefined ? [] : [signalling.source])],
    });
    return new LegMedia(stream, options, keysAllowed ? srtp : 'off');
  }

  /** Of the last agreement; undefined before the first. */
  get codec(): AudioCodec | undefined {
    return this.#settings?.format.codec;
  }

  /** What frames of this leg are in, for as long as it lives; undefined before the first agreement. */
  get line(): LineFormat | undefined {
    return this.#line;
  }

  get encrypted(): boolean {
    return this.#settings?.srtp !== undefined;
  }

  /** RFC 4733 keys were agreed on. */
  get hasEvents(): boolean {
    return this.#settings?.format.dtmfPayloadType !== undefined;
  }

  /** The peer does not listen: hold. */
  get held(): boolean {
    return this.#settings !== undefined && !this.#settings.send;
  }

  /** Our SDP as last sent, for a refresh that changes nothing. */
  get lastSent(): string | undefined {
    return this.#lastSent;
  }

  offer(direction: Direction = this.#wanted): string {
    const { codecs, sendComfortNoise = false } = this.#options;
    this.#wanted = direction;
    this.#lastSent = this.#local.offer(this.codec ? [this.codec] : codecs, {
      direction,
      srtp: this.#srtp,
      comfortNoise: sendComfortNoise,
    });
    return this.#lastSent;
  }

  /**
   * The answer to an offer; undefined when nothing in it fits. Throws SDP_INVALID. Takes effect with `apply`. In a later offer the codec stays what it was where
   * that is still offered.
   */
  async answer(offer: string): Promise<Answer | undefined> {
    const kept = this.codec ? readSdp(offer, [this.codec], this.#srtp) : undefined;
    const remote = kept?.audio ? kept : readSdp(offer, this.#options.codecs, this.#srtp);
    const settings = remote.audio && (await this.#settingsFor(remote.audio));
    if (!settings) return undefined;
    this.#lastSent = this.#local.answer(remote);
    return {
      sdp: this.#lastSent,
      codec: settings.format.codec,
      line: settings.line,
      apply: () => this.#apply(settings),
    };
  }

  /** Takes the answer to our offer; false when nothing in it fits. Throws SDP_INVALID. */
  async accept(answer: string): Promise<boolean> {
    const remote = readSdp(answer, this.#options.codecs, this.#srtp);
    const settings = remote.audio && (await this.#settingsFor(remote.audio));
    if (!settings) return false;
    this.#apply(settings);
    return true;
  }

  #apply(settings: StreamSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    // A session refresh repeats everything: then there is nothing to latch anew.
    if (before && JSON.stringify(before) === JSON.stringify(settings)) return;
    this.stream.configure(settings);
  }

  async #settingsFor(audio: RemoteAudio): Promise<StreamSettings | undefined> {
    const address = await resolve(audio.host, isIPv6(this.#options.advertisedHost) ? 6 : 4);
    if (address === undefined) return undefined;
    const ours = reverse(audio.direction);
    const line = lineOf(audio.format.codec);
    this.#line ??= line === 'l16' && this.#options.wideband === false ? 'pcmu' : line;
    const { crypto } = audio;
    return {
      format: audio.format,
      line: this.#line,
      remote: { address, port: audio.port },
      rtcpPort: audio.rtcpPort,
      send: (ours === 'sendrecv' || ours === 'sendonly') && address !== '0.0.0.0',
      receive: ours === 'sendrecv' || ours === 'recvonly',
      ...(crypto
        ? { srtp: { suite: crypto.suite, local: this.#local.keys.of(crypto.suite), remote: crypto.key } }
        : {}),
    };
  }
}

async function resolve(host: string, family: 4 | 6): Promise<string | undefined> {
  const kind = isIP(host);
  if (kind !== 0) return kind === family ? host : undefined;
  if (!/^[A-Za-z0-9.-]{1,253}$/.test(host)) return undefined;
  try {
    return (await lookup(host, { family })).address;
  } catch {
    return undefined;
  }
}

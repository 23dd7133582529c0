import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import type { RtpEngine, RtpStream } from '../rtp/engine.js';
import type { G711 } from '../rtp/packet.js';
import type { StreamSettings } from '../rtp/wire.js';
import { type Direction, LocalDescription, type RemoteAudio, readSdp, reverse } from '../sdp.js';

export interface LegMediaOptions {
  readonly engine: RtpEngine;
  /** Address in our SDP. */
  readonly advertisedHost: string;
  /** In order of preference when we offer. */
  readonly codecs: readonly G711[];
  readonly fill: boolean;
  readonly maxQueueMs: number;
  readonly mediaTimeoutMs: number;
}

export interface Answer {
  readonly sdp: string;
  readonly codec: G711;
  apply(): void;
}

/** One leg's audio: its RTP stream and what was agreed about it. */
export class LegMedia {
  readonly stream: RtpStream;
  readonly #options: LegMediaOptions;
  readonly #local: LocalDescription;
  #settings: StreamSettings | undefined;
  #direction: Direction = 'sendrecv';
  #lastSent: string | undefined;

  private constructor(stream: RtpStream, options: LegMediaOptions) {
    this.stream = stream;
    this.#options = options;
    this.#local = new LocalDescription(options.advertisedHost, stream.port);
  }

  /** Binds the ports. Throws RTP_PORTS_EXHAUSTED. */
  static async open(options: LegMediaOptions): Promise<LegMedia> {
    const stream = await options.engine.open({
      fill: options.fill,
      maxQueueMs: options.maxQueueMs,
      mediaTimeoutMs: options.mediaTimeoutMs,
      cname: `hearken@${options.advertisedHost}`,
    });
    return new LegMedia(stream, options);
  }

  /** Of the last agreement; undefined before the first. */
  get codec(): G711 | undefined {
    return this.#settings?.format.codec;
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

  offer(direction: Direction = this.#direction): string {
    this.#lastSent = this.#local.offer(this.codec ? [this.codec] : this.#options.codecs, direction);
    return this.#lastSent;
  }

  /**
   * The answer to an offer; undefined when nothing in it fits. Throws SDP_INVALID. Takes effect with `apply`. In a later offer the codec stays what it was where
   * that is still offered.
   */
  async answer(offer: string): Promise<Answer | undefined> {
    const kept = this.codec ? readSdp(offer, [this.codec]) : undefined;
    const remote = kept?.audio ? kept : readSdp(offer, this.#options.codecs);
    const settings = remote.audio && (await this.#settingsFor(remote.audio));
    if (!settings) return undefined;
    this.#lastSent = this.#local.answer(remote);
    return { sdp: this.#lastSent, codec: settings.format.codec, apply: () => this.#apply(settings) };
  }

  /** Takes the answer to our offer; false when nothing in it fits. Throws SDP_INVALID. */
  async accept(answer: string): Promise<boolean> {
    const remote = readSdp(answer, this.#options.codecs);
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
    this.#direction = ours;
    return {
      format: audio.format,
      remote: { address, port: audio.port },
      send: (ours === 'sendrecv' || ours === 'sendonly') && address !== '0.0.0.0',
      receive: ours === 'sendrecv' || ours === 'recvonly',
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

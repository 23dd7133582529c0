import { SafeEmitter } from '../emitter.js';
import { messageOf } from '../errors.js';
import { type Logger, silentLogger } from '../log.js';
import { RtpEngine } from '../rtp/engine.js';
import type { AudioCodec, G711 } from '../rtp/packet.js';
import type { SrtpPolicy } from '../sdp.js';
import { InboundLeg } from '../sip/inbound-leg.js';
import type { LegMediaOptions } from '../sip/leg-media.js';
import { OutboundLeg } from '../sip/outbound-leg.js';
import { Registration } from '../sip/registration.js';
import { type IncomingCall, type Tap, UserAgent } from '../sip/user-agent.js';
import type { AudioSource } from './audio-out.js';
import { PhoneCall } from './call.js';

export interface SipPhoneOptions {
  /** Address to listen on and to be reached at. Default 127.0.0.1. */
  readonly host?: string;
  /** SIP port; default 0, any free one. */
  readonly port?: number;
  /** User part of the phone's address. Default `phone`. */
  readonly user?: string;
  /** On the wire, offered in this order. Default PCMU alone. What is sent and heard is in `line`, whatever is agreed on. */
  readonly codecs?: readonly AudioCodec[];
  /** Default: the first of `codecs` that is G.711, else PCMU. */
  readonly line?: G711;
  /** SRTP with SDES; its keys go over whatever the phone signals with. Default off. */
  readonly srtp?: SrtpPolicy;
  /** RTP range; default any free ports. */
  readonly rtpPorts?: readonly [portMin: number, portMax: number];
  /** Answers calls by itself after so many milliseconds; undefined: never. */
  readonly autoAnswerMs?: number;
  /** Played to whoever calls, as soon as the call is up: an agent's greeting. Made anew for each call. */
  readonly greeting?: () => AudioSource;
  /** Default true: a REFER is carried out. */
  readonly obeyRefer?: boolean;
  /** Sends silence while there is nothing to say, as a phone with a microphone does. Default false. */
  readonly fillSilence?: boolean;
  /** A call that nobody answers is given up after this. Default 30 s. */
  readonly ringTimeoutMs?: number;
  /** More calls than these are busy. Default 4. */
  readonly maxCalls?: number;
  /** No RTP for so long ends a call; default 0, never. */
  readonly mediaTimeoutMs?: number;
  readonly registration?: { readonly registrar: string; readonly password?: string; readonly expiresSeconds?: number };
  readonly logger?: Logger;
}

export interface SipPhoneEvents {
  /** A call comes in (it may be answered already when `autoAnswerMs` is 0). */
  call: [call: PhoneCall];
}

export interface DialOptions {
  /** Further headers, name → value. */
  readonly headers?: Readonly<Record<string, string>>;
}

const METHODS = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'INFO', 'REFER', 'NOTIFY', 'PRACK', 'UPDATE'];
/** Ten minutes: whole recordings are handed over at once. */
const MAX_QUEUE_MS = 600_000;
const HANGUP_WAIT_MS = 1500;

/** A SIP phone without ears or a mouth: it sends and hands over G.711 frames. For `hearken call`, for tests, as the agent's phone. */
export class SipPhone extends SafeEmitter<SipPhoneEvents> {
  readonly #options: SipPhoneOptions;
  readonly #agent: UserAgent;
  readonly #engine: RtpEngine;
  readonly #logger: Logger;
  readonly #calls = new Set<PhoneCall>();
  #registration: Registration | undefined;

  private constructor(options: SipPhoneOptions, agent: UserAgent, engine: RtpEngine, logger: Logger) {
    super();
    this.#options = options;
    this.#agent = agent;
    this.#engine = engine;
    this.#logger = logger;
    agent.on('call', (incoming) => {
      this.#onCall(incoming).catch((error: unknown) =>
        logger.warn({ err: messageOf(error) }, 'an incoming call failed'),
      );
    });
  }

  /** Listens, and registers where asked to. Throws PORT_TAKEN, WORKER_LOST. */
  static async create(options: SipPhoneOptions = {}): Promise<SipPhone> {
    const logger = options.logger ?? silentLogger();
    const host = options.host ?? '127.0.0.1';
    const user = options.user ?? 'phone';
    const { registration } = options;
    const agent = await UserAgent.start({
      host,
      port: options.port ?? 0,
      protocols: ['UDP', 'TCP'],
      user,
      userAgent: 'Hearken-Phone/0.1',
      allow: METHODS,
      supported: ['timer', '100rel', 'replaces'],
      credentials: registration && { user, password: registration.password ?? '' },
      maxMessageBytes: 65_535,
      logger,
    });
    try {
      const [portMin, portMax] = options.rtpPorts ?? [0, 0];
      const phone = new SipPhone(options, agent, await RtpEngine.start({ host, portMin, portMax }), logger);
      if (registration) await phone.#register(registration, user);
      return phone;
    } catch (error) {
      await agent.close();
      throw error;
    }
  }

  /** `sip:user@host:port`. */
  get uri(): string {
    return this.#agent.endpoints[0]?.contactUri ?? '';
  }

  get port(): number {
    return this.#agent.port;
  }

  get calls(): ReadonlySet<PhoneCall> {
    return this.#calls;
  }

  /** Shows every SIP message to `tap`, until the function returned is called. */
  tap(tap: Tap): () => void {
    return this.#agent.tap(tap);
  }

  /** Dials. Resolves as soon as the INVITE is on its way; `call.answered` tells the rest. Throws SIP_ADDRESS, RTP_PORTS_EXHAUSTED. */
  async call(uri: string, options: DialOptions = {}): Promise<PhoneCall> {
    const early: number[] = [];
    let call: PhoneCall | undefined;
    const headers = Object.entries(options.headers ?? {}).map(
      ([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}`,
    );
    const leg = await this.#place(uri, headers, (status) => {
      if (call) call.progress(status);
      else early.push(status);
    });
    call = this.#track(new PhoneCall(leg, 'outgoing', this.#hooks()));
    for (const status of early) call.progress(status);
    return call;
  }

  /** Hangs up all calls and lets go of all ports. */
  async close(): Promise<void> {
    await this.#registration?.stop();
    const over = Promise.all([...this.#calls].map((call) => call.hangup()));
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, HANGUP_WAIT_MS).unref())]);
    // A BYE just sent wants to leave before the socket closes.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await this.#agent.close();
    await this.#engine.close();
    this.removeAllListeners();
  }

  async #onCall(incoming: IncomingCall): Promise<void> {
    const leg = new InboundLeg(incoming, this.#logger);
    if (this.#calls.size >= (this.#options.maxCalls ?? 4)) {
      leg.reject(486);
      return;
    }
    const replaced = this.#replacedBy(leg);
    if (replaced === 'unknown') {
      leg.reject(481);
      return;
    }
    const call = this.#track(new PhoneCall(leg, 'incoming', this.#hooks()));
    const problem = await leg.prepare(this.#media());
    if (leg.end) return;
    if (problem) {
      leg.reject(problem.status, problem.headers);
      return;
    }
    call.mediaReady();
    leg.ring();
    this.emit('call', call);
    if (replaced) {
      // RFC 3891 §3: it takes the old call's place without ringing.
      call.answer();
      call.once('answered', () => void replaced.hangup('transferred'));
    }
    const { autoAnswerMs, greeting } = this.#options;
    if (greeting) {
      call.once('answered', () => {
        call
          .sendAudio(greeting())
          .catch((error: unknown) => this.#logger.warn({ err: messageOf(error) }, 'the greeting failed'));
      });
    }
    if (autoAnswerMs !== undefined) setTimeout(() => call.answer(), autoAnswerMs);
  }

  /** The call that an INVITE with Replaces means; `unknown` when there is none like that. */
  #replacedBy(leg: InboundLeg): PhoneCall | 'unknown' | undefined {
    const header = leg.info.headers.Replaces;
    if (header === undefined) return undefined;
    const [callId = '', ...parameters] = header.split(';').map((part) => part.trim());
    const tag = (name: string): string | undefined =>
      parameters.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1);
    const found = [...this.#calls].find((call) => call.isDialog(callId, tag('to-tag'), tag('from-tag')));
    return found ?? 'unknown';
  }

  #track(call: PhoneCall): PhoneCall {
    this.#calls.add(call);
    call.on('ended', () => this.#calls.delete(call));
    return call;
  }

  #hooks(): ConstructorParameters<typeof PhoneCall>[2] {
    return {
      obeyRefer: this.#options.obeyRefer ?? true,
      place: (target, headers, onProgress) => this.#place(target, headers, onProgress),
    };
  }

  #place(
    target: string,
    headers: readonly string[],
    onProgress: (status: number, reason: string) => void,
  ): Promise<OutboundLeg> {
    const endpoint = this.#agent.endpointFor(target);
    return OutboundLeg.place(
      endpoint,
      this.#media(),
      { to: target, from: this.uri, headers, ringTimeoutMs: this.#options.ringTimeoutMs ?? 30_000, onProgress },
      this.#logger,
    );
  }

  #media(): LegMediaOptions {
    const { codecs = ['pcmu'], srtp = 'off' } = this.#options;
    const law = codecs.find((codec): codec is G711 => codec === 'pcmu' || codec === 'pcma');
    return {
      engine: this.#engine,
      advertisedHost: this.#agent.advertisedHost,
      ...{ codecs, srtp, srtpWithoutTls: true, line: this.#options.line ?? law ?? 'pcmu' },
      fill: this.#options.fillSilence ?? false,
      maxQueueMs: MAX_QUEUE_MS,
      mediaTimeoutMs: this.#options.mediaTimeoutMs ?? 0,
    };
  }

  async #register(registration: NonNullable<SipPhoneOptions['registration']>, user: string): Promise<void> {
    const { registrar, expiresSeconds } = registration;
    this.#registration = new Registration(this.#agent.endpointFor(registrar), {
      registrar,
      user,
      expiresSeconds: expiresSeconds ?? 300,
      logger: this.#logger,
    });
    this.#registration.start();
    await this.#registration.next('registered', 10_000);
  }
}

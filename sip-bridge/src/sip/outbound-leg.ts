import {
  type IncomingResponseMessage,
  type OutgoingInviteRequest,
  type OutgoingRequestMessage,
  SessionDialog,
} from 'sip.js/lib/core/index.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import { sdpOf } from '../sdp.js';
import { causeOf, type HangupCause } from './cause.js';
import { requireUri, withLr } from './core-setup.js';
import type { Credentials } from './digest.js';
import type { Endpoint } from './endpoint.js';
import { DEFAULT_RULES, Leg, type LegRules, sdpBody } from './leg.js';
import { LegMedia, type LegMediaOptions } from './leg-media.js';
import { readAgreement } from './session-timer.js';

export interface OutboundOptions {
  /** SIP URI to call. */
  readonly to: string;
  /** Our own address in From. */
  readonly from: string;
  /** `Name: value` lines. */
  readonly headers?: readonly string[];
  /** A call that nobody answers is cancelled after this. */
  readonly ringTimeoutMs: number;
  readonly onProgress?: (status: number, reason: string) => void;
  /** What challenges are answered with. */
  readonly credentials?: Credentials | undefined;
  /** The INVITE goes there first. */
  readonly outboundProxy?: string | undefined;
  readonly rules?: LegRules;
}

const CANCEL_WAIT_MS = 2000;
const MAX_SESSION_RETRIES = 2;

/** A call that we place. */
export class OutboundLeg extends Leg {
  readonly #options: OutboundOptions;
  #message: OutgoingRequestMessage;
  #request: OutgoingInviteRequest;
  #state: 'calling' | 'up' | 'cancelled' = 'calling';
  #ringTimer: NodeJS.Timeout;
  #earlyMedia = false;
  #sessionRetries = 0;
  #hangup: { cause: HangupCause; reason: string } | undefined;
  #heard = false;
  #resolveReached: (reached: boolean) => void = () => {};
  /** True with the first answer of any kind; false when there was none, or 503: another host may be tried. */
  readonly reached: Promise<boolean> = new Promise((resolve) => {
    this.#resolveReached = resolve;
  });

  private constructor(endpoint: Endpoint, media: LegMedia, options: OutboundOptions, logger: Logger) {
    const rules = options.rules ?? DEFAULT_RULES;
    const message = buildInvite(endpoint, media, options, rules.sessionSeconds, rules.minSessionSeconds);
    super(endpoint, message.callId, logger, rules);
    this.#options = options;
    this.#message = message;
    if (options.credentials) endpoint.useCredentials(this.callId, options.credentials);
    this.adoptMedia(media);
    this.#ringTimer = setTimeout(() => this.hangup('no-answer', 'nobody answered in time'), options.ringTimeoutMs);
    this.#request = this.#invite(message);
  }

  /** Binds ports and sends the INVITE. Throws SIP_ADDRESS, RTP_PORTS_EXHAUSTED. */
  static async place(
    endpoint: Endpoint,
    mediaOptions: LegMediaOptions,
    options: OutboundOptions,
    logger: Logger,
  ): Promise<OutboundLeg> {
    const media = await LegMedia.open(mediaOptions, { secure: endpoint.protocol === 'TLS' });
    try {
      return new OutboundLeg(endpoint, media, options, logger);
    } catch (error) {
      await media.stream.close();
      throw error;
    }
  }

  /** The peer's address of the dialog (its Contact), for a Refer-To. Undefined before the answer. */
  get remoteTarget(): string | undefined {
    return this.session?.remoteTarget.toString();
  }

  /** Proxies stay between us and the peer. */
  get routed(): boolean {
    const { session } = this;
    return session instanceof SessionDialog && session.routeSet.length > 0;
  }

  #invite(message: OutgoingRequestMessage): OutgoingInviteRequest {
    return this.endpoint.core.invite(message, {
      onTrying: () => this.#reached(true),
      onProgress: ({ message: response, prack }) => {
        this.#reached(true);
        this.learnPeer(response);
        const rseq = /^\s*(\d{1,10})\s*$/.exec(response.getHeader('rseq') ?? '')?.[1];
        if (rseq !== undefined && /100rel/i.test(response.getHeaders('require').join())) {
          prack({ extraHeaders: [`RAck: ${rseq} ${message.cseq} INVITE`] });
        }
        this.#options.onProgress?.(response.statusCode ?? 180, response.reasonPhrase ?? '');
        this.#earlyAnswer(response);
      },
      onAccept: (response) => {
        clearTimeout(this.#ringTimer);
        this.#reached(true);
        this.learnPeer(response.message);
        if (this.#state === 'up') {
          // A second answer of a forked INVITE (RFC 3261 §13.2.2.4); the first one is the call.
          response.ack();
          response.session.bye();
          return;
        }
        this.adoptSession(response.session);
        response.ack();
        if (this.#state === 'cancelled') {
          // The 200 crossed our CANCEL.
          this.sendBye('normal');
          this.#over(this.#hangup?.cause ?? 'normal', 200, this.#hangup?.reason ?? '', 'us');
          return;
        }
        this.#state = 'up';
        this.setInterval(readAgreement(response.message));
        this.#answer(response.message);
      },
      onRedirect: ({ message: response }) => this.#refused(response),
      onReject: ({ message: response }) => this.#refused(response),
    });
  }

  override hangup(cause: HangupCause, reason = ''): void {
    if (this.end || this.#state === 'cancelled') return;
    if (this.#state === 'up') {
      this.sendBye(cause);
      this.#over(cause, 200, reason, 'us');
      return;
    }
    this.#state = 'cancelled';
    this.#hangup = { cause, reason };
    clearTimeout(this.#ringTimer);
    this.endpoint.withdraw(this.callId);
    this.#request.cancel();
    // 487 ends it; a peer that never answered at all would keep it for 32 s.
    this.#ringTimer = setTimeout(() => this.#over(cause, 487, reason, 'us'), CANCEL_WAIT_MS);
  }

  #earlyAnswer(response: IncomingResponseMessage): void {
    const sdp = sdpOf(response.getHeader('content-type'), response.body);
    if (sdp === undefined || this.#earlyMedia) return;
    this.#earlyMedia = true;
    this.media
      ?.accept(sdp)
      .catch((error: unknown) => this.logger.debug({ err: messageOf(error) }, 'early media refused'));
  }

  #answer(response: IncomingResponseMessage): void {
    const sdp = sdpOf(response.getHeader('content-type'), response.body);
    if (sdp === undefined && this.#earlyMedia) {
      this.markEstablished();
      return;
    }
    (this.media?.accept(sdp ?? '') ?? Promise.resolve(false)).then(
      (fits) => {
        if (fits) this.markEstablished();
        else this.hangup('error', 'nothing in the answer fits our offer');
      },
      () => this.hangup('error', 'the answer is not valid SDP'),
    );
  }

  #refused(response: IncomingResponseMessage): void {
    const status = response.statusCode ?? 500;
    if (status === 422 && this.#askLonger(response)) return;
    // What the core makes up itself (408 after timer B, 503 when nothing can be sent) has no Via.
    const local = response.getHeader('via') === undefined;
    if (local) this.endpoint.targetFailed(this.callId);
    this.#reached(!local && status !== 503);
    if (this.#hangup) this.#over(this.#hangup.cause, status, this.#hangup.reason, 'us');
    else this.#over(causeOf(status), status, response.reasonPhrase ?? '', 'them');
  }

  /** RFC 4028 §7.3: the peer wants a longer interval; the same call again with its Min-SE. */
  #askLonger(response: IncomingResponseMessage): boolean {
    const wanted = Number(response.getHeader('min-se')?.split(';')[0]);
    const media = this.media;
    if (!media || this.#hangup || !(wanted > 0 && wanted <= 86_400) || ++this.#sessionRetries > MAX_SESSION_RETRIES) {
      return false;
    }
    const { callId, cseq, fromTag } = this.#message;
    const again = { callId, cseq: cseq + 1, fromTag };
    this.#message = buildInvite(this.endpoint, media, this.#options, wanted, wanted, again);
    this.#request = this.#invite(this.#message);
    return true;
  }

  #reached(heard: boolean): void {
    if (this.#heard) return;
    this.#heard = true;
    this.#resolveReached(heard);
  }

  #over(cause: HangupCause, status: number, reason: string, by: 'us' | 'them'): void {
    clearTimeout(this.#ringTimer);
    this.#reached(false);
    this.finish({ cause, status, reason, by });
  }
}

function buildInvite(
  endpoint: Endpoint,
  media: LegMedia,
  options: OutboundOptions,
  sessionSeconds: number,
  minSeconds: number,
  again: { readonly callId?: string; readonly cseq?: number; readonly fromTag?: string } = {},
): OutgoingRequestMessage {
  const target = requireUri(options.to);
  const timer = sessionSeconds === 0 ? [] : [`Session-Expires: ${sessionSeconds}`, `Min-SE: ${minSeconds}`];
  return endpoint.core.makeOutgoingRequestMessage(
    'INVITE',
    target,
    requireUri(options.from),
    target,
    { ...again, ...(options.outboundProxy ? { routeSet: [`<${withLr(options.outboundProxy)}>`] } : {}) },
    [
      `Contact: <${endpoint.contactUri}>`,
      'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REFER, NOTIFY, PRACK, UPDATE',
      ...timer,
      ...(options.headers ?? []),
    ],
    sdpBody(media.lastSent ?? media.offer()),
  );
}

import type { IncomingResponseMessage, OutgoingInviteRequest } from 'sip.js/lib/core/index.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import { sdpOf } from '../sdp.js';
import { causeOf, type HangupCause } from './cause.js';
import { type Endpoint, requireUri } from './endpoint.js';
import { Leg, sdpBody } from './leg.js';
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
}

/** A call that we place. */
export class OutboundLeg extends Leg {
  readonly #request: OutgoingInviteRequest;
  #state: 'calling' | 'up' | 'cancelled' = 'calling';
  #ringTimer: NodeJS.Timeout;
  #earlyMedia = false;
  #hangup: { cause: HangupCause; reason: string } | undefined;

  private constructor(endpoint: Endpoint, media: LegMedia, options: OutboundOptions, logger: Logger) {
    const target = requireUri(options.to);
    const message = endpoint.core.makeOutgoingRequestMessage(
      'INVITE',
      target,
      requireUri(options.from),
      target,
      {},
      [
        `Contact: <${endpoint.contactUri}>`,
        'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REFER, NOTIFY',
        ...(options.headers ?? []),
      ],
      sdpBody(media.offer()),
    );
    super(endpoint, message.callId, logger);
    this.adoptMedia(media);
    this.#ringTimer = setTimeout(() => this.hangup('no-answer', 'nobody answered in time'), options.ringTimeoutMs);
    this.#request = endpoint.core.invite(message, {
      onProgress: ({ message: response }) => {
        options.onProgress?.(response.statusCode ?? 180, response.reasonPhrase ?? '');
        this.#earlyAnswer(response);
      },
      onAccept: (response) => {
        clearTimeout(this.#ringTimer);
        this.adoptSession(response.session);
        response.ack();
        if (this.#state === 'cancelled') {
          // The 200 crossed our CANCEL.
          this.sendBye('normal');
          this.#over(this.#hangup?.cause ?? 'normal', 200, this.#hangup?.reason ?? '', 'us');
          return;
        }
        this.#state = 'up';
        this.timer.restart(readAgreement(response.message));
        this.#answer(response.message);
      },
      onRedirect: ({ message: response }) => this.#refused(response),
      onReject: ({ message: response }) => this.#refused(response),
    });
  }

  /** Binds ports and sends the INVITE. Throws SIP_ADDRESS, RTP_PORTS_EXHAUSTED. */
  static async place(
    endpoint: Endpoint,
    mediaOptions: LegMediaOptions,
    options: OutboundOptions,
    logger: Logger,
  ): Promise<OutboundLeg> {
    const media = await LegMedia.open(mediaOptions);
    try {
      return new OutboundLeg(endpoint, media, options, logger);
    } catch (error) {
      await media.stream.close();
      throw error;
    }
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
    this.#request.cancel();
    // 487 ends it; a peer that never answered at all would keep it for 32 s.
    this.#ringTimer = setTimeout(() => this.#over(cause, 487, reason, 'us'), 2000);
  }

  protected override refreshed(
    message: IncomingResponseMessage,
  ): { seconds: number; refresher: 'us' | 'them' } | undefined {
    return readAgreement(message);
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
    if (this.#hangup) this.#over(this.#hangup.cause, status, this.#hangup.reason, 'us');
    else this.#over(causeOf(status), status, response.reasonPhrase ?? '', 'them');
  }

  #over(cause: HangupCause, status: number, reason: string, by: 'us' | 'them'): void {
    clearTimeout(this.#ringTimer);
    this.finish({ cause, status, reason, by });
  }
}

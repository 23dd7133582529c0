import {
  type Body,
  Dialog,
  type IncomingInviteRequest,
  type IncomingRequestMessage,
  type IncomingResponseMessage,
  type Session,
} from 'sip.js/lib/core/index.js';
import { SafeEmitter } from '../emitter.js';
import { BridgeError, messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import type { AudioCodec, LineFormat } from '../rtp/packet.js';
import { type Direction, sdpOf } from '../sdp.js';
import { type HangupCause, type LegEnd, reasonHeader } from './cause.js';
import type { Endpoint } from './endpoint.js';
import { DEFAULT_RULES, type LegEvents, type LegRules } from './leg-contract.js';
import { LegKeys } from './leg-keys.js';
import type { LegMedia } from './leg-media.js';
import { byeReason, plainHeaders, readNotify } from './messages.js';
import { decideAsServer, readAgreement, type SessionInterval, SessionTimer } from './session-timer.js';
import { refreshTarget, sendUpdate, type UpdateReply } from './update.js';

export { DEFAULT_RULES, type IncomingRefer, type LegEvents, type LegRules } from './leg-contract.js';

/** RFC 3261 §14.1 wants 2.1 to 4 s of the one who placed the call and up to 2 s of the other. */
const REFRESH_RETRY_MS = 2100;

/** What an established call does, whoever placed it: keys, hold, refresh, transfer messages, its end. */
export abstract class Leg extends SafeEmitter<LegEvents> {
  readonly callId: string;
  readonly endpoint: Endpoint;
  protected readonly logger: Logger;
  #media: LegMedia | undefined;
  #session: Session | undefined;
  #end: LegEnd | undefined;
  #established = false;
  readonly #keys = new LegKeys({
    media: () => this.#media,
    session: () => this.#session,
    established: () => this.established,
    onKey: (digit, durationMs) => this.emit('key', digit, durationMs),
  });
  #interval: SessionInterval | undefined;
  #refreshRetry: NodeJS.Timeout | undefined;
  /** The peer's Allow has UPDATE: a refresh needs no SDP then. */
  protected peerUpdates = false;
  protected readonly rules: LegRules;
  protected readonly timer = new SessionTimer({
    refresh: () => this.refreshSession(),
    expired: () => this.hangup('lost', 'the session timer ran out'),
  });

  protected constructor(endpoint: Endpoint, callId: string, logger: Logger, rules: LegRules = DEFAULT_RULES) {
    super();
    this.rules = rules;
    this.endpoint = endpoint;
    this.callId = callId;
    this.logger = logger;
  }

  /** Undefined before the ports are bound. */
  get media(): LegMedia | undefined {
    return this.#media;
  }

  /** What both sides agreed on; undefined before. */
  get codec(): AudioCodec | undefined {
    return this.#media?.codec;
  }

  /** What its audio is in on our side; undefined before. */
  get line(): LineFormat | undefined {
    return this.#media?.line;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get established(): boolean {
    return this.#established && !this.#end;
  }

  /** Set once the call is over. */
  get end(): LegEnd | undefined {
    return this.#end;
  }

  /** Ends the call in whatever state it is. Idempotent. */
  abstract hangup(cause: HangupCause, reason?: string): void;

  protected adoptMedia(media: LegMedia): void {
    this.#media = media;
    media.stream.on('key', (digit, durationMs) => this.#keys.fromRtp(digit, durationMs));
    media.stream.on('silent', (idleMs) => this.hangup('lost', `no RTP for ${Math.round(idleMs / 1000)} s`));
    media.stream.on('lost', () => this.hangup('error', 'the RTP thread is gone'));
  }

  protected adoptSession(session: Session): void {
    this.#session = session;
    this.endpoint.onUpdate(this.callId, (message) => this.#onUpdate(message));
    session.delegate = {
      onPrack: (request) => {
        if (this.onPrack(request.message)) request.accept();
        else request.reject({ statusCode: 481 });
      },
      onAck: (ack) => this.onAck(ack.message),
      onAckTimeout: () => this.onAckTimeout(),
      onBye: (bye) => {
        bye.accept();
        this.finish({ cause: 'normal', status: 200, reason: byeReason(bye.message), by: 'them' });
      },
      onInfo: (info) => this.#keys.fromInfo(info),
      onInvite: (request) => {
        this.#onReinvite(request).catch((error: unknown) => {
          this.logger.warn({ err: messageOf(error) }, 're-INVITE failed');
          tryReject(request, 488);
        });
      },
      onNotify: (notify) => {
        notify.accept();
        this.emit('notify', readNotify(notify.message));
      },
      onRefer: (refer) => {
        const referTo = refer.message.getHeader('refer-to');
        if (!referTo) {
          refer.reject({ statusCode: 400 });
          return;
        }
        this.emit('refer', {
          referTo,
          headers: plainHeaders(refer.message),
          accept: () => void refer.accept({ statusCode: 202, extraHeaders: [this.contactHeader()] }),
          reject: (status) => void refer.reject({ statusCode: status }),
        });
      },
    };
  }

  /** Brings the answer where a re-INVITE came without an offer. */
  protected onAck(message: IncomingRequestMessage): void {
    this.acceptLateAnswer(message).catch((error: unknown) =>
      this.logger.warn({ err: messageOf(error) }, 'the answer in an ACK is not valid SDP'),
    );
  }

  /** False: it confirms nothing that we sent. */
  protected onPrack(_message: IncomingRequestMessage): boolean {
    return false;
  }

  /** What was agreed about the session's length; undefined: nothing. */
  protected setInterval(interval: SessionInterval | undefined): void {
    this.#interval = interval;
    this.timer.restart(interval);
  }

  protected learnPeer(message: IncomingRequestMessage | IncomingResponseMessage): void {
    const allow = message.getHeaders('allow').join(',').toUpperCase();
    if (allow !== '') this.peerUpdates = /(^|[,\s])UPDATE([,\s]|$)/.test(allow);
  }

  /** Keys for the peer: RFC 4733 where it was agreed on, SIP INFO where not. Resolves when they are out. */
  sendDigits(digits: string, durationMs = 120): Promise<void> {
    return this.#keys.send(digits, durationMs);
  }

  protected onAckTimeout(): void {
    this.sendBye('lost');
    this.finish({ cause: 'lost', status: 408, reason: 'the answer was never acknowledged', by: 'us' });
  }

  protected contactHeader(): string {
    return `Contact: <${this.endpoint.contactUri}>`;
  }

  protected markEstablished(): void {
    if (this.#established || this.#end) return;
    this.#established = true;
    this.#media?.stream.release();
    this.emit('established');
  }

  /** BYE, if there is a dialog to end. Errors are the peer's problem: for us the call is over. */
  protected sendBye(cause: HangupCause): void {
    try {
      this.#session?.bye(undefined, { extraHeaders: [reasonHeader(cause)] });
    } catch (error) {
      this.logger.debug({ err: messageOf(error) }, 'BYE could not be sent');
    }
  }

  protected finish(end: LegEnd): void {
    if (this.#end) return;
    this.#end = end;
    this.timer.stop();
    this.#keys.stop();
    clearTimeout(this.#refreshRetry);
    this.endpoint.forget(this.callId);
    this.emit('ended', end);
  }

  /** Frees the ports; after the end and after the last audio. */
  async release(): Promise<void> {
    await this.#media?.stream.close();
    this.removeAllListeners();
  }

  /** Hold, resume, a new address, another codec, a session refresh. */
  async #onReinvite(request: IncomingInviteRequest): Promise<void> {
    const reply = await this.#renegotiated(request.message);
    if (reply.status !== 200) {
      request.reject({ statusCode: reply.status, extraHeaders: [...reply.headers] });
      return;
    }
    const sdp = reply.sdp ?? this.#media?.offer() ?? '';
    request.accept({
      statusCode: 200,
      extraHeaders: [this.contactHeader(), ...reply.headers],
      body: sdpBody(sdp),
    });
    reply.apply?.();
  }

  #onUpdate(message: IncomingRequestMessage): Promise<UpdateReply> {
    return this.#renegotiated(message);
  }

  /** What a re-INVITE and an UPDATE have in common. Rejects with SDP_INVALID. */
  async #renegotiated(message: IncomingRequestMessage): Promise<UpdateReply> {
    const decision = decideAsServer(message, this.rules.minSessionSeconds, this.#interval);
    if (decision.kind === 'too-small') {
      return { status: 422, headers: [`Min-SE: ${this.rules.minSessionSeconds}`] };
    }
    const media = this.#media;
    if (!media || this.#end) return { status: 481, headers: [] };
    const before = agreedOn(media);
    const offer = sdpOf(message.getHeader('content-type'), message.body);
    const answer = offer === undefined ? undefined : await media.answer(offer);
    if (offer !== undefined && !answer) {
      return { status: 488, headers: ['Warning: 305 hearken "Incompatible media format"'] };
    }
    return {
      status: 200,
      headers: decision.kind === 'agreed' ? decision.headers : [],
      ...(answer ? { sdp: answer.sdp } : {}),
      apply: () => {
        answer?.apply();
        if (decision.kind === 'agreed') this.setInterval(decision.interval);
        // A 2xx without an interval ends it for a peer that would have refreshed (RFC 4028 §7.2): nothing may be expected of them.
        else if (this.#interval?.refresher === 'them') this.setInterval(undefined);
        this.#tellChanges(media, before);
      },
    };
  }

  #tellChanges(media: LegMedia, before: ReturnType<typeof agreedOn>): void {
    if (media.held !== before.held) this.emit('hold', media.held);
    if (media.codec && before.codec && media.codec !== before.codec) this.emit('codec', media.codec);
  }

  /** The answer in the ACK to an offerless INVITE or re-INVITE, or in the 200 to a refresh of ours. */
  protected async acceptLateAnswer(message: IncomingRequestMessage | IncomingResponseMessage): Promise<boolean> {
    const answer = sdpOf(message.getHeader('content-type'), message.body);
    const media = this.#media;
    if (answer === undefined || !media) return false;
    const before = agreedOn(media);
    const fits = await media.accept(answer);
    if (fits) this.#tellChanges(media, before);
    return fits;
  }

  /** Re-INVITE with another direction: `sendonly` holds the peer, `sendrecv` takes it back. Rejects with CALL_FAILED. */
  async renegotiate(direction: Direction): Promise<void> {
    const media = this.#media;
    const session = this.#session;
    if (!media || !session || !this.established) throw new BridgeError('CALL_FAILED', 'The call is not up.');
    await new Promise<void>((resolve, reject) => {
      const refused = ({ message }: { readonly message: IncomingResponseMessage }): void =>
        reject(new BridgeError('CALL_FAILED', `The peer refused the re-INVITE with ${message.statusCode}.`));
      session.invite(
        {
          onAccept: (response) => {
            response.ack();
            const answer = sdpOf(response.message.getHeader('content-type'), response.message.body);
            media.accept(answer ?? '').then((fits) => (fits ? resolve() : refused(response)), reject);
          },
          onReject: refused,
          onRedirect: refused,
        },
        { extraHeaders: [this.contactHeader()], body: sdpBody(media.offer(direction)) },
      );
    });
  }

  /** Tells the one who sent REFER how it goes (RFC 3515 §2.4.4). */
  notifyRefer(status: number, reason: string): void {
    const final = status >= 200;
    try {
      this.#session?.notify(undefined, {
        extraHeaders: [
          'Event: refer',
          `Subscription-State: ${final ? 'terminated;reason=noresource' : 'active;expires=60'}`,
          this.contactHeader(),
        ],
        body: {
          contentDisposition: 'render',
          contentType: 'message/sipfrag;version=2.0',
          content: `SIP/2.0 ${status} ${reason}\r\n`,
        },
      });
    } catch (error) {
      this.logger.debug({ err: messageOf(error) }, 'NOTIFY could not be sent');
    }
  }

  /** Tells the peer that the call goes on, as the timer does at half the interval. */
  refreshSession(): void {
    const media = this.#media;
    const session = this.#session;
    if (!media || !session || this.#end) return;
    const asked = this.#interval ?? { seconds: 1800, refresher: 'us' as const };
    const headers = [`Session-Expires: ${asked.seconds};refresher=uac`, `Min-SE: ${this.rules.minSessionSeconds}`];
    const refused = (status: number): void => {
      // 491: both at once; try again soon. Anything else leaves the session to its end (RFC 4028 §10).
      if (status === 491) this.#refreshSoon();
      else if (status === 408 || status === 481) this.hangup('lost', 'the session refresh failed');
    };
    try {
      if (this.peerUpdates) {
        sendUpdate(this.endpoint.core, session.id, [this.contactHeader(), ...headers], (response) => {
          const status = response.statusCode ?? 500;
          if (status < 300) this.setInterval(this.refreshed(response) ?? asked);
          else if (status === 405 || status === 501) {
            this.peerUpdates = false;
            this.refreshSession();
          } else refused(status);
        });
        return;
      }
      session.invite(
        {
          onAccept: (response) => {
            if (session instanceof Dialog) refreshTarget(session, response.message);
            response.ack();
            this.setInterval(this.refreshed(response.message) ?? asked);
            this.acceptLateAnswer(response.message).catch((error: unknown) =>
              this.logger.warn({ err: messageOf(error) }, 'the answer to a session refresh is not valid SDP'),
            );
          },
          onReject: ({ message }) => refused(message.statusCode ?? 500),
        },
        { extraHeaders: [this.contactHeader(), ...headers], body: sdpBody(media.lastSent ?? media.offer()) },
      );
    } catch (error) {
      // A re-INVITE is under way.
      this.logger.debug({ err: messageOf(error) }, 'session refresh could not be sent');
      this.#refreshSoon();
    }
  }

  #refreshSoon(): void {
    clearTimeout(this.#refreshRetry);
    this.#refreshRetry = setTimeout(() => this.refreshSession(), REFRESH_RETRY_MS);
  }

  protected refreshed(message: IncomingResponseMessage): SessionInterval | undefined {
    return readAgreement(message);
  }
}

function agreedOn({ held, codec }: LegMedia): { readonly held: boolean; readonly codec: AudioCodec | undefined } {
  return { held, codec };
}

export function sdpBody(content: string): Body {
  return { contentDisposition: 'session', contentType: 'application/sdp', content };
}

/** Sends nothing when the transaction is past it. */
export function tryReject(request: IncomingInviteRequest, statusCode: number, extraHeaders: string[] = []): void {
  try {
    request.reject({ statusCode, extraHeaders });
  } catch {
    // Answered already.
  }
}

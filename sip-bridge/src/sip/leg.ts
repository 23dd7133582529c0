import type {
  Body,
  IncomingInviteRequest,
  IncomingRequestMessage,
  IncomingResponseMessage,
  Session,
} from 'sip.js/lib/core/index.js';
import { monotonicMs } from '../clock.js';
import { SafeEmitter } from '../emitter.js';
import { BridgeError, messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import { DtmfMerger, type Key } from '../rtp/dtmf.js';
import { type Direction, sdpOf } from '../sdp.js';
import { type HangupCause, type LegEnd, reasonHeader } from './cause.js';
import type { Endpoint } from './endpoint.js';
import type { LegMedia } from './leg-media.js';
import { decideAsServer, MIN_SESSION_SECONDS, SessionTimer } from './session-timer.js';

export interface IncomingRefer {
  readonly referTo: string;
  readonly headers: Readonly<Record<string, string>>;
  accept(): void;
  reject(status: number): void;
}

export interface IncomingNotify {
  readonly event: string;
  readonly subscriptionState: string;
  readonly body: string;
}

export interface LegEvents {
  /** Both sides know that the call is up (ACK sent or received). */
  established: [];
  key: [digit: string, durationMs: number];
  /** The peer stopped (or started again) listening to us. */
  hold: [held: boolean];
  refer: [refer: IncomingRefer];
  notify: [notify: IncomingNotify];
  /** Once, last. */
  ended: [end: LegEnd];
}

const MAX_INFO_BYTES = 1024;

/** What an established call does, whoever placed it: keys, hold, refresh, transfer messages, its end. */
export abstract class Leg extends SafeEmitter<LegEvents> {
  readonly callId: string;
  readonly endpoint: Endpoint;
  protected readonly logger: Logger;
  #media: LegMedia | undefined;
  #session: Session | undefined;
  #end: LegEnd | undefined;
  #established = false;
  #merger = new DtmfMerger();
  #mergerTimer: NodeJS.Timeout | undefined;
  protected readonly timer = new SessionTimer({
    refresh: () => this.#refresh(),
    expired: () => this.hangup('lost', 'the session timer ran out'),
  });

  protected constructor(endpoint: Endpoint, callId: string, logger: Logger) {
    super();
    this.endpoint = endpoint;
    this.callId = callId;
    this.logger = logger;
  }

  /** Undefined before the ports are bound. */
  get media(): LegMedia | undefined {
    return this.#media;
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
    media.stream.on('key', (digit, durationMs) =>
      this.#keys((nowMs) => this.#merger.fromRtp({ digit, durationMs }, nowMs)),
    );
    media.stream.on('silent', (idleMs) => this.hangup('lost', `no RTP for ${Math.round(idleMs / 1000)} s`));
    media.stream.on('lost', () => this.hangup('error', 'the RTP thread is gone'));
  }

  protected adoptSession(session: Session): void {
    this.#session = session;
    session.delegate = {
      onAck: (ack) => this.onAck(ack.message),
      onAckTimeout: () => this.onAckTimeout(),
      onBye: (bye) => {
        bye.accept();
        this.finish({ cause: 'normal', status: 200, reason: byeReason(bye.message), by: 'them' });
      },
      onInfo: (info) => {
        if (info.message.body.length > MAX_INFO_BYTES) {
          info.reject({ statusCode: 413 });
          return;
        }
        const key = readInfoKey(info.message);
        if (key) {
          info.accept();
          this.#keys((nowMs) => this.#merger.fromInfo(key, nowMs));
        } else {
          info.reject({ statusCode: 415, extraHeaders: ['Accept: application/dtmf-relay, application/dtmf'] });
        }
      },
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

  protected onAck(_message: IncomingRequestMessage): void {}

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
    clearTimeout(this.#mergerTimer);
    this.endpoint.forget(this.callId);
    this.emit('ended', end);
  }

  /** Frees the ports; after the end and after the last audio. */
  async release(): Promise<void> {
    await this.#media?.stream.close();
    this.removeAllListeners();
  }

  #keys(read: (nowMs: number) => Key[]): void {
    if (this.#end) return;
    this.#merger.eventsNegotiated = this.#media?.hasEvents ?? false;
    for (const key of read(monotonicMs())) this.emit('key', key.digit, key.durationMs);
    clearTimeout(this.#mergerTimer);
    const next = this.#merger.nextPollMs;
    if (next !== undefined) {
      this.#mergerTimer = setTimeout(
        () => this.#keys((nowMs) => this.#merger.poll(nowMs)),
        Math.max(1, next - monotonicMs() + 1),
      );
    }
  }

  /** Hold, resume, a new address, a session refresh. */
  async #onReinvite(request: IncomingInviteRequest): Promise<void> {
    const decision = decideAsServer(request.message);
    if (decision.kind === 'too-small') {
      request.reject({ statusCode: 422, extraHeaders: [`Min-SE: ${MIN_SESSION_SECONDS}`] });
      return;
    }
    const media = this.#media;
    if (!media || this.#end) {
      request.reject({ statusCode: 481 });
      return;
    }
    const wasHeld = media.held;
    const offer = sdpOf(request.message.getHeader('content-type'), request.message.body);
    const answer = offer === undefined ? undefined : await media.answer(offer);
    if (offer !== undefined && !answer) {
      request.reject({ statusCode: 488 });
      return;
    }
    const headers = decision.kind === 'agreed' ? decision.headers : [];
    request.accept({
      statusCode: 200,
      extraHeaders: [this.contactHeader(), ...headers],
      body: sdpBody(answer?.sdp ?? media.offer()),
    });
    answer?.apply();
    if (decision.kind === 'agreed') this.timer.restart(decision.interval);
    if (media.held !== wasHeld) this.emit('hold', media.held);
  }

  /** The answer in the ACK to an offerless INVITE or re-INVITE. */
  protected async acceptLateAnswer(message: IncomingRequestMessage): Promise<boolean> {
    const answer = sdpOf(message.getHeader('content-type'), message.body);
    if (answer === undefined || !this.#media) return false;
    return this.#media.accept(answer);
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

  #refresh(): void {
    const media = this.#media;
    if (!media || !this.#session || this.#end) return;
    const interval = { seconds: 1800, refresher: 'us' as const };
    try {
      this.#session.invite(
        {
          onAccept: (response) => {
            response.ack();
            this.timer.restart(this.refreshed(response.message) ?? interval);
          },
          onReject: ({ message }) => {
            // 491: both at once; try again soon. Anything else leaves the session to its end (RFC 4028 §10).
            if (message.statusCode === 491) setTimeout(() => this.#refresh(), 2000).unref();
            else if (message.statusCode === 408 || message.statusCode === 481)
              this.hangup('lost', 'the session refresh failed');
          },
        },
        {
          extraHeaders: [this.contactHeader(), 'Session-Expires: 1800;refresher=uac'],
          body: sdpBody(media.lastSent ?? media.offer()),
        },
      );
    } catch (error) {
      this.logger.debug({ err: messageOf(error) }, 'session refresh could not be sent');
    }
  }

  protected refreshed(_message: IncomingResponseMessage): { seconds: number; refresher: 'us' | 'them' } | undefined {
    return undefined;
  }
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

/** `application/dtmf-relay` (`Signal=5`, `Duration=160`) and `application/dtmf` (`5`). */
function readInfoKey(message: IncomingRequestMessage): Key | undefined {
  const type = (message.getHeader('content-type') ?? '').toLowerCase();
  if (!type.startsWith('application/dtmf')) return undefined;
  const signal =
    /signal\s*=\s*([0-9*#A-D]|1[0-5])\s*(?:\r|\n|$)/i.exec(message.body)?.[1] ??
    /^\s*([0-9*#A-D])\s*$/i.exec(message.body)?.[1];
  if (!signal) return undefined;
  const digit = signal.length === 2 ? '*#ABCD'[Number(signal) - 10] : signal.toUpperCase();
  const duration = Number(/duration\s*=\s*(\d{1,5})/i.exec(message.body)?.[1] ?? 160);
  return digit === undefined ? undefined : { digit, durationMs: duration };
}

function readNotify(message: IncomingRequestMessage): IncomingNotify {
  return {
    event: message.getHeader('event') ?? '',
    subscriptionState: message.getHeader('subscription-state') ?? '',
    body: message.body,
  };
}

function byeReason(message: IncomingRequestMessage): string {
  return (message.getHeader('reason') ?? 'the peer hung up').replace(/[^\x20-\x7e]/g, '').slice(0, 200);
}

/** What is said by other means, is of no use behind the bridge, or is a secret. */
const PRIVATE_HEADERS =
  /^(Via|Route|Record-Route|Call-ID|CSeq|Max-Forwards|Content-.*|Authorization|Proxy-.*|Allow|Supported|Require|Accept.*|Session-Expires|Min-SE)$/i;

/** Headers as the media protocol carries them: several of one name joined by commas, printable, bounded. */
export function plainHeaders(message: IncomingRequestMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(message.headers).slice(0, 128)) {
    if (PRIVATE_HEADERS.test(name)) continue;
    const text = values.map((value) => value.raw.replace(/[\r\n]+\s*/g, ' ')).join(', ');
    if (text !== '') headers[name] = text.slice(0, 2048);
  }
  return headers;
}

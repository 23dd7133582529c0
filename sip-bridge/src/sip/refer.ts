import {
  type IncomingRequestMessage,
  type Session,
  SessionDialog,
  type SubscribeUserAgentClient,
} from 'sip.js/lib/core/index.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import { MAX_UDP_REQUEST_BYTES } from './endpoint.js';
import type { Leg } from './leg.js';
import { fitHeaders } from './refer-headers.js';

export interface TransferOrder {
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** The whole of Refer-To, where it is more than the target (Replaces). */
  readonly referTo?: string;
}

export interface TransferOutcome {
  /** `completed`: a 2xx sipfrag came. `timeout`: REFER was accepted, nothing final came. */
  readonly outcome: 'completed' | 'failed' | 'timeout';
  readonly status: number;
  readonly reason: string;
  /** The caller is with somebody else now, or as good as: our leg has to go. */
  readonly leaves: boolean;
  /** REFER itself was refused: this peer does not do it, whatever the target. */
  readonly refused?: boolean;
}

export interface TransferRules {
  readonly allowedTargets: readonly RegExp[];
  readonly allowedHeaders: RegExp;
}

/** A peer that hangs up in mid-transfer gets this long to say how it ended. */
const NOTIFY_AFTER_BYE_MS = 2000;
const MAX_HEADERS = 20;
/** The branch that the transaction will choose is about as long as this. */
const BRANCH = `z9hG4bK${'0'.repeat(16)}`;

/** Why an order can't be carried out; undefined when it can. Targets and headers come over the network, so both are held against lists. */
export function refusal(order: TransferOrder, rules: TransferRules): TransferOutcome | undefined {
  // Headers in the address (`?Replaces=…`) would go past the list of headers, and other alphabets' digits past the eye of whoever wrote the list.
  if (/[<>"?]|[^\x21-\x7e]/.test(order.target)) return failure(400, 'the target is not a plain URI');
  if (!rules.allowedTargets.some((pattern) => pattern.test(order.target))) {
    return failure(403, 'the target is not in bridge.transfer.allowedTargets');
  }
  const names = Object.keys(order.headers);
  const bad = names.find((name) => !rules.allowedHeaders.test(name) || !/^[A-Za-z0-9-]+$/.test(name));
  if (bad !== undefined || names.length > MAX_HEADERS) {
    return failure(400, `the header ${bad ?? ''} is not in bridge.transfer.allowedHeaders`);
  }
  return undefined;
}

export function failure(status: number, reason: string): TransferOutcome {
  return { outcome: 'failed', status, reason, leaves: false };
}

/**
 * One blind transfer (RFC 3515): REFER in the dialog, then what the peer tells in NOTIFY. The result comes once. It does not end the call: that is for the one who asked,
 * and only when the outcome says `leaves` (Asterisk answers a missing extension with a 404 sipfrag and the caller stays with us).
 */
export class Transfer {
  readonly #leg: Leg;
  readonly #order: TransferOrder;
  readonly #logger: Logger;
  readonly #onProgress: (status: number, reason: string) => void;
  #subscriberId = '';
  #resolve: (outcome: TransferOutcome) => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #accepted = false;
  #lastStatus = 0;
  #done = false;

  constructor(leg: Leg, order: TransferOrder, onProgress: (status: number, reason: string) => void, logger: Logger) {
    this.#leg = leg;
    this.#order = order;
    this.#onProgress = onProgress;
    this.#logger = logger;
  }

  /** Never rejects. A call whose ACK is still on its way is waited for. */
  run(): Promise<TransferOutcome> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#timer = setTimeout(() => this.#onTimeout(), this.#order.timeoutMs);
      this.#leg.on('ended', this.#onEnded);
      if (this.#leg.end) this.#finish(failure(481, 'the call is over'));
      else if (this.#leg.established) this.#start();
      else this.#leg.once('established', () => this.#start());
    });
  }

  #start(): void {
    this.#refer().catch((error: unknown) => this.#finish(failure(500, messageOf(error))));
  }

  async #refer(): Promise<void> {
    const { session } = this.#leg;
    if (!session || this.#done) return;
    const extraHeaders = await this.#headers(session);
    if (this.#done) return;
    this.#subscriberId = `${session.callId}${session.localTag}refer`;
    this.#subscribe();
    try {
      session.refer(
        {
          onAccept: () => {
            this.#accepted = true;
          },
          onRedirect: ({ message }) => this.#refused(message.statusCode ?? 300, message.reasonPhrase ?? ''),
          onReject: ({ message }) => this.#refused(message.statusCode ?? 500, message.reasonPhrase ?? ''),
        },
        { extraHeaders },
      );
    } catch (error) {
      this.#finish(failure(500, messageOf(error)));
    }
  }

  /** All of them where they fit in a datagram or the peer can be reached over TCP; else shortened. */
  async #headers(session: Session): Promise<string[]> {
    const { endpoint } = this.#leg;
    const referTo = this.#order.referTo ?? `<${this.#order.target}>`;
    const own = [`Refer-To: ${referTo}`, `Referred-By: <${endpoint.contactUri}>`, `Contact: <${endpoint.contactUri}>`];
    const whole = fitHeaders(this.#order.headers, Number.POSITIVE_INFINITY);
    const fitted = fitHeaders(this.#order.headers, this.#budgetBytes(session, own));
    if (fitted.cut.length === 0) return [...own, ...fitted.lines];
    const routeSet = session instanceof SessionDialog ? session.routeSet : [];
    if (await endpoint.reachableByStream(session.remoteTarget, routeSet)) return [...own, ...whole.lines];
    this.#logger.warn({ cut: fitted.cut }, 'headers of a transfer were cut, because they do not fit in UDP');
    return [...own, ...fitted.lines];
  }

  /** What a REFER with only our own headers leaves free in a datagram. */
  #budgetBytes(session: Session, own: string[]): number {
    const { core, protocol } = this.#leg.endpoint;
    if (protocol !== 'UDP') return Number.POSITIVE_INFINITY;
    const { callId, localTag, remoteTag } = session;
    const bare = core.makeOutgoingRequestMessage(
      'REFER',
      session.remoteTarget,
      session.localURI,
      session.remoteURI,
      {
        callId,
        cseq: 2 ** 31 - 1,
        fromTag: localTag,
        toTag: remoteTag,
        routeSet: session instanceof SessionDialog ? session.routeSet : [],
      },
      own,
    );
    bare.setViaHeader(BRANCH, protocol);
    return MAX_UDP_REQUEST_BYTES - Buffer.byteLength(bare.toString());
  }

  /** The core hands NOTIFYs to its subscribers first; being one, we still hear the outcome when the peer has ended the call meanwhile (RFC 5057 §4.1). */
  #subscribe(): void {
    const subscriber = {
      dispose: () => {},
      onNotify: (request: { readonly message: IncomingRequestMessage; accept(): unknown }) => {
        request.accept();
        this.#notified(request.message);
      },
    };
    this.#leg.endpoint.core.subscribers.set(this.#subscriberId, subscriber as unknown as SubscribeUserAgentClient);
  }

  #notified(message: IncomingRequestMessage): void {
    const state = message.getHeader('subscription-state') ?? '';
    const line = /^SIP\/2\.0\s+(\d{3})\s*([^\r\n]*)/m.exec(message.body);
    const status = line ? Number(line[1]) : 0;
    const reason = (line?.[2] ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 200);
    this.#logger.debug({ status, state }, 'transfer progress');
    if (status >= 200) {
      this.#finish(status < 300 ? { outcome: 'completed', status, reason, leaves: true } : failure(status, reason));
      return;
    }
    if (status >= 100) {
      this.#accepted = true;
      this.#lastStatus = status;
      this.#onProgress(status, reason);
    }
    if (/^\s*terminated/i.test(state)) {
      this.#finish(failure(this.#lastStatus, 'the peer stopped reporting before the end'));
    }
  }

  #refused(status: number, reason: string): void {
    this.#finish({ ...failure(status, reason || 'the peer refused REFER'), refused: true });
  }

  #onTimeout(): void {
    const reason = 'no final answer in time';
    if (!this.#accepted) {
      this.#finish(failure(408, reason));
      return;
    }
    // Where it rings, or where nothing is reported at all, the caller is on the way and our leg only stands in it. After a bare 100 the target
    // was never reached, and the caller had better be told than dropped.
    this.#finish({ outcome: 'timeout', status: this.#lastStatus, reason, leaves: this.#lastStatus !== 100 });
  }

  readonly #onEnded = (): void => {
    if (this.#done) return;
    clearTimeout(this.#timer);
    const gone = (): void =>
      this.#finish(failure(this.#lastStatus, 'the caller left before the transfer was confirmed'));
    if (this.#accepted) this.#timer = setTimeout(gone, NOTIFY_AFTER_BYE_MS);
    else gone();
  };

  #finish(outcome: TransferOutcome): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    this.#leg.off('ended', this.#onEnded);
    // A late NOTIFY still gets its 200 while the dialog lives; then 481 is right.
    this.#leg.endpoint.core.subscribers.delete(this.#subscriberId);
    this.#resolve(outcome);
  }
}

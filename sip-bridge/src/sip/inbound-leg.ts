import type { IncomingInviteRequest, IncomingRequestMessage } from 'sip.js/lib/core/index.js';
import { BridgeError } from '../errors.js';
import type { Logger } from '../log.js';
import type { AudioCodec, LineFormat } from '../rtp/packet.js';
import { sdpOf } from '../sdp.js';
import { type HangupCause, statusOf } from './cause.js';
import { DEFAULT_RULES, Leg, type LegRules, sdpBody, tryReject } from './leg.js';
import { type Answer, LegMedia, type LegMediaOptions, type LegSignalling } from './leg-media.js';
import { plainHeaders } from './messages.js';
import { ReliableProvisionals, requiresReliable, wantsReliable } from './reliable.js';
import { decideAsServer } from './session-timer.js';
import type { IncomingCall } from './user-agent.js';

export interface CallInfo {
  readonly callId: string;
  /** URIs, as signalled. */
  readonly caller: string;
  readonly callee: string;
  /** The address in To. */
  readonly to: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly remoteAddress: string;
}

const NOT_ACCEPTABLE = { status: 488, headers: ['Warning: 305 hearken "Incompatible media format"'] };

/** Undefined where SRTP is required and its keys would be readable. */
async function openOr488(options: LegMediaOptions, signalling: LegSignalling): Promise<LegMedia | undefined> {
  try {
    return await LegMedia.open(options, signalling);
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'SRTP_NEEDS_TLS') return undefined;
    throw error;
  }
}

/** A call that somebody placed to us. */
export class InboundLeg extends Leg {
  readonly info: CallInfo;
  readonly #request: IncomingInviteRequest;
  #final = false;
  #offered = false;
  #answer: Answer | undefined;
  #answered = false;
  #acked = false;
  /** Asked to hang up before the ACK came. */
  #hangupAfterAck: { cause: HangupCause; reason: string } | undefined;

  readonly #reliable: ReliableProvisionals | undefined;
  #acceptAfterPrack = false;

  constructor(call: IncomingCall, logger: Logger, rules: LegRules = DEFAULT_RULES) {
    super(call.endpoint, call.request.message.callId, logger, rules);
    this.learnPeer(call.request.message);
    if (wantsReliable(call.request.message, rules.prack)) {
      this.#reliable = new ReliableProvisionals(
        (text) => void this.endpoint.core.transport.send(text).catch(() => {}),
        () => this.reject(504),
      );
    }
    this.#request = call.request;
    const { message } = call.request;
    this.info = {
      callId: message.callId,
      caller: message.from.uri.toString(),
      callee: call.dialled,
      to: message.to.uri.toString(),
      headers: plainHeaders(message),
      remoteAddress: call.source.address,
    };
    call.request.delegate = {
      onCancel: () => {
        if (this.#final) return;
        this.reject(487);
      },
    };
  }

  /** What the caller and we agreed on; undefined while an INVITE without offer waits for its ACK. */
  override get codec(): AudioCodec | undefined {
    return this.media?.codec ?? this.#answer?.codec;
  }

  override get line(): LineFormat | undefined {
    return this.codec && (this.media?.line ?? this.#answer?.line);
  }

  /** 100, so that the caller's phone stops asking. */
  trying(): void {
    if (!this.#final) this.#request.trying();
  }

  /**
   * Binds ports and negotiates. Returns a status when the call has to be refused (488 nothing fits, 422 timer too short, 400 bad SDP); undefined when all is well.
   */
  async prepare(options: LegMediaOptions): Promise<{ status: number; headers: string[] } | undefined> {
    const { minSessionSeconds, prack } = this.rules;
    if (decideAsServer(this.#request.message, minSessionSeconds).kind === 'too-small') {
      return { status: 422, headers: [`Min-SE: ${minSessionSeconds}`] };
    }
    if (prack === 'required' && !this.#reliable) return { status: 421, headers: ['Require: 100rel'] };
    const { message } = this.#request;
    const offer = sdpOf(message.getHeader('content-type'), message.body);
    if (offer === undefined && message.body !== '') {
      return { status: 415, headers: ['Accept: application/sdp, multipart/mixed'] };
    }
    const signalling = { secure: this.endpoint.protocol === 'TLS', source: this.info.remoteAddress };
    const media = await openOr488(options, signalling);
    if (!media) return NOT_ACCEPTABLE;
    this.adoptMedia(media);
    if (this.end || offer === undefined) return undefined;
    try {
      this.#offered = true;
      this.#answer = await media.answer(offer);
    } catch (error) {
      if (error instanceof BridgeError && error.code === 'SDP_INVALID') return { status: 400, headers: [] };
      throw error;
    }
    return this.#answer ? undefined : NOT_ACCEPTABLE;
  }

  ring(): void {
    if (this.#final || this.end) return;
    this.#progress(180);
  }

  /** 183 with our answer: the caller hears what we play before the call is answered. False when the INVITE had no offer. */
  earlyMedia(): boolean {
    const answer = this.#answer;
    if (this.#final || this.end || !answer) return false;
    this.#progress(183, answer.sdp);
    answer.apply();
    this.media?.stream.release();
    return true;
  }

  /** Reliably where that was agreed on (RFC 3262); one at a time, as it must be. */
  #progress(statusCode: number, sdp?: string): void {
    const send = (extraHeaders: string[]): string => {
      const { message, session } = this.#request.progress({
        statusCode,
        extraHeaders,
        ...(sdp === undefined ? {} : { body: sdpBody(sdp) }),
      });
      this.adoptSession(session);
      return message;
    };
    // Without an offer the first reliable response has to bring ours (RFC 3262 §5), and that is the 200: ringing is told unreliably, or not at all.
    if (!this.#reliable || !this.#offered) {
      if (this.#offered || !requiresReliable(this.#request.message)) send([]);
    } else this.#reliable.send((headers) => (this.#final || this.end ? undefined : send(headers)), sdp !== undefined);
  }

  protected override onPrack(message: IncomingRequestMessage): boolean {
    const known = this.#reliable?.onPrack(message.getHeader('rack'), this.#request.message.cseq) ?? false;
    if (known && this.#acceptAfterPrack && this.#reliable?.holdsFinal === false) {
      this.#acceptAfterPrack = false;
      // After the core has answered the PRACK.
      setImmediate(() => this.accept());
    }
    return known;
  }

  /** 200. `established` follows with the ACK. */
  accept(): void {
    const media = this.media;
    if (this.#final || this.end || !media) return;
    if (this.#reliable?.holdsFinal) {
      // RFC 3262 §3: no 2xx before the session description in a reliable response was acknowledged.
      this.#acceptAfterPrack = true;
      return;
    }
    this.#final = true;
    this.#answered = true;
    this.#reliable?.stop();
    const decision = decideAsServer(this.#request.message, this.rules.minSessionSeconds);
    const { session } = this.#request.accept({
      statusCode: 200,
      extraHeaders: decision.kind === 'agreed' ? [...decision.headers] : [],
      body: sdpBody(this.#answer?.sdp ?? media.offer()),
    });
    this.adoptSession(session);
    this.#answer?.apply();
    if (decision.kind === 'agreed') this.setInterval(decision.interval);
  }

  /** A final refusal. */
  reject(status: number, extraHeaders: string[] = []): void {
    if (this.#final || this.end) return;
    this.#final = true;
    this.#reliable?.stop();
    tryReject(this.#request, status, extraHeaders);
    const by = status === 487 ? 'them' : 'us';
    this.finish({
      cause: 'normal',
      status,
      reason: status === 487 ? 'cancelled by the caller' : `refused with ${status}`,
      by,
    });
  }

  override hangup(cause: HangupCause, reason = ''): void {
    if (this.end) return;
    if (!this.#answered) {
      this.#final = true;
      this.#reliable?.stop();
      tryReject(this.#request, statusOf(cause));
      this.finish({ cause, status: statusOf(cause), reason, by: 'us' });
    } else if (!this.#acked) {
      // RFC 3261 §15: no BYE before the ACK. It comes, or `onAckTimeout` does.
      this.#hangupAfterAck ??= { cause, reason };
    } else {
      this.sendBye(cause);
      this.finish({ cause, status: 200, reason, by: 'us' });
    }
  }

  protected override onAck(message: IncomingRequestMessage): void {
    const first = !this.#acked;
    this.#acked = true;
    if (this.#hangupAfterAck) {
      const { cause, reason } = this.#hangupAfterAck;
      // After the core has finished with the ACK.
      setImmediate(() => this.hangup(cause, reason));
      return;
    }
    if (message.body === '') {
      if (first && !this.#offered) this.hangup('error', 'the ACK brought no answer to our offer');
      else this.markEstablished();
      return;
    }
    this.acceptLateAnswer(message).then(
      (fits) => {
        if (fits || this.#offered) this.markEstablished();
        else this.hangup('error', 'nothing in the answer fits our offer');
      },
      () => this.hangup('error', 'the answer in the ACK is not valid SDP'),
    );
  }
}

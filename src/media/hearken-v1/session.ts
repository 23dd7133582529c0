import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { SafeEmitter } from '../../emitter.js';
import { HearkenError } from '../../errors.js';
import { FrameQueue } from '../frame-queue.js';
import { Allowance } from '../platforms/allowance.js';
import type {
  HangupCause,
  MediaNotice,
  MediaPeer,
  MediaSession,
  MediaSessionEvents,
  OutgoingFrame,
  TransferOutcome,
  TransferRequest,
} from '../session.js';
import {
  type ClientMessage,
  type MediaFormat,
  type ServerMessage,
  type StartMessage,
  SUBPROTOCOL,
} from './messages.js';
import { decodeAudio, encodeAudio } from './wire-audio.js';

export interface SessionOptions {
  readonly id: string;
  readonly start: StartMessage;
  readonly remoteAddress: string;
  /** The conversation it goes on with. */
  readonly conversationId?: string;
  readonly resumeWindowMs: number;
  readonly incomingQueueMs: number;
  readonly onListenerError: (error: unknown, event: string) => void;
}

/** Bytes that may wait in a socket: 8 s of 8 kHz PCM16. A peer that reads slower than that has stopped. */
const MAX_BUFFERED_BYTES = 131_072;
/** What the peer can tell besides: a header, because a `start` with fields that it does not know is refused by an older service. */
const OFFERS_HEADER = 'x-hearken-offers';
/** Added to a transfer's own limit, for the answer to travel. */
const TRANSFER_GRACE_MS = 2000;

/** Keys in a second: nobody presses faster. At once: what a bridge kept while its socket was away. */
const KEYS = { perSecond: 20, burst: 40 };
/** Typed answers: nobody types faster. */
const TEXTS = { perSecond: 2, burst: 20 };
/** Sound, ms: a stalled network delivers seconds of it at once, but nobody talks faster than time goes by. More would be heard and recognised at everybody else's cost. */
const SOUND = { perSecond: 2000, burst: 20_000 };
/** Messages of any kind: 50 of sound a second, and what a stalled network delivers at once. */
const MESSAGES = { perSecond: 400, burst: 6000 };
/** Reports of the line; bridges tell every ten seconds. */
const REPORTS = { perSecond: 1, burst: 1 };

interface PendingTransfer {
  readonly transferId: string;
  readonly message: ServerMessage;
  readonly resolve: (outcome: TransferOutcome) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** A call over `hearken.media.v1`. It outlives its socket by the resume window. */
export class HearkenV1Session extends SafeEmitter<MediaSessionEvents> implements MediaSession {
  readonly id: string;
  readonly peer: MediaPeer;
  readonly format: MediaFormat;
  /** Whoever comes back must show it. */
  readonly resumeToken = randomBytes(18).toString('base64url');
  readonly resumeWindowMs: number;
  readonly #incoming: FrameQueue;
  #socket: WebSocket | undefined;
  #generation = 0;
  #closed = false;
  #unheardHangup: { readonly cause: HangupCause; readonly reason: string } | undefined;
  #resumeTimer: NodeJS.Timeout | undefined;
  #transfer: PendingTransfer | undefined;
  /** What the application has ordered about recording: a peer that comes back may have missed it. */
  #recordingStarted = false;
  #recording: 'pause' | 'resume' | 'stop' | undefined;
  readonly #keys = new Allowance({ ...KEYS, nowMs: performance.now() });
  readonly #reports = new Allowance({ ...REPORTS, nowMs: performance.now() });
  readonly #texts = new Allowance({ ...TEXTS, nowMs: performance.now() });
  readonly #sound = new Allowance({ ...SOUND, nowMs: performance.now() });
  readonly #messages = new Allowance({ ...MESSAGES, nowMs: performance.now() });
  #lastReport = false;

  constructor(options: SessionOptions) {
    super(options.onListenerError);
    this.id = options.id;
    this.resumeWindowMs = options.resumeWindowMs;
    this.format = options.start.media;
    this.peer = {
      callId: options.start.callId,
      direction: options.start.direction,
      caller: options.start.caller,
      callee: options.start.callee,
      headers: options.start.headers ?? {},
      ...(options.start.purpose === undefined ? {} : { purpose: options.start.purpose }),
      ...(options.start.route === undefined ? {} : { route: options.start.route }),
      ...(options.conversationId === undefined ? {} : { conversationId: options.conversationId }),
      protocol: SUBPROTOCOL,
      remoteAddress: options.remoteAddress,
    };
    this.#incoming = new FrameQueue(options.incomingQueueMs);
  }

  get #tellsQuality(): boolean {
    const offers = Object.entries(this.peer.headers).find(([name]) => name.toLowerCase() === OFFERS_HEADER)?.[1];
    return offers?.split(',').some((offer) => offer.trim() === 'quality') ?? false;
  }

  get sampleRate(): number {
    return this.format.sampleRate;
  }

  get generation(): number {
    return this.#generation;
  }

  get incoming(): FrameQueue {
    return this.#incoming;
  }

  /** We hung up while the socket was away: the peer, when it comes back, has yet to be told. */
  get unheardHangup(): { readonly cause: HangupCause; readonly reason: string } | undefined {
    return this.#unheardHangup;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Gives the session a socket: the first one, or another after the first was lost. */
  attach(socket: WebSocket): void {
    if (this.#closed) throw new HearkenError('RESUME_UNKNOWN', 'This call has ended.');
    const again = this.#socket !== undefined || this.#resumeTimer !== undefined;
    clearTimeout(this.#resumeTimer);
    this.#resumeTimer = undefined;
    const old = this.#socket;
    this.#socket = socket;
    // A second socket for a live call means that the first one is dead and we have not noticed yet.
    old?.terminate();
    if (again) this.#generation += 1;
    this.#send({
      type: 'ready',
      sessionId: this.id,
      resumeToken: this.resumeToken,
      resumeWindowMs: this.resumeWindowMs,
      media: this.format,
      generation: this.#generation,
      ...(this.#tellsQuality ? { accepts: ['quality'] } : {}),
    });
    // Asked for while the socket was away, or lost with it; the peer knows a transfer that it carries out already.
    if (again && this.#transfer) this.#send(this.#transfer.message);
    if (again) this.#repeatRecording();
    if (again) this.emit('resumed');
  }

  /** The socket went away without a `stop`. */
  detach(socket: WebSocket): void {
    if (this.#closed || socket !== this.#socket) return;
    this.#socket = undefined;
    this.emit('detached');
    this.#resumeTimer = setTimeout(() => this.#close('lost', 'the media connection was lost'), this.resumeWindowMs);
  }

  /** Counts a message before it is read. False: there were more than any client has to say, and the call has been ended. */
  admits(): boolean {
    if (this.#messages.take(1, performance.now())) return true;
    this.hangup('error', 'too many messages');
    return false;
  }

  /** Throws PROTOCOL_FRAME for audio that is not whole frames. */
  receiveAudio(payload: Buffer): void {
    if (this.#closed) return;
    const samples = decodeAudio(payload, this.format);
    if (!this.#sound.take((samples.length * 1000) / this.sampleRate, performance.now())) return;
    this.#incoming.push({ samples, sampleRate: this.sampleRate });
  }

  /** Throws PROTOCOL_STATE for what makes no sense now. */
  receive(message: ClientMessage): void {
    if (this.#closed) return;
    switch (message.type) {
      case 'start':
        throw new HearkenError('PROTOCOL_STATE', 'A second "start" on the same socket.', {
          hint: 'Open one WebSocket for each call.',
        });
      case 'dtmf':
        if (!this.#keys.take(1, performance.now())) return;
        this.emit('dtmf', message.digit, message.durationMs ?? 0);
        return;
      case 'text':
        if (!this.#texts.take(1, performance.now())) return;
        this.emit('text', message.text);
        return;
      case 'mark':
        this.emit('mark', message.name);
        return;
      case 'cleared':
        this.emit('cleared', message.generation, message.playedMs);
        return;
      case 'transfer.progress':
        if (message.transferId === this.#transfer?.transferId)
          this.emit('transferProgress', message.transferId, message.status);
        return;
      case 'transfer.result':
        this.#finishTransfer(message.transferId, message.outcome, message.status, message.reason ?? '');
        return;
      case 'quality': {
        if (!this.#takesReport(message.final === true)) return;
        const { type: _type, ...quality } = message;
        this.emit('quality', quality);
        return;
      }
      case 'stop':
        this.#close(message.cause, message.reason ?? '');
        return;
    }
  }

  play(frame: OutgoingFrame): boolean {
    const socket = this.#socket;
    if (this.#closed || !socket || frame.generation !== this.#generation) return false;
    if (frame.sampleRate !== this.sampleRate) {
      throw new HearkenError('INTERNAL', `A frame of ${frame.sampleRate} Hz for a call of ${this.sampleRate} Hz.`);
    }
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) return false;
    socket.send(encodeAudio(frame.samples, this.format), { binary: true }, ignoreSendError);
    return true;
  }

  clear(): number {
    this.#generation += 1;
    this.#send({ type: 'clear', generation: this.#generation });
    return this.#generation;
  }

  mark(name: string): void {
    this.#send({ type: 'mark', name: name.slice(0, 64) });
  }

  notify(notice: MediaNotice): void {
    if (notice.type === 'transcript') this.#send({ ...notice, text: notice.text.slice(0, 4096) });
    else this.#send(notice);
    // A recording that was stopped is not taken up again.
    if (notice.type !== 'recording' || this.#recording === 'stop') return;
    if (notice.action === 'start') this.#recordingStarted = true;
    else this.#recording = notice.action;
  }

  transfer(request: TransferRequest): Promise<TransferOutcome> {
    if (this.#closed) return Promise.reject(new HearkenError('CALL_FAILED', 'The call has ended.'));
    if (this.#transfer) {
      return Promise.resolve({
        transferId: request.transferId,
        outcome: 'failed',
        status: 491,
        reason: 'another transfer is under way',
      });
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#finishTransfer(request.transferId, 'timeout', 0, 'no outcome was reported'),
        request.timeoutMs + TRANSFER_GRACE_MS,
      );
      const message: ServerMessage = { type: 'transfer', ...request };
      this.#transfer = { transferId: request.transferId, message, resolve, reject, timer };
      this.#send(message);
    });
  }

  hangup(cause: HangupCause, reason = ''): void {
    if (this.#closed) return;
    if (!this.#socket && this.#resumeTimer) this.#unheardHangup = { cause, reason };
    this.#send({ type: 'hangup', cause, reason: reason.slice(0, 512) });
    this.#close(cause, reason);
  }

  /** A pause that got lost would keep a card number. To a peer that has heard it, it says nothing new. */
  #repeatRecording(): void {
    if (this.#recordingStarted && this.#recording !== 'stop') this.#send({ type: 'recording', action: 'start' });
    if (this.#recording !== undefined) this.#send({ type: 'recording', action: this.#recording });
  }

  /** Only who offered it may tell how the line is, not more often than is of use; the last report is taken in any case. */
  #takesReport(final: boolean): boolean {
    if (!this.#tellsQuality || this.#lastReport) return false;
    this.#lastReport = final;
    return this.#reports.take(1, performance.now()) || final;
  }

  #finishTransfer(transferId: string, outcome: TransferOutcome['outcome'], status: number, reason: string): void {
    if (this.#transfer?.transferId !== transferId) return;
    const { resolve, timer } = this.#transfer;
    clearTimeout(timer);
    this.#transfer = undefined;
    resolve({ transferId, outcome, status, reason });
  }

  #send(message: ServerMessage): void {
    this.#socket?.send(JSON.stringify(message), ignoreSendError);
  }

  #close(cause: HangupCause, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#resumeTimer);
    this.#incoming.end();
    if (this.#transfer) {
      clearTimeout(this.#transfer.timer);
      this.#transfer.reject(new HearkenError('CALL_FAILED', 'The call ended during the transfer.'));
      this.#transfer = undefined;
    }
    // Closing politely: the peer reads what was sent before it, `hangup` too.
    this.#socket?.close(1000, cause);
    this.#socket = undefined;
    this.emit('closed', cause, reason);
    this.removeAllListeners();
  }
}

/** A send that fails means the socket is going away; its `close` event is what acts on that. */
function ignoreSendError(): void {}

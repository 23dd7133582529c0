import type { Clock } from '../../clock.js';
import { SafeEmitter } from '../../emitter.js';
import { HearkenError } from '../../errors.js';
import { FrameQueue } from '../frame-queue.js';
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
import { Allowance } from './allowance.js';
import { EarClock } from './ear-clock.js';
import type { Wire } from './wire.js';

/** Hands a call on by the platform's own means; undefined where there are none. */
export type Transferrer = (peer: MediaPeer, request: TransferRequest) => TransferOutcome | undefined;

export interface PlatformSessionOptions {
  readonly id: string;
  readonly peer: MediaPeer;
  readonly sampleRate: number;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly incomingQueueMs: number;
  readonly transfer?: Transferrer | undefined;
  readonly onListenerError: (error: unknown, event: string) => void;
}

/** Marks of our own between those of the call, so that an interruption finds the ear where it really is. */
const PROGRESS_EVERY_MS = 200;
/** Marks that may wait for an answer: 4 s of progress marks and the call's own. More means that the platform has stopped. */
const MOST_MARKS = 64;
/** A platform that has not answered its first mark this long after it was due answers none: our own clock must do. */
const FIRST_MARK_GRACE_MS = 1500;
/** Keys in a second: nobody presses faster, a tone detector gone wild does. */
const KEYS = { perSecond: 20, burst: 40 };
const KEY = /^[0-9*#A-D]$/;

interface PendingMark {
  /** Undefined for a progress mark. */
  readonly name: string | undefined;
  readonly positionMs: number;
  cancel: (() => void) | undefined;
}

/** A call on another platform's protocol: everything that doesn't depend on which one it is. */
export class PlatformSession extends SafeEmitter<MediaSessionEvents> implements MediaSession {
  readonly id: string;
  readonly peer: MediaPeer;
  readonly sampleRate: number;
  readonly incoming: FrameQueue;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #transfer: Transferrer | undefined;
  readonly #ear = new EarClock();
  readonly #keys: Allowance;
  readonly #marks = new Map<string, PendingMark>();
  #generation = 0;
  #markCount = 0;
  #lastMarkMs = 0;
  /** False once the platform has turned out to answer no marks. */
  #trustMarks: boolean;
  #answered = false;
  #closed = false;

  constructor(options: PlatformSessionOptions) {
    super(options.onListenerError);
    this.id = options.id;
    this.peer = options.peer;
    this.sampleRate = options.sampleRate;
    this.incoming = new FrameQueue(options.incomingQueueMs);
    this.#wire = options.wire;
    this.#clock = options.clock;
    this.#transfer = options.transfer;
    this.#trustMarks = options.wire.answersMarks;
    this.#keys = new Allowance({ ...KEYS, nowMs: options.clock.nowMs() });
  }

  get generation(): number {
    return this.#generation;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The caller's audio, from the wire. */
  heard(samples: Int16Array): void {
    if (!this.#closed && samples.length > 0) this.incoming.push({ samples, sampleRate: this.sampleRate });
  }

  /** A key, from the wire; what is no key is left out. */
  pressed(digit: string, durationMs = 0): void {
    const key = digit.toUpperCase();
    if (this.#closed || !KEY.test(key) || !this.#keys.take(1, this.#clock.nowMs())) return;
    this.emit('dtmf', key, Number.isFinite(durationMs) ? Math.max(0, Math.min(60_000, Math.round(durationMs))) : 0);
  }

  /** The platform says that a mark has been played. Marks of an older generation, and made-up ones, mean nothing. */
  markPlayed(id: string): void {
    const mark = this.#marks.get(id);
    if (!mark || this.#closed) return;
    this.#answered = true;
    this.#settle(id, mark);
  }

  /** The other end is gone. */
  ended(cause: HangupCause, reason: string): void {
    this.#close(cause, reason);
  }

  play(frame: OutgoingFrame): boolean {
    if (this.#closed || frame.generation !== this.#generation) return false;
    if (frame.sampleRate !== this.sampleRate) {
      throw new HearkenError('INTERNAL', `A frame of ${frame.sampleRate} Hz for a call of ${this.sampleRate} Hz.`);
    }
    if (!this.#wire.play(frame.samples)) return false;
    this.#ear.sent((frame.samples.length * 1000) / this.sampleRate, this.#clock.nowMs());
    if (this.#trustMarks && this.#ear.sentMs - this.#lastMarkMs >= PROGRESS_EVERY_MS) this.#addMark(undefined);
    return true;
  }

  clear(): number {
    const nowMs = this.#clock.nowMs();
    const playedMs = Math.round(this.#heardMs(nowMs));
    this.#generation += 1;
    if (this.#closed) return this.#generation;
    this.#dropMarks();
    this.#ear.reset(nowMs);
    this.#wire.clear();
    const generation = this.#generation;
    queueMicrotask(() => this.emit('cleared', generation, playedMs));
    return generation;
  }

  mark(name: string): void {
    if (!this.#closed) this.#addMark(name.slice(0, 64));
  }

  /** None of these platforms shows anything. */
  notify(_notice: MediaNotice): void {}

  transfer(request: TransferRequest): Promise<TransferOutcome> {
    if (this.#closed) return Promise.reject(new HearkenError('CALL_FAILED', 'The call has ended.'));
    const { transferId } = request;
    return Promise.resolve(
      this.#transfer?.(this.peer, request) ?? {
        transferId,
        outcome: 'failed',
        status: 501,
        reason: `unsupported: ${this.peer.protocol} has no message for a transfer; docs/protocols-of-others.md tells the platform's own way`,
      },
    );
  }

  hangup(cause: HangupCause, reason = ''): void {
    if (this.#closed) return;
    this.#wire.hangup(cause, reason);
    this.#close(cause, reason);
  }

  #addMark(name: string | undefined): void {
    if (this.#marks.size >= MOST_MARKS) {
      if (name === undefined) return;
      const oldest = this.#marks.entries().next().value;
      if (oldest) this.#settle(...oldest);
    }
    const positionMs = this.#ear.sentMs;
    this.#lastMarkMs = positionMs;
    this.#markCount += 1;
    const id = `m${this.#markCount}`;
    const mark: PendingMark = { name, positionMs, cancel: undefined };
    this.#marks.set(id, mark);
    if (this.#trustMarks) this.#wire.mark(id);
    if (!this.#trustMarks || !this.#answered) this.#answerByClock(id, mark);
  }

  /** At once when the ear is due there, where the platform answers no marks; else after a grace, while it has yet to answer its first. */
  #answerByClock(id: string, mark: PendingMark): void {
    const graceMs = this.#trustMarks ? FIRST_MARK_GRACE_MS : 0;
    mark.cancel = this.#clock.after(this.#ear.untilMs(mark.positionMs, this.#clock.nowMs()) + graceMs, () => {
      if (this.#trustMarks && this.#answered) return;
      this.#trustMarks = false;
      this.#settle(id, mark);
    });
  }

  #settle(id: string, mark: PendingMark): void {
    // Those before it have been played as well, answered or not.
    for (const [earlier, other] of [...this.#marks]) {
      this.#marks.delete(earlier);
      other.cancel?.();
      this.#ear.reached(other.positionMs, this.#clock.nowMs());
      if (other.name !== undefined) this.emit('mark', other.name);
      if (earlier === id || other === mark) return;
    }
  }

  /** Not past the first mark that is still unanswered: what lies behind that has not been heard yet. */
  #heardMs(nowMs: number): number {
    const byClock = this.#ear.heardMs(nowMs);
    if (!this.#trustMarks || !this.#answered) return byClock;
    const next = this.#marks.values().next().value;
    return next === undefined ? byClock : Math.min(byClock, next.positionMs);
  }

  #dropMarks(): void {
    for (const mark of this.#marks.values()) mark.cancel?.();
    this.#marks.clear();
    this.#lastMarkMs = 0;
  }

  #close(cause: HangupCause, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dropMarks();
    this.incoming.end();
    this.emit('closed', cause, reason);
    this.removeAllListeners();
  }
}

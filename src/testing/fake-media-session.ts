import type { Clock } from '../clock.js';
import { SafeEmitter } from '../emitter.js';
import { durationMs, FrameQueue } from '../media/frame-queue.js';
import type {
  HangupCause,
  MediaNotice,
  MediaPeer,
  MediaSession,
  MediaSessionEvents,
  OutgoingFrame,
  TransferOutcome,
  TransferRequest,
} from '../media/session.js';

type Queued = { readonly kind: 'audio'; readonly ms: number } | { readonly kind: 'mark'; readonly name: string };

/**
 * The caller's end of a call, on any clock: plays what it is given in real time, answers marks when the ear gets there, and tells after a
 * `clear` how much was heard. What a test wants to say is pushed with `say`.
 */
export class FakeMediaSession extends SafeEmitter<MediaSessionEvents> implements MediaSession {
  readonly id: string;
  readonly peer: MediaPeer;
  readonly sampleRate = 8000;
  readonly incoming = new FrameQueue(60_000);
  /** Everything played so far, in order, with the generation it belonged to. */
  readonly played: OutgoingFrame[] = [];
  readonly notices: MediaNotice[] = [];
  readonly transfers: TransferRequest[] = [];
  /** What the next transfers come to; the last one is used again. */
  outcomes: Pick<TransferOutcome, 'outcome' | 'status'>[] = [{ outcome: 'completed', status: 200 }];
  ended: { readonly cause: HangupCause; readonly reason: string } | undefined;
  /** While false, `play` drops everything, as a lost socket does. */
  attached = true;
  readonly #clock: Clock;
  #generation = 0;
  #queue: Queued[] = [];
  /** Ms of this generation that the ear has heard, up to the piece it is in. */
  #heardMs = 0;
  #pieceStartedMs: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, peer: Partial<MediaPeer> = {}, id = 'fake-session') {
    super((error) => {
      throw error;
    });
    this.#clock = clock;
    this.id = id;
    this.peer = {
      callId: `call-of-${id}`,
      direction: 'inbound',
      caller: 'sip:13800138000@example.com',
      callee: 'sip:100@example.com',
      headers: {},
      protocol: 'fake',
      remoteAddress: '127.0.0.1',
      ...peer,
    };
  }

  get generation(): number {
    return this.#generation;
  }

  /** The caller speaks. */
  say(samples: Int16Array): void {
    this.incoming.push({ samples, sampleRate: this.sampleRate });
  }

  press(digit: string): void {
    this.emit('dtmf', digit, 100);
  }

  /** The socket is lost. What was queued on its side is lost with it. */
  detach(): void {
    this.attached = false;
    this.#forget();
    this.emit('detached');
  }

  comeBack(): void {
    this.attached = true;
    this.#generation += 1;
    this.emit('resumed');
  }

  /** The caller hangs up. */
  leave(): void {
    this.#end('normal', 'the caller hung up');
  }

  play(frame: OutgoingFrame): boolean {
    if (this.ended || !this.attached || frame.generation !== this.#generation) return false;
    this.played.push(frame);
    this.#queue.push({ kind: 'audio', ms: durationMs(frame) });
    this.#next();
    return true;
  }

  clear(): number {
    const partMs = this.#pieceStartedMs === undefined ? 0 : this.#clock.nowMs() - this.#pieceStartedMs;
    const heardMs = this.#heardMs + partMs;
    this.#forget();
    this.#generation += 1;
    const generation = this.#generation;
    this.#clock.after(1, () => this.emit('cleared', generation, heardMs));
    return generation;
  }

  mark(name: string): void {
    this.#queue.push({ kind: 'mark', name });
    this.#next();
  }

  notify(notice: MediaNotice): void {
    this.notices.push(notice);
  }

  transfer(request: TransferRequest): Promise<TransferOutcome> {
    this.transfers.push(request);
    const next = this.outcomes.length > 1 ? this.outcomes.shift() : this.outcomes[0];
    return Promise.resolve({ transferId: request.transferId, reason: '', outcome: 'failed', status: 0, ...next });
  }

  hangup(cause: HangupCause, reason = ''): void {
    this.#end(cause, reason);
  }

  #next(): void {
    if (this.#pieceStartedMs !== undefined) return;
    while (this.#queue[0]?.kind === 'mark') {
      const { name } = this.#queue.shift() as { readonly name: string };
      // Not from inside mark(): a real peer answers later.
      this.#clock.after(0, () => this.emit('mark', name));
    }
    const piece = this.#queue[0];
    if (piece?.kind !== 'audio') return;
    this.#pieceStartedMs = this.#clock.nowMs();
    this.#cancel = this.#clock.after(piece.ms, () => {
      this.#queue.shift();
      this.#heardMs += piece.ms;
      this.#pieceStartedMs = undefined;
      this.#next();
    });
  }

  #forget(): void {
    this.#cancel?.();
    this.#queue = [];
    this.#heardMs = 0;
    this.#pieceStartedMs = undefined;
  }

  #end(cause: HangupCause, reason: string): void {
    if (this.ended) return;
    this.ended = { cause, reason };
    this.#forget();
    this.incoming.end();
    this.emit('closed', cause, reason);
  }
}

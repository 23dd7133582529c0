import { SafeEmitter } from '../../emitter.js';
import { FrameQueue } from '../../media/frame-queue.js';
import type {
  HangupCause,
  MediaPeer,
  MediaSession,
  MediaSessionEvents,
  OutgoingFrame,
  TransferOutcome,
  TransferRequest,
} from '../../media/session.js';
import { VIRTUAL_DELAYS } from './pace.js';
import type { VirtualClock } from './virtual-clock.js';

const FRAME_MS = 20;
/** A key is held about so long. */
const KEY_MS = 120;
/** Frames that wait for the ear of the call: one is pushed at a time. */
const QUEUE_MS = 1000;

/** The caller's end of a replayed call: hears in virtual time, answers marks when its ear gets there, and says what the recording says. */
export class ReplaySession extends SafeEmitter<MediaSessionEvents> implements MediaSession {
  readonly id: string;
  readonly peer: MediaPeer;
  readonly sampleRate: number;
  readonly incoming = new FrameQueue(QUEUE_MS);
  /** Times at which the caller hears the bot, in order; a clear cuts the last one. */
  readonly heard: { fromMs: number; toMs: number }[] = [];
  ended:
    | { readonly cause: HangupCause; readonly reason: string; readonly atMs: number; readonly by: 'us' | 'caller' }
    | undefined;
  transferred = false;
  readonly #clock: VirtualClock;
  #generation = 0;
  #generationMs = 0;
  /** The ear is busy until then. */
  #busyUntilMs = 0;

  constructor(clock: VirtualClock, peer: MediaPeer, id: string, sampleRate: number) {
    super((error) => {
      throw error;
    });
    this.#clock = clock;
    this.peer = peer;
    this.id = id;
    this.sampleRate = sampleRate;
  }

  get generation(): number {
    return this.#generation;
  }

  /** The bot can be heard now. */
  get hearing(): boolean {
    return this.#busyUntilMs > this.#clock.nowMs();
  }

  /** Since when the bot has been heard without a break; undefined while it is quiet. */
  get hearingSinceMs(): number | undefined {
    const last = this.heard.at(-1);
    return this.hearing && last && last.fromMs <= this.#clock.nowMs() ? last.fromMs : undefined;
  }

  /** Since when there is nothing to hear; undefined while there is, or when there never was. */
  get quietSinceMs(): number | undefined {
    return this.hearing ? undefined : this.heard.at(-1)?.toMs;
  }

  say(samples: Int16Array): void {
    this.incoming.push({ samples, sampleRate: this.sampleRate });
  }

  /** The caller presses a key. */
  press(key: string): void {
    if (!this.ended) this.emit('dtmf', key, KEY_MS);
  }

  /** The caller hangs up. */
  leave(reason: string): void {
    this.#end('normal', reason, 'caller');
  }

  play(frame: OutgoingFrame): boolean {
    if (this.ended || frame.generation !== this.#generation) return false;
    const startMs = Math.max(this.#busyUntilMs, this.#clock.nowMs() + VIRTUAL_DELAYS.lineMs);
    const last = this.heard.at(-1);
    if (last && startMs - last.toMs < FRAME_MS) last.toMs = startMs + FRAME_MS;
    else this.heard.push({ fromMs: startMs, toMs: startMs + FRAME_MS });
    this.#busyUntilMs = startMs + FRAME_MS;
    this.#generationMs += FRAME_MS;
    return true;
  }

  clear(): number {
    const nowMs = this.#clock.nowMs();
    const heardMs = Math.max(0, this.#generationMs - Math.max(0, this.#busyUntilMs - nowMs));
    const last = this.heard.at(-1);
    if (last && last.toMs > nowMs) last.toMs = Math.max(last.fromMs, nowMs);
    this.#generation += 1;
    this.#generationMs = 0;
    this.#busyUntilMs = nowMs;
    const generation = this.#generation;
    this.#clock.after(VIRTUAL_DELAYS.lineMs, () => this.emit('cleared', generation, heardMs));
    return generation;
  }

  mark(name: string): void {
    const generation = this.#generation;
    this.#clock.after(Math.max(0, this.#busyUntilMs - this.#clock.nowMs()), () => {
      if (generation === this.#generation && !this.ended) this.emit('mark', name);
    });
  }

  /** Nobody looks. */
  notify(): void {}

  /** Somebody always answers. */
  async transfer(request: TransferRequest): Promise<TransferOutcome> {
    await this.#clock.sleep(VIRTUAL_DELAYS.transferMs);
    if (this.ended) throw new Error('the call is over');
    this.transferred = true;
    return { transferId: request.transferId, outcome: 'completed', status: 200, reason: '' };
  }

  hangup(cause: HangupCause, reason = ''): void {
    this.#end(cause, reason, 'us');
  }

  #end(cause: HangupCause, reason: string, by: 'us' | 'caller'): void {
    if (this.ended) return;
    this.ended = { cause, reason, atMs: this.#clock.nowMs(), by };
    this.incoming.end();
    this.emit('closed', cause, reason);
  }
}

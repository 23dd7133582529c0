/** What one wake-up of the pacer has to do. */
export interface Due {
  /** Frames to send now; 0 when it is too early. */
  readonly frames: number;
  /** Frames whose time is lost: the schedule was re-based past them. */
  readonly skipped: number;
  /** How late the first of them is. */
  readonly lateMs: number;
}

/**
 * The schedule of all calls: frame n is due at `startMs + n * frameMs`, whatever the timers did, so there is no drift. After a stall at most `catchUpFrames` are
 * sent in a burst and the schedule is re-based: more would only fill the phones' jitter buffers (`setInterval(20)` loses 1.3-1.7 % of the frames).
 */
export class DeadlineSchedule {
  readonly #frameMs: number;
  readonly #catchUpFrames: number;
  #nextMs: number;

  constructor(startMs: number, frameMs: number, catchUpFrames: number) {
    this.#nextMs = startMs;
    this.#frameMs = frameMs;
    this.#catchUpFrames = catchUpFrames;
  }

  /** When the next frame is due. */
  get nextMs(): number {
    return this.#nextMs;
  }

  due(nowMs: number): Due {
    const lateMs = nowMs - this.#nextMs;
    if (lateMs < 0) return { frames: 0, skipped: 0, lateMs: 0 };
    const owed = Math.floor(lateMs / this.#frameMs) + 1;
    const frames = Math.min(owed, this.#catchUpFrames);
    this.#nextMs += owed * this.#frameMs;
    return { frames, skipped: owed - frames, lateMs };
  }
}

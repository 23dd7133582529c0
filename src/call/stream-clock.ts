/** Audio that arrives later than this after what came before it was not merely late: nothing was sent meanwhile. */
const GAP_MS = 200;
/** Gaps that are remembered; events about audio from before the oldest of them are long over. */
const REMEMBERED = 16;

/**
 * The recogniser counts the audio it was given; the call counts time. They run alike until audio stops coming for a while (a lost socket,
 * a dropped queue), and each such gap shifts what follows.
 */
export class StreamClock {
  #streamMs = 0;
  /** From `fromMs` of the stream on, the call's time is the stream's plus `offsetMs`. */
  readonly #offsets: { readonly fromMs: number; offsetMs: number }[] = [];

  /** `lengthMs` of audio came at `atMs` of the call. */
  accept(atMs: number, lengthMs: number): void {
    const offsetMs = atMs - this.#streamMs;
    const last = this.#offsets.at(-1);
    if (!last || offsetMs - last.offsetMs > GAP_MS) {
      this.#offsets.push({ fromMs: this.#streamMs, offsetMs });
      if (this.#offsets.length > REMEMBERED) this.#offsets.shift();
    } else if (offsetMs < last.offsetMs) {
      // What came before had waited somewhere (the first frames of a call do): audio can be late, never early.
      last.offsetMs = offsetMs;
    }
    this.#streamMs += lengthMs;
  }

  callTimeMs(streamMs: number): number {
    const offset = this.#offsets.findLast(({ fromMs }) => fromMs <= streamMs) ?? this.#offsets[0];
    return streamMs + (offset?.offsetMs ?? 0);
  }
}

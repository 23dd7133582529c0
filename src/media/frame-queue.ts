import type { PcmFrame } from './session.js';

/** Bounded queue between the socket and the one reader of a call's audio. Full, it drops the oldest: late audio is of no use. */
export class FrameQueue implements AsyncIterable<PcmFrame> {
  readonly #maxMs: number;
  readonly #frames: PcmFrame[] = [];
  #queuedMs = 0;
  #droppedMs = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  get queuedMs(): number {
    return this.#queuedMs;
  }

  /** Audio lost so far because the reader was slower than the caller. */
  get droppedMs(): number {
    return this.#droppedMs;
  }

  push(frame: PcmFrame): void {
    if (this.#ended) return;
    this.#frames.push(frame);
    this.#queuedMs += durationMs(frame);
    while (this.#queuedMs > this.#maxMs && this.#frames.length > 1) {
      const oldest = this.#frames.shift();
      if (!oldest) break;
      this.#queuedMs -= durationMs(oldest);
      this.#droppedMs += durationMs(oldest);
    }
    this.#wake?.();
  }

  /** No more will come; what is queued can still be read. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PcmFrame> {
    while (true) {
      const frame = this.#frames.shift();
      if (frame) {
        this.#queuedMs -= durationMs(frame);
        yield frame;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }
}

export function durationMs(frame: PcmFrame): number {
  return (frame.samples.length * 1000) / frame.sampleRate;
}

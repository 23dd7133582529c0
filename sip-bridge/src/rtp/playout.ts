import { FRAME_MS, LINES, type LineFormat } from './packet.js';

type Item = { readonly frame: Uint8Array } | { readonly mark: string };

/**
 * What a caller has still to hear: frames and marks in order, bounded. The pacer takes one frame every 20 ms; a mark is reached when the frame before it has
 * been out for its 20 ms. `clear` forgets everything, marks too, and tells how much had been played.
 */
export class PlayoutQueue {
  readonly #maxFrames: number;
  readonly #frameBytes: number;
  readonly #silence: number;
  #items: Item[] = [];
  #head = 0;
  #frames = 0;
  #generation = 0;
  #playedFrames = 0;
  /** Frames that found the queue full. */
  dropped = 0;

  constructor(maxFrames: number, line: LineFormat = 'pcmu') {
    this.#maxFrames = maxFrames;
    this.#frameBytes = LINES[line].frameBytes;
    this.#silence = LINES[line].silence;
  }

  get queuedMs(): number {
    return this.#frames * FRAME_MS;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Any number of bytes; the last frame is padded with silence when it is short. Returns how many frames found no room. */
  push(payload: Uint8Array): number {
    const size = this.#frameBytes;
    let refused = 0;
    for (let at = 0; at < payload.length; at += size) {
      if (this.#frames >= this.#maxFrames) {
        refused++;
        continue;
      }
      const slice = payload.subarray(at, at + size);
      let frame = slice;
      if (slice.length < size) {
        frame = new Uint8Array(size).fill(this.#silence);
        frame.set(slice);
      }
      this.#items.push({ frame });
      this.#frames++;
    }
    this.dropped += refused;
    return refused;
  }

  /** False when there are absurdly many marks already. */
  mark(name: string): boolean {
    if (this.#items.length - this.#head - this.#frames >= 256) return false;
    this.#items.push({ mark: name });
    return true;
  }

  /** Empties the queue; what comes after belongs to `generation`. Returns how much of the one before was played. */
  clear(generation: number): number {
    const playedMs = this.#playedFrames * FRAME_MS;
    this.#items = [];
    this.#head = 0;
    this.#frames = 0;
    this.#playedFrames = 0;
    this.#generation = generation;
    return playedMs;
  }

  /** The frame to send now, undefined when there is none; `reached` hears of the marks before it. */
  next(reached: (name: string) => void): Uint8Array | undefined {
    for (;;) {
      const item = this.#items[this.#head];
      if (item === undefined) {
        this.#compact();
        return undefined;
      }
      this.#head++;
      if ('mark' in item) {
        reached(item.mark);
        continue;
      }
      this.#frames--;
      this.#playedFrames++;
      if (this.#head >= 512) this.#compact();
      return item.frame;
    }
  }

  #compact(): void {
    if (this.#head === 0) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}

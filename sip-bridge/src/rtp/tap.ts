import { LINES, type LineFormat, lineSilence } from './packet.js';

/** Frames of a batch: one second. */
const BATCH_FRAMES = 50;
/** The caller's frames that wait for the clock; more is a burst that the recording leaves out. */
const MAX_WAITING = 25;

/** Takes down both sides of one call on the pacer's clock, so that they stay beside each other: one frame of the peer (left) and one of what it hears (right) every 20 ms. */
export class RecordingTap {
  readonly #line: LineFormat;
  readonly #out: (batch: ArrayBuffer) => void;
  #heard: Uint8Array[] = [];
  #batch: Uint8Array;
  #frames = 0;
  #paused = false;

  /** `out` gets a second at a time, the samples of both sides by turns. */
  constructor(line: LineFormat, out: (batch: ArrayBuffer) => void) {
    this.#line = line;
    this.#out = out;
    this.#batch = this.#empty();
  }

  /** Silence is taken down meanwhile. What is heard in a pause is gone at once: waiting for the clock it would be kept when the pause is over. */
  set paused(paused: boolean) {
    this.#paused = paused;
    if (paused) this.#heard = [];
  }

  /** A frame of the peer. */
  heard(frame: Uint8Array): void {
    if (this.#paused) return;
    if (this.#heard.length >= MAX_WAITING) this.#heard.shift();
    this.#heard.push(frame);
  }

  /** 20 ms are over; `said` is what the peer heard of us, undefined: nothing. */
  tick(said: Uint8Array | undefined): void {
    const heard = this.#heard.shift();
    const silence = lineSilence(this.#line);
    this.#weave(heard ?? silence, this.#paused ? silence : (said ?? silence));
    if (++this.#frames >= BATCH_FRAMES) this.flush();
  }

  flush(): void {
    if (this.#frames === 0) return;
    this.#out(this.#batch.buffer.slice(0, this.#frames * 2 * LINES[this.#line].frameBytes) as ArrayBuffer);
    this.#frames = 0;
  }

  #empty(): Uint8Array {
    return new Uint8Array(BATCH_FRAMES * 2 * LINES[this.#line].frameBytes);
  }

  #weave(left: Uint8Array, right: Uint8Array): void {
    const size = this.#line === 'l16' ? 2 : 1;
    const batch = this.#batch;
    let at = this.#frames * 2 * left.length;
    for (let from = 0; from < left.length; from += size) {
      for (const side of [left, right]) {
        batch[at++] = side[from] as number;
        if (size === 2) batch[at++] = side[from + 1] as number;
      }
    }
  }
}

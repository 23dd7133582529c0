const SLICE_MS = 1000;
const SLICES = 8;
/** The first second of a worker's life, when its models are still cold, is not what it can do. */
const LEAST_MS = 3000;

/** How much of the last seconds somebody was at work, 0..1: busy times summed in slices of a second. */
export class LoadMeter {
  /** Slice number → ms of work in it. */
  readonly #busy = new Map<number, number>();
  #firstMs: number | undefined;

  /** Work of so many ms has just ended. */
  add(nowMs: number, busyMs: number): void {
    this.#firstMs ??= nowMs - busyMs;
    const newest = sliceOf(nowMs);
    // Work that went on over the end of a second counts in each for what it took there.
    let leftMs = busyMs;
    let endMs = nowMs;
    for (let slice = newest; leftMs > 0 && slice > newest - SLICES; slice--) {
      const partMs = Math.min(leftMs, endMs - slice * SLICE_MS);
      this.#busy.set(slice, (this.#busy.get(slice) ?? 0) + partMs);
      leftMs -= partMs;
      endMs = slice * SLICE_MS;
    }
    for (const old of this.#busy.keys()) if (old <= newest - SLICES) this.#busy.delete(old);
  }

  /** The mean of the last 8 s. */
  load(nowMs: number): number {
    if (this.#firstMs === undefined) return 0;
    let busy = 0;
    for (const slice of this.#slices(nowMs)) busy += slice;
    const whole = Math.max(LEAST_MS, Math.min(nowMs - this.#firstMs, (SLICES - 1) * SLICE_MS + (nowMs % SLICE_MS)));
    return Math.min(1, busy / whole);
  }

  /**
   * What most of the last 8 s had, the second that is under way left out: their median. A stall of a second or three (another program, a pause of the machine, what had piled up
   * meanwhile) does not show in it, work that is too much does after four seconds.
   */
  steadyLoad(nowMs: number): number {
    const past = this.#slices(nowMs)
      .slice(0, -1)
      .sort((left, right) => left - right);
    return Math.min(1, (past[past.length >> 1] ?? 0) / SLICE_MS);
  }

  /** Busy ms of each slice, oldest first; the last is under way. */
  #slices(nowMs: number): number[] {
    const newest = sliceOf(nowMs);
    return Array.from({ length: SLICES }, (_, index) => this.#busy.get(newest - SLICES + 1 + index) ?? 0);
  }
}

function sliceOf(ms: number): number {
  return Math.floor(ms / SLICE_MS);
}

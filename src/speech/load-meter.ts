const SLICE_MS = 1000;
const SLICES = 8;
/** The first second of a worker's life, when its models are still cold, is not what it can do. */
const LEAST_MS = 3000;

/** How much of the last seconds somebody was at work, 0..1: busy times summed in slices of a second. */
export class LoadMeter {
  /** Slice number → ms of work that ended in it. */
  readonly #busy = new Map<number, number>();
  #firstMs: number | undefined;

  add(nowMs: number, busyMs: number): void {
    this.#firstMs ??= nowMs - busyMs;
    const slice = Math.floor(nowMs / SLICE_MS);
    this.#busy.set(slice, (this.#busy.get(slice) ?? 0) + busyMs);
    for (const old of this.#busy.keys()) if (old <= slice - SLICES) this.#busy.delete(old);
  }

  load(nowMs: number): number {
    if (this.#firstMs === undefined) return 0;
    const slice = Math.floor(nowMs / SLICE_MS);
    let busy = 0;
    for (const [at, ms] of this.#busy) if (at > slice - SLICES) busy += ms;
    const whole = Math.max(LEAST_MS, Math.min(nowMs - this.#firstMs, (SLICES - 1) * SLICE_MS + (nowMs % SLICE_MS)));
    return Math.min(1, busy / whole);
  }
}

/** How many streams something sustains: a search over probes in real time. */

export interface ProbeResult {
  readonly streams: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU seconds a second of one stream's audio. */
  readonly realTimeFactor: number;
  readonly droppedMs: number;
}

/** First strides up or down from the guess, until one number is sustained and one is not. */
const STRIDE = 1.12;
/** The search ends when what is sustained and what is not are this close. */
const RESOLUTION = 1.04;

/** One search for the largest number of streams that is sustained; `step` makes one probe, so that two searches can take turns and suffer the same noise. */
export class CapacitySearch<Result extends ProbeResult> {
  readonly #probe: (streams: number) => Promise<Result>;
  readonly #latestMs: number;
  readonly #guess: number;
  #failed: number | undefined;
  #best: Result | undefined;

  constructor(probe: (streams: number) => Promise<Result>, latestMs: number, guess: number) {
    this.#probe = probe;
    this.#latestMs = latestMs;
    this.#guess = Math.max(1, Math.round(guess));
  }

  get done(): boolean {
    if (this.#failed === 1) return true;
    if (this.#failed === undefined || this.#best === undefined) return false;
    const { streams } = this.#best;
    return this.#failed <= Math.max(streams + 1, streams * RESOLUTION);
  }

  /** The largest number that was sustained, with its figures. */
  get best(): Result | undefined {
    return this.#best;
  }

  async step(): Promise<void> {
    const streams = this.#next();
    let result = await this.#probe(streams);
    // Once more: another process of the machine may have been in the way of whoever is measured.
    if (!this.#sustains(result)) result = await this.#probe(streams);
    if (this.#sustains(result)) this.#best = result;
    else this.#failed = streams;
  }

  #next(): number {
    const sustained = this.#best?.streams;
    if (this.#failed === undefined)
      return sustained === undefined ? this.#guess : Math.max(sustained + 1, Math.round(sustained * STRIDE));
    if (sustained === undefined) return Math.max(1, Math.min(this.#failed - 1, Math.round(this.#failed / STRIDE)));
    return Math.round((sustained + this.#failed) / 2);
  }

  #sustains({ p99Ms, droppedMs }: Result): boolean {
    return p99Ms <= this.#latestMs && droppedMs === 0;
  }
}

const BIN_MS = 0.25;
const BINS = 2000;

/** Distances between packets, as a histogram of quarter milliseconds: a million of them cost nothing. */
export class Spacing {
  readonly #bins = new Uint32Array(BINS);
  #count = 0;
  #maxMs = 0;

  add(ms: number): void {
    const bin = Math.min(BINS - 1, Math.floor(ms / BIN_MS));
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
    this.#count++;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  reset(): void {
    this.#bins.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
  }

  figures(): { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } {
    const at = (share: number): number => {
      let sum = 0;
      for (let bin = 0; bin < BINS; bin++) {
        sum += this.#bins[bin] ?? 0;
        if (sum >= this.#count * share) return (bin + 1) * BIN_MS;
      }
      return BINS * BIN_MS;
    };
    return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: Math.round(this.#maxMs * 10) / 10 };
  }
}

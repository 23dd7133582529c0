/**
 * How much one call may bring: so much a second, and what a network that stood still delivers at once. A telephone sends 50 or 100 packets a second and talks no faster than time goes by; what is beyond
 * is a flood, and all other calls would pay for it. Time is passed in.
 */
export class Pace {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #atMs: number;

  constructor(options: { readonly perSecond: number; readonly burst: number; readonly nowMs: number }) {
    this.#perSecond = options.perSecond;
    this.#burst = options.burst;
    this.#left = options.burst;
    this.#atMs = options.nowMs;
  }

  /** False: what came lately was too much already. */
  allows(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = Math.max(this.#atMs, nowMs);
    this.#left = Math.min(this.#burst, this.#left + (passedMs * this.#perSecond) / 1000);
    return this.#left >= 1;
  }

  /** Something came. How much it was may be known only when it has been taken. */
  spend(amount: number): void {
    this.#left = Math.max(-this.#burst, this.#left - amount);
  }
}

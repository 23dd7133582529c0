/** So many in a second on average, with so many seconds' worth at once. Time is passed in. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number | undefined;

  constructor(perSecond: number, burstSeconds = 1) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(1, perSecond * burstSeconds);
    this.#tokens = this.#burst;
  }

  /** False: what came lately was too much already. */
  allows(nowMs: number): boolean {
    const passedMs = this.#atMs === undefined ? 0 : Math.max(0, nowMs - this.#atMs);
    this.#atMs = Math.max(this.#atMs ?? nowMs, nowMs);
    this.#tokens = Math.min(this.#burst, this.#tokens + (passedMs / 1000) * this.#perSecond);
    return this.#tokens >= 1;
  }

  /** Something came. How much it was may be known only when it has been taken. */
  spend(amount: number): void {
    this.#tokens = Math.max(-this.#burst, this.#tokens - amount);
  }

  /** One, where that is allowed. */
  take(nowMs: number): boolean {
    const allowed = this.allows(nowMs);
    if (allowed) this.spend(1);
    return allowed;
  }
}

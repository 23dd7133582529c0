/**
 * Where the caller's ear is in what was sent, on a platform that queues audio by itself. Time is passed in. What was sent plays in real time
 * from when it was queued; marks that the platform answers say where it really is. Positions are ms of audio since the last `reset`.
 */
export class EarClock {
  #sentMs = 0;
  /** At `#anchorAtMs` the ear was at `#anchorMs`. */
  #anchorMs = 0;
  #anchorAtMs = 0;

  /** Everything queued so far ends here. */
  get sentMs(): number {
    return this.#sentMs;
  }

  sent(ms: number, nowMs: number): void {
    // The queue had run dry: what comes now is heard now.
    if (this.heardMs(nowMs) >= this.#sentMs) this.#anchor(this.#sentMs, nowMs);
    this.#sentMs += ms;
  }

  /** The platform has played up to here. */
  reached(positionMs: number, nowMs: number): void {
    if (positionMs >= this.#anchorMs && positionMs <= this.#sentMs) this.#anchor(positionMs, nowMs);
  }

  heardMs(nowMs: number): number {
    return Math.min(this.#sentMs, this.#anchorMs + Math.max(0, nowMs - this.#anchorAtMs));
  }

  /** How long until the ear gets there, should nothing go wrong. */
  untilMs(positionMs: number, nowMs: number): number {
    return Math.max(0, positionMs - this.#anchorMs - (nowMs - this.#anchorAtMs));
  }

  /** The platform has thrown its queue away. */
  reset(nowMs: number): void {
    this.#sentMs = 0;
    this.#anchor(0, nowMs);
  }

  #anchor(positionMs: number, nowMs: number): void {
    this.#anchorMs = positionMs;
    this.#anchorAtMs = nowMs;
  }
}

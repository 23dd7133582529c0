/** Who gets a tick every 20 ms. */
export interface Paced {
  tick(): void;
}

const TICK_MS = 20;
/** After a stall so many frames are made good; what is older is given up, so that the delay doesn't stay. */
const MOST_BEHIND = 5;

/** One timer for all calls that we must pace ourselves, on absolute deadlines: `setInterval` loses more than 1 % of the frames. Runs only while somebody needs it. */
export class Pacer {
  readonly #members = new Set<Paced>();
  #timer: NodeJS.Timeout | undefined;
  #nextMs = 0;

  add(member: Paced): void {
    this.#members.add(member);
    if (this.#timer) return;
    this.#nextMs = performance.now() + TICK_MS;
    this.#sleep();
  }

  remove(member: Paced): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #sleep(): void {
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, this.#nextMs - performance.now()));
  }

  #wake(): void {
    const nowMs = performance.now();
    if (nowMs - this.#nextMs > MOST_BEHIND * TICK_MS) this.#nextMs = nowMs;
    while (this.#nextMs <= nowMs && this.#members.size > 0) {
      for (const member of [...this.#members]) member.tick();
      this.#nextMs += TICK_MS;
    }
    if (this.#members.size > 0) this.#sleep();
  }
}

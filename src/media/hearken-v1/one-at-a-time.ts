/**
 * Work that comes in crowds, a piece in each round of the event loop: between two pieces timers fire and sockets are served, so that those who are being served already are not kept waiting
 * until the last of a crowd has been let in. In the order in which it came.
 */
export class OneAtATime {
  readonly #waiting: (() => void)[] = [];
  #scheduled = false;

  get waiting(): number {
    return this.#waiting.length;
  }

  /** `work` must not throw. */
  run(work: () => void): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // The first immediate comes right after the sockets; the timers' turn is before the second one.
    setImmediate(() => {
      this.#scheduled = false;
      const work = this.#waiting.shift();
      if (this.#waiting.length > 0) this.#schedule();
      work?.();
    });
  }
}

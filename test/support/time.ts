/** Processor time that `work` takes, in ms: what other programs do meanwhile doesn't count, a machine that stands still doesn't either. */
export function cpuMs(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const LOOK_MS = 5;

/**
 * How long this process could not run: what a measure in real time has to be forgiven. Looks every few ms from when it is made until it is stopped.
 */
export class Standstill {
  #worstMs = 0;
  #lastMs = performance.now();
  readonly #timer = setInterval(() => this.#look(), LOOK_MS);

  /** The longest one so far, in ms. */
  get worstMs(): number {
    this.#look();
    return this.#worstMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    this.#worstMs = Math.max(this.#worstMs, nowMs - this.#lastMs - LOOK_MS);
    this.#lastMs = nowMs;
  }
}

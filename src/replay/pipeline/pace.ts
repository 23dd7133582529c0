import type { VirtualClock } from './virtual-clock.js';

/**
 * Where the real world enters a replay. Work that takes real time (a model, a file, an application's action) holds the call's clock still, and its result comes a fixed
 * virtual time after it was begun, in the order of the beginnings: how long it really took, and what else ran meanwhile, changes nothing.
 */
export class Pace {
  readonly clock: VirtualClock;
  readonly #onFree: () => void;
  #held = 0;
  /** Real ms that the call's own work took, waiting for others included. */
  heldMs = 0;

  /** `onFree`: nothing holds the clock any more. */
  constructor(clock: VirtualClock, onFree: () => void = () => {}) {
    this.clock = clock;
    this.#onFree = onFree;
  }

  /** The clock may move. */
  get free(): boolean {
    return this.#held === 0;
  }

  /** The result of `work` at `delayMs` of virtual time from now. */
  async after<R>(delayMs: number, work: () => Promise<R>): Promise<R> {
    const due = this.clock.sleep(delayMs);
    const beganMs = performance.now();
    this.#held += 1;
    let outcome: { readonly value: R } | { readonly error: unknown };
    try {
      outcome = { value: await work() };
    } catch (error) {
      outcome = { error };
    } finally {
      this.#held -= 1;
      this.heldMs += performance.now() - beganMs;
      if (this.#held === 0) this.#onFree();
    }
    await due;
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }
}

/**
 * Virtual times of what a live call waits for: about what a machine with time to spare needs (`bench:turns` measures it). They are the same for every call and every
 * machine; what was really needed is reported beside them.
 */
export const VIRTUAL_DELAYS = {
  /** A partial's reading. */
  peekMs: 4,
  /** Understanding and dialogue of a turn, an application's actions included. */
  turnMs: 20,
  /** The first sound of a prompt. */
  firstSoundMs: 20,
  /** From the bridge to the ear. */
  lineMs: 20,
  /** An agent's phone rings this long. */
  transferMs: 2000,
} as const;

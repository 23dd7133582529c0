import { HearkenError } from '../../errors.js';

export interface CircuitBreakerOptions {
  /** In a row, until it opens. */
  readonly failures: number;
  /** How long nothing is tried then; afterwards one call at a time is, until one succeeds. */
  readonly openMs: number;
  /** Monotonic ms. */
  readonly now?: () => number;
}

/** Keeps callers from waiting for somebody who has been failing: they get ACTION_FAILED at once. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failed = 0;
  #openUntilMs = 0;
  #probing = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  async run<R>(name: string, work: () => Promise<R>): Promise<R> {
    const now = this.#options.now ?? (() => performance.now());
    const open = this.#failed >= this.#options.failures;
    if (open && (this.#probing || now() < this.#openUntilMs)) {
      throw new HearkenError(
        'ACTION_FAILED',
        `The action ${name} was not tried: its server has failed ${this.#failed} times in a row.`,
        {
          hint: 'It is tried again shortly.',
        },
      );
    }
    this.#probing = open;
    try {
      const result = await work();
      this.#failed = 0;
      return result;
    } catch (error) {
      this.#failed++;
      this.#openUntilMs = now() + this.#options.openMs;
      throw error;
    } finally {
      this.#probing = false;
    }
  }
}

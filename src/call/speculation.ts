import type { TurnResult } from '../dialogue/brain.js';
import { messageOf } from '../errors.js';
import { saysOf } from './reply.js';

export interface SpeculationOptions {
  readonly rehearse: (turnId: number, text: string) => Promise<TurnResult | undefined>;
  /** Makes the beginning of what would be said, so that it is there when it is wanted. */
  readonly prepare: (speech: string, rate: number, language: string, signal: AbortSignal) => Promise<void>;
  /** The answer to these words is known. */
  readonly foreseen: (text: string, result: TurnResult) => void;
  readonly record: (data: Readonly<Record<string, unknown>>) => void;
  readonly nowMs: () => number;
}

interface Guess {
  readonly turnId: number;
  readonly text: string;
  readonly abort: AbortController;
}

/**
 * Works ahead while the end of the caller's turn is not yet certain: what would be answered is worked out on a copy and its first words are
 * made. When the text changes all of it is thrown away; nothing is ever committed here.
 */
export class Speculation {
  readonly #options: SpeculationOptions;
  #guess: Guess | undefined;
  #closed = false;

  constructor(options: SpeculationOptions) {
    this.#options = options;
  }

  /** This may be all the caller says. */
  consider(turnId: number, text: string): void {
    if (this.#closed || (this.#guess?.turnId === turnId && this.#guess.text === text)) return;
    this.drop();
    const guess: Guess = { turnId, text, abort: new AbortController() };
    this.#guess = guess;
    void this.#work(guess);
  }

  /** The caller says something else after all. */
  drop(): void {
    this.#guess?.abort.abort();
    this.#guess = undefined;
  }

  /** The turn is taken: tells whether it was foreseen. What is still being made goes on, it is wanted now. */
  settle(turnId: number, text: string): boolean {
    const right = this.#guess?.turnId === turnId && this.#guess.text === text;
    if (!right) this.drop();
    this.#guess = undefined;
    return right;
  }

  close(): void {
    this.#closed = true;
    this.drop();
  }

  async #work({ turnId, text, abort }: Guess): Promise<void> {
    const { rehearse, prepare, foreseen, record, nowMs } = this.#options;
    const { signal } = abort;
    const startedMs = nowMs();
    try {
      const result = await rehearse(turnId, text);
      const rehearsedMs = nowMs() - startedMs;
      if (!signal.aborted && result) foreseen(text, result);
      const [first] = saysOf(result);
      if (!signal.aborted && first) await prepare(first.speech, first.rate ?? 1, result?.language ?? '', signal);
      if (!signal.aborted)
        record({ turnId, text, foreseen: result !== undefined, rehearsedMs, readyMs: nowMs() - startedMs });
    } catch (error) {
      // A guess that fails costs nothing: the turn itself will tell.
      if (!signal.aborted) record({ turnId, text, foreseen: false, reason: messageOf(error) });
    }
  }
}

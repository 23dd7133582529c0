import type { PartialReading } from '../dialogue/brain.js';

export interface PartialAssessorOptions {
  readonly assess: (text: string) => Promise<PartialReading>;
  readonly onAssessed: (assessed: PartialReading & { readonly text: string }) => void;
  readonly onError: (error: unknown) => void;
}

/** Asks what a partial text is worth as an answer: one question at a time, and of those that wait only the newest. */
export class PartialAssessor {
  readonly #options: PartialAssessorOptions;
  #next: string | undefined;
  #busy = false;
  #closed = false;

  constructor(options: PartialAssessorOptions) {
    this.#options = options;
  }

  ask(text: string): void {
    this.#next = text;
    if (!this.#busy) void this.#work();
  }

  close(): void {
    this.#closed = true;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#next !== undefined && !this.#closed) {
      const text = this.#next;
      this.#next = undefined;
      try {
        const assessment = await this.#options.assess(text);
        if (!this.#closed) this.#options.onAssessed({ ...assessment, text });
      } catch (error) {
        this.#options.onError(error);
      }
    }
    this.#busy = false;
  }
}

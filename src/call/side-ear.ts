import type { Clock } from '../clock.js';
import type { RecognizerStream } from '../speech/recognizer.js';

export interface SideEarOptions {
  /** Of another language; the side ear closes it. */
  readonly stream: RecognizerStream;
  /** Does this whole utterance ask for that language? */
  readonly asks: (text: string) => boolean;
  readonly clock: Clock;
}

/** Answers that are listened to from the side: who wants another language says so early. */
const MOST_ANSWERS = 3;
/** The other recogniser's last word comes about when the first one's does; longer nobody waits for it. */
const WAIT_MS = 80;

/**
 * Listens beside the call's own ears for a caller who asks for another language in that language ("English, please"), which the call's own ears would make
 * nothing of. Only during the first answers of a call.
 */
export class SideEar {
  readonly #options: SideEarOptions;
  readonly #finals = new Map<number, string>();
  #onFinal: (() => void) | undefined;
  #answers = 0;
  #closed = false;

  constructor(options: SideEarOptions) {
    this.#options = options;
    options.stream
      .on('final', ({ flushId, text }) => {
        this.#finals.set(flushId, text);
        if (this.#finals.size > 8) this.#finals.clear();
        this.#onFinal?.();
      })
      .on('failed', () => this.close());
  }

  get closed(): boolean {
    return this.#closed;
  }

  accept(pcm: Int16Array): void {
    if (!this.#closed) this.#options.stream.accept(pcm);
  }

  /** Ends the utterance here too; the id is for `choose`. */
  flush(): number {
    return this.#closed ? 0 : this.#options.stream.flush();
  }

  /** The text that counts: what was heard from the side when it asks for the other language, else what the call's own ears heard. */
  async choose(flushId: number, text: string): Promise<string> {
    if (this.#closed) return text;
    if (!this.#finals.has(flushId)) await this.#wait(flushId);
    const other = this.#finals.get(flushId) ?? '';
    this.#finals.clear();
    if (text !== '' && ++this.#answers >= MOST_ANSWERS) this.close();
    return other !== '' && this.#options.asks(other) ? other : text;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.stream.close();
    this.#onFinal?.();
  }

  #wait(flushId: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#onFinal = undefined;
        resolve();
      };
      const cancel = this.#options.clock.after(WAIT_MS, done);
      this.#onFinal = () => {
        if (this.#closed || this.#finals.has(flushId)) done();
      };
    });
  }
}

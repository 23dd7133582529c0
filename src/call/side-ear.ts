import type { Clock } from '../clock.js';
import type { RecognizerStream } from '../speech/recognizer.js';
import type { HeardWords } from './language/first-words.js';

export interface SideEarOptions {
  /** Of another language; the side ear closes it. */
  readonly stream: RecognizerStream;
  /** The language it hears, and the one the call's own ears hear. */
  readonly language: string;
  readonly ownLanguage: string;
  /** Does this whole utterance ask for that language? */
  readonly asks: (text: string) => boolean;
  /** Was a caller's first sentence in the other language? Undefined: only who asks for it is heard. */
  readonly areOther: ((own: HeardWords, other: HeardWords) => Promise<boolean>) | undefined;
  readonly clock: Clock;
}

/** Answers that are listened to from the side: who wants another language says so early. */
const MOST_ANSWERS = 3;
/** The other recogniser's last word comes about when the first one's does; longer nobody waits for it. */
const WAIT_MS = 80;

/** The text that counts; `language` when it is not the one that the call's own ears hear. */
export interface ChosenText {
  readonly text: string;
  readonly language?: string;
}

/**
 * Listens beside the call's own ears in another language: for a caller whose first sentence is in it, and during the first answers for one who asks for it ("English,
 * please"), which the call's own ears would make nothing of.
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

  /** What was heard from the side when it asks for the other language, or is a first sentence in it; else what the call's own ears heard. */
  async choose(flushId: number, text: string): Promise<ChosenText> {
    if (this.#closed) return { text };
    if (!this.#finals.has(flushId)) await this.#wait(flushId);
    const other = this.#finals.get(flushId) ?? '';
    this.#finals.clear();
    const first = this.#answers === 0;
    if (text !== '' && ++this.#answers >= MOST_ANSWERS) this.close();
    if (other === '') return { text };
    const { asks, areOther, language, ownLanguage } = this.#options;
    if (asks(other)) return { text: other, language };
    const switches = first && (await areOther?.({ language: ownLanguage, text }, { language, text: other }));
    return switches ? { text: other, language } : { text };
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

import type { Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { RecognizerStream } from '../speech/recognizer.js';
import type { HeardWords } from './language/first-words.js';
import { UtteranceAudio, type UtteranceClip } from './utterance-audio.js';

export interface SideEarOptions {
  /** A stream for the other language, which takes so many ms of audio at once; the side ear closes it. Throws when no ears have time. */
  readonly openEars: (atOnceMs: number) => RecognizerStream;
  /** Hz of what `accept` is given. */
  readonly sampleRate: number;
  /** The language it hears, and the one the call's own ears hear. */
  readonly language: string;
  readonly ownLanguage: string;
  /** Does this whole utterance ask for that language? */
  readonly asks: (text: string) => boolean;
  /** May the call's own ears have heard another language? Undefined: they always may. */
  readonly doubts: ((own: HeardWords, first: boolean) => Promise<boolean>) | undefined;
  /** Was a caller's first sentence in the other language? Undefined: only who asks for it is heard. */
  readonly areOther: ((own: HeardWords, other: HeardWords) => Promise<boolean>) | undefined;
  readonly clock: Clock;
  /** The other ears could not be asked. */
  readonly onError: (reason: string) => void;
}

/** Answers that are doubted at all: who wants another language says so early. */
const MOST_ANSWERS = 3;
/** What was heard is mostly known by then, since it is looked into while the silence behind it runs; longer nobody waits at the end of a turn. */
const WAIT_MS = 200;
/** Ears that have not answered by then never will. */
const LONGEST_MS = 2000;

/** The text that counts; `language` when it is not the one that the call's own ears hear. */
export interface ChosenText {
  readonly text: string;
  readonly language?: string;
}

/**
 * Hears a doubtful utterance again with the ears of another language: for a caller whose first sentence is in it, and during the first answers for one who asks for it
 * ("English, please"), which the call's own ears would make nothing of. The sound is kept; who is understood costs nothing.
 */
export class SideEar {
  readonly #options: SideEarOptions;
  readonly #audio: UtteranceAudio;
  /** Utterances that are over and not chosen yet. */
  readonly #ended = new Map<number, UtteranceClip | undefined>();
  #flushes = 0;
  #doubted: { readonly text: string; readonly first: boolean; readonly result: Promise<boolean> } | undefined;
  #heard: { readonly version: number; readonly text: Promise<string> } | undefined;
  #stopHearing: () => void = () => undefined;
  #answers = 0;
  #closed = false;

  constructor(options: SideEarOptions) {
    this.#options = options;
    this.#audio = new UtteranceAudio(options.sampleRate);
  }

  get closed(): boolean {
    return this.#closed;
  }

  accept(pcm: Int16Array): void {
    if (!this.#closed) this.#audio.accept(pcm);
  }

  /** The call's own ears say that voice began or ended, at this time of the audio. */
  voice(active: boolean, atMs: number): void {
    if (!this.#closed) this.#audio.voice(active, atMs);
  }

  /** The utterance seems to be over, and this is what the call's own ears made of it: looked into while its silence runs. */
  consider(text: string): void {
    if (!this.#closed) void this.#other(text, this.#answers === 0, this.#audio.clip());
  }

  /** Ends the utterance here too; the id is for `choose`. */
  flush(): number {
    const id = ++this.#flushes;
    if (this.#closed) return id;
    this.#ended.set(id, this.#audio.clip());
    if (this.#ended.size > 8) this.#ended.delete(id - 8);
    this.#audio.end();
    return id;
  }

  /** What was heard so far was no answer (a sign of listening, an echo): it is let go, and the first sentence is still to come. */
  forget(): void {
    if (!this.#closed) this.#audio.end();
  }

  /** What was heard from the side when it asks for the other language, or is a first sentence in it; else what the call's own ears heard. Never rejects. */
  async choose(flushId: number, text: string): Promise<ChosenText> {
    try {
      return await this.#chosen(flushId, text);
    } catch (error) {
      // The turn waits for its last word: whatever breaks here, it is what the call's own ears heard.
      this.#options.onError(messageOf(error));
      return { text };
    }
  }

  async #chosen(flushId: number, text: string): Promise<ChosenText> {
    const clip = this.#ended.get(flushId);
    this.#ended.delete(flushId);
    if (this.#closed) return { text };
    const first = this.#answers === 0;
    if (text !== '') this.#answers++;
    const other = await this.#inTime(this.#other(text, first, clip), '');
    if (this.#answers >= MOST_ANSWERS) this.close();
    if (other === '') return { text };
    const { asks, areOther, language, ownLanguage } = this.#options;
    if (asks(other)) return { text: other, language };
    if (!first || !areOther) return { text };
    const switches = this.#inTime(areOther({ language: ownLanguage, text }, { language, text: other }), false);
    return (await switches) ? { text: other, language } : { text };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended.clear();
    this.#audio.clear();
    this.#stopHearing();
  }

  /** What the other ears make of it; nothing when the call's own are not doubted. Never rejects. */
  async #other(text: string, first: boolean, clip: UtteranceClip | undefined): Promise<string> {
    try {
      if (!clip || !(await this.#doubts(text, first)) || this.#closed) return '';
      if (this.#heard?.version !== clip.version) this.#heard = { version: clip.version, text: this.#hear(clip.pcm) };
      return await this.#heard.text;
    } catch (error) {
      this.#options.onError(messageOf(error));
      return '';
    }
  }

  #doubts(text: string, first: boolean): Promise<boolean> {
    const { doubts, ownLanguage } = this.#options;
    if (!doubts) return Promise.resolve(true);
    if (this.#doubted?.text !== text || this.#doubted.first !== first)
      this.#doubted = { text, first, result: doubts({ language: ownLanguage, text }, first) };
    return this.#doubted.result;
  }

  /** All of it at once, through ears that are closed again. */
  #hear(pcm: Int16Array): Promise<string> {
    const { openEars, clock, sampleRate, onError } = this.#options;
    this.#stopHearing();
    let stream: RecognizerStream;
    try {
      stream = openEars(Math.ceil((pcm.length * 1000) / sampleRate));
    } catch (error) {
      // The call goes on without: it is a convenience.
      onError(messageOf(error));
      return Promise.resolve('');
    }
    return new Promise((resolve) => {
      const done = (text: string): void => {
        cancel();
        this.#stopHearing = () => undefined;
        resolve(text);
        stream.close();
      };
      const cancel = clock.after(LONGEST_MS, () => done(''));
      this.#stopHearing = () => done('');
      stream.on('final', ({ text }) => done(text)).on('failed', () => done(''));
      try {
        stream.accept(pcm);
        stream.flush();
      } catch (error) {
        onError(messageOf(error));
        done('');
      }
    });
  }

  /** What comes within the time that a caller may be kept waiting for it. Rejects like `answer`. */
  #inTime<T>(answer: Promise<T>, otherwise: T): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(WAIT_MS, () => resolve(otherwise));
      answer.finally(cancel).then(resolve, reject);
    });
  }
}

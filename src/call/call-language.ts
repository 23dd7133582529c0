import type { Logger } from 'pino';
import { messageOf } from '../errors.js';
import type { RecognizerStream } from '../speech/recognizer.js';

export interface CallLanguageOptions {
  /** BCP 47; spoken at the beginning. */
  readonly language: string;
  readonly sessionId: string;
  readonly logger: Logger;
  readonly record: (type: string, data: Readonly<Record<string, unknown>>) => void;
  /** A stream for another language. Throws when there is none; undefined: there never is. */
  readonly openEars: ((language: string) => RecognizerStream) | undefined;
  /** Hears with these from now on. */
  readonly switchEars: (stream: RecognizerStream) => void;
}

/** The language that a call is held in: what the conversation says, followed by the voice at once and by the ears where there are some. */
export class CallLanguage {
  readonly #options: CallLanguageOptions;
  #language: string;

  constructor(options: CallLanguageOptions) {
    this.#options = options;
    this.#language = options.language;
  }

  get now(): string {
    return this.#language;
  }

  /** The conversation goes on in this language. */
  follow(language: string): void {
    if (language === this.#language) return;
    const { record, logger, sessionId, openEars, switchEars } = this.#options;
    record('language', { from: this.#language, to: language });
    this.#language = language;
    try {
      if (openEars) switchEars(openEars(language));
    } catch (error) {
      // The ears there are must do; what they hear of the other language the dialogue has to make do with.
      logger.warn({ sessionId, language, reason: messageOf(error) }, 'no recogniser for the language now spoken');
    }
  }
}

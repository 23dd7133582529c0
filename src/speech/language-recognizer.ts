import { HearkenError } from '../errors.js';
import { matchLanguage } from './language.js';
import type { Recognizer, RecognizerHealth, RecognizerOpenOptions, RecognizerStream } from './recognizer.js';

/** One recogniser for each language behind one contract; languages may share one. */
export class LanguageRecognizer implements Recognizer {
  readonly #byLanguage: ReadonlyMap<string, Recognizer>;

  constructor(byLanguage: ReadonlyMap<string, Recognizer>) {
    this.#byLanguage = byLanguage;
  }

  open(options: RecognizerOpenOptions): RecognizerStream {
    const language = matchLanguage(options.language, this.#byLanguage.keys());
    const recognizer = language === undefined ? undefined : this.#byLanguage.get(language);
    if (!recognizer) {
      throw new HearkenError('MODEL_NOT_FOUND', `No recogniser is configured for the language "${options.language}".`, {
        hint: 'Add it to speech.recognizers in hearken.yml.',
      });
    }
    return recognizer.open(options);
  }

  health(): RecognizerHealth {
    const all = this.#distinct().map((recognizer) => recognizer.health());
    const sum = (of: (health: RecognizerHealth) => number) => all.reduce((total, health) => total + of(health), 0);
    return {
      workers: sum(({ workers }) => workers),
      alive: sum(({ alive }) => alive),
      restarts: sum(({ restarts }) => restarts),
      streams: sum(({ streams }) => streams),
      droppedMs: sum(({ droppedMs }) => droppedMs),
      load: Math.max(0, ...all.map(({ load }) => load)),
      refused: sum(({ refused }) => refused),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#distinct().map((recognizer) => recognizer.close()));
  }

  #distinct(): Recognizer[] {
    return [...new Set(this.#byLanguage.values())];
  }
}

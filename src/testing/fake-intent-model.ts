import { FALLBACK_INTENT, type IntentModel, type ParseOptions, type ParseResult } from '../nlu/intent-model.js';

/** What the fake answers to a text: an intent's name, or parts of a result. */
export type FakeAnswer = string | Partial<ParseResult>;

/**
 * An intent model that answers from a table (exact text, trimmed) and remembers what it was asked. Unknown texts get the fallback intent.
 */
export class FakeIntentModel implements IntentModel {
  readonly asked: { readonly text: string; readonly options: ParseOptions | undefined }[] = [];
  readonly #answers: Map<string, FakeAnswer>;
  closed = false;

  constructor(
    answers: Readonly<Record<string, FakeAnswer>> = {},
    readonly name = 'fake',
  ) {
    this.#answers = new Map(Object.entries(answers));
  }

  answer(text: string, answer: FakeAnswer): void {
    this.#answers.set(text, answer);
  }

  get labels(): readonly string[] {
    const names = [...this.#answers.values()].map((answer) =>
      typeof answer === 'string' ? answer : answer.intent?.name,
    );
    return [...new Set(names.filter((name): name is string => name !== undefined))];
  }

  async parse(text: string, options?: ParseOptions): Promise<ParseResult> {
    this.asked.push({ text, options });
    const answer = this.#answers.get(text.trim());
    const given: Partial<ParseResult> =
      typeof answer === 'string' ? { intent: { name: answer, confidence: 0.99 } } : (answer ?? {});
    const intent = given.intent ?? { name: FALLBACK_INTENT, confidence: 1 };
    return { text, intent, ranking: [intent], entities: [], sentiment: 0, model: this.name, ...given };
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

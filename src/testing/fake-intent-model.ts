import {
  type Entity,
  FALLBACK_INTENT,
  type IntentModel,
  type ParseOptions,
  type ParseResult,
} from '../nlu/intent-model.js';

export interface FakeUtterance {
  readonly intent: string;
  readonly confidence?: number;
  readonly entities?: readonly {
    readonly entity: string;
    readonly value: unknown;
    readonly confidence?: number;
    readonly role?: string;
    /** The words it was found in; default the whole text. */
    readonly words?: string;
  }[];
  /** Several wishes in one utterance: the words of each, in order. */
  readonly wishes?: readonly { readonly intent: string; readonly words: string }[];
  /** Further intents of the ranking. */
  readonly others?: readonly { readonly name: string; readonly confidence: number }[];
}

/** An understanding that knows exactly the sentences it is given; everything else is `nlu_fallback`. Digit strings are left to the dialogue. */
export class FakeIntentModel implements IntentModel {
  readonly labels: readonly string[];
  /** What it was asked, in order. */
  readonly asked: { readonly text: string; readonly options: ParseOptions | undefined }[] = [];
  readonly #known: Readonly<Record<string, FakeUtterance | string>>;

  closed = false;

  constructor(
    known: Readonly<Record<string, FakeUtterance | string>>,
    readonly name = 'fake',
  ) {
    this.#known = known;
    this.labels = [...new Set(Object.values(known).map((each) => (typeof each === 'string' ? each : each.intent)))];
  }

  async parse(text: string, options?: ParseOptions): Promise<ParseResult> {
    this.asked.push({ text, options });
    if (this.asked.length > 10_000) this.asked.shift();
    const known = Object.hasOwn(this.#known, text) ? this.#known[text] : undefined;
    const utterance: FakeUtterance =
      typeof known === 'string' ? { intent: known } : (known ?? { intent: FALLBACK_INTENT, confidence: 0.2 });
    const intent = { name: utterance.intent, confidence: utterance.confidence ?? 0.95 };
    const entities: Entity[] = (utterance.entities ?? []).map(({ words = text, ...entity }) => ({
      confidence: 0.95,
      ...entity,
      ...span(text, words),
      text: words,
      extractor: 'fake',
    }));
    const intents = utterance.wishes?.map((wish) => ({
      name: wish.intent,
      confidence: 0.9,
      ...span(text, wish.words),
    }));
    return {
      text,
      intent,
      ranking: [intent, ...(utterance.others ?? [])],
      entities,
      ...(intents === undefined ? {} : { intents }),
      sentiment: 0,
      model: this.name,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function span(text: string, words: string): { readonly start: number; readonly end: number } {
  const start = Math.max(0, text.indexOf(words));
  return { start, end: start + words.length };
}

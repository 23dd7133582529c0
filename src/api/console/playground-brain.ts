import type { AnswerHints } from '../../dialogue/answer-words.js';
import type {
  Brain,
  ConversationHistory,
  Expectation,
  PartialReading,
  TurnOptions,
  TurnResult,
  UserMessage,
} from '../../dialogue/brain.js';
import { HearkenError } from '../../errors.js';
import type { PlaygroundChild } from './playground-child.js';
import { sayOf, turnResultOf } from './playground-messages.js';

const TURN_LIMIT_MS = 20_000;
/** A reading of half a sentence is stale long before that. */
const READING_LIMIT_MS = 2000;
const NOTHING: PartialReading = { complete: false, openNumber: false };
const NO_HINTS: AnswerHints = { words: [], numbers: [] };

/** The brain of a playground's process, as a call needs it. */
export class PlaygroundBrain implements Brain {
  readonly languages: readonly string[];
  readonly #child: PlaygroundChild;
  /** What may answer the question that was asked last. */
  #hints: AnswerHints = NO_HINTS;

  constructor(child: PlaygroundChild, languages: readonly string[]) {
    this.#child = child;
    this.languages = languages;
  }

  async handle(message: UserMessage, options: TurnOptions = {}): Promise<TurnResult> {
    const { onInterim, onUnderstood, signal } = options;
    const news = await this.#child.ask({ type: 'turn', message: plain(message) }, TURN_LIMIT_MS, {
      aside: (told) => {
        if (told.type === 'interim') onInterim?.(sayOf(told));
        else onUnderstood?.();
      },
      ...(signal === undefined ? {} : { signal }),
    });
    const result = news.type === 'turn' ? turnResultOf(news) : undefined;
    if (news.type !== 'turn' || result === undefined)
      throw new HearkenError('ACTION_FAILED', 'The application gave no answer.', { hint: 'Mend the application.' });
    this.#hints = news.hints ?? NO_HINTS;
    return result;
  }

  async rehearse(message: UserMessage): Promise<TurnResult | undefined> {
    const news = await this.#child.ask({ type: 'rehearse', message: plain(message) }, TURN_LIMIT_MS);
    return news.type === 'turn' ? turnResultOf(news) : undefined;
  }

  async peek(conversationId: string, text: string): Promise<PartialReading> {
    const news = await this.#child.ask({ type: 'peek', conversationId, text }, READING_LIMIT_MS);
    return news.type === 'reading' ? (news.reading as PartialReading) : NOTHING;
  }

  answersTo(_expectation: Expectation, _slots: Readonly<Record<string, unknown>>): AnswerHints {
    return this.#hints;
  }

  async history(_conversationId: string): Promise<ConversationHistory | undefined> {
    return undefined;
  }

  async heard(conversationId: string, text: string): Promise<void> {
    this.#child.tell({ type: 'heard', conversationId, text });
  }

  prompts(_language: string): readonly string[] {
    return [];
  }

  /** The process belongs to the playground. */
  async close(): Promise<void> {}
}

/** Of what a channel tells, that which an application may see here. */
function plain({ conversationId, messageId, channel, language, input, sender }: UserMessage) {
  return {
    conversationId,
    messageId,
    channel,
    input,
    ...(language === undefined ? {} : { language }),
    ...(sender === undefined ? {} : { sender }),
  };
}

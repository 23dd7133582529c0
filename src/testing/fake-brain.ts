import type { AnswerHints } from '../dialogue/answer-words.js';
import type {
  BotAction,
  Brain,
  PartialReading,
  TurnOptions,
  TurnResult,
  UserInput,
  UserMessage,
} from '../dialogue/brain.js';

export type FakeReply = readonly BotAction[] | Error;

/** A dialogue that answers by a script: a function from input to actions. */
export class FakeBrain implements Brain {
  readonly languages = ['zh-CN', 'en'];
  readonly messages: UserMessage[] = [];
  /** The conversation's language, when it is not the message's. */
  language: string | undefined;
  readonly heardTexts: string[] = [];
  /** What was only tried, in order. */
  readonly rehearsed: UserInput[] = [];
  /** Said by `handle` before it answers, and how long that then takes. */
  interim: { readonly say: Extract<BotAction, { type: 'say' }>; readonly until: Promise<void> } | undefined;
  reply: (input: UserInput) => FakeReply;
  /** What `peek` says of a text. */
  assess: (text: string) => PartialReading = () => ({ complete: false, openNumber: false });

  /** What `answersTo` says of a question. */
  answers: AnswerHints = { words: [], numbers: [] };

  constructor(reply: (input: UserInput) => FakeReply) {
    this.reply = reply;
  }

  get inputs(): readonly UserInput[] {
    return this.messages.map((message) => message.input);
  }

  answersTo(): AnswerHints {
    return this.answers;
  }

  async handle(message: UserMessage, options: TurnOptions = {}): Promise<TurnResult> {
    this.messages.push(message);
    const { interim } = this;
    if (interim) {
      options.onInterim?.(interim.say);
      await interim.until;
    }
    const actions = this.reply(message.input);
    if (actions instanceof Error) throw actions;
    return this.#result(message, actions);
  }

  /** What the script would say; not counted among `messages`. */
  async rehearse(message: UserMessage): Promise<TurnResult | undefined> {
    this.rehearsed.push(message.input);
    const actions = this.reply(message.input);
    return actions instanceof Error ? undefined : this.#result(message, actions);
  }

  #result(message: UserMessage, actions: readonly BotAction[]): TurnResult {
    return {
      conversationId: message.conversationId,
      messageId: message.messageId,
      language: this.language ?? message.language ?? 'zh-CN',
      actions,
      noMatch: false,
      repeated: false,
      slots: {},
    };
  }

  async peek(_conversationId: string, text: string): Promise<PartialReading> {
    return this.assess(text);
  }

  async history(): Promise<undefined> {}

  async heard(_conversationId: string, text: string): Promise<void> {
    this.heardTexts.push(text);
  }

  prompts(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {}
}

/** One thing to say. */
export function say(text: string, bargeIn = true): BotAction {
  return { type: 'say', text, speech: text, bargeIn };
}

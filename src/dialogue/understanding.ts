import type { IntentModel, ParseOptions, ParseResult } from '../nlu/intent-model.js';
import type { Application } from './app/types.js';
import type { Expectation, UserMessage } from './brain.js';
import { readPayload } from './payload.js';
import type { OfferedButton } from './tracker/events.js';
import type { Tracker } from './tracker/tracker.js';
import { keyedChoice, typedChoice } from './turn/keys.js';

const MAX_TEXT_CHARS = 2000;

/** What of a conversation the reading of its next words hangs on. */
export interface Standing {
  readonly language: string;
  readonly expectation: Expectation;
  readonly offered: readonly OfferedButton[];
}

/** Words that the model is asked about. */
interface Question {
  readonly text: string;
  readonly language: string;
  readonly expectedSlot?: string;
}

/** A reading that was begun before the conversation was at hand. */
export interface EarlyReading {
  readonly question: Question;
  readonly result: Promise<ParseResult>;
}

/** What a message says: by the model, by a button's payload, or by the choice that a key stands for. */
export class Understanding {
  readonly #application: Application;
  readonly #model: IntentModel;
  readonly #now: () => number;

  constructor(application: Application, model: IntentModel, now: () => number) {
    this.#application = application;
    this.#model = model;
    this.#now = now;
  }

  /** Begins with the words while the conversation is still fetched and locked, as it is likely to stand. Undefined for keys, events and what takes no model. */
  begin(message: UserMessage, standing: Standing): EarlyReading | undefined {
    if (message.input.type !== 'text') return undefined;
    const question = this.#question(message, standing);
    if (question === undefined || 'intent' in question) return undefined;
    const result = this.#ask(question, message.conversationId);
    // Whether anybody still wants it is seen later.
    result.catch(() => undefined);
    return { question, result };
  }

  /** Undefined for keys that stand for no words, and for events. `early` is what was begun: it counts where the conversation did stand so. */
  async read(message: UserMessage, tracker: Tracker, early?: EarlyReading): Promise<ParseResult | undefined> {
    const question = this.#question(message, tracker.state, tracker.state.stack.length > 0);
    if (question === undefined || 'intent' in question) return question;
    return early !== undefined && isSame(early.question, question)
      ? early.result
      : this.#ask(question, message.conversationId);
  }

  #question({ channel, input }: UserMessage, standing: Standing, busy = false): Question | ParseResult | undefined {
    const { expectation, offered } = standing;
    if (input.type === 'dtmf') {
      // Keys that take a choice of a menu whose button sends plain words.
      const choice = busy ? undefined : keyedChoice(offered, input.digits);
      if (choice === undefined || readPayload(choice.payload, this.#application) !== undefined) return undefined;
      return { text: choice.payload, language: standing.language };
    }
    if (input.type !== 'text') return undefined;
    const typed = input.text.slice(0, MAX_TEXT_CHARS);
    // Who types the number of a choice means what its button sends.
    const text = (channel === 'text' ? typedChoice(offered, typed)?.payload : undefined) ?? typed;
    const payload = channel === 'text' ? readPayload(text, this.#application) : undefined;
    if (payload !== undefined) return payload;
    const { slot, type } = expectation;
    const language = input.language ?? standing.language;
    return slot === undefined ? { text, language } : { text, language, expectedSlot: this.#expectedType(slot, type) };
  }

  /** While a read-back is open its slot may be said again, so the value's type is what understanding should look for. */
  #expectedType(slot: string, type: string): string {
    const voice = this.#application.domain.slots.get(slot)?.voice;
    return type === 'confirm' && voice !== undefined ? voice.type : type;
  }

  #ask({ text, ...rest }: Question, conversationId: string): Promise<ParseResult> {
    const options: ParseOptions = { conversationId, nowMs: this.#now(), timeZone: this.#application.timeZone };
    return this.#model.parse(text, { ...options, ...rest });
  }
}

function isSame(one: Question, other: Question): boolean {
  return one.text === other.text && one.language === other.language && one.expectedSlot === other.expectedSlot;
}

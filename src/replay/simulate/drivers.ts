import { randomUUID } from 'node:crypto';
import type { Brain, TurnResult, UserInput } from '../../dialogue/brain.js';
import { HearkenError, messageOf } from '../../errors.js';
import type { TurnView } from './persona.js';

/** The way a simulated caller is connected: to the brain itself, to a service's text door, or by telephone. */
export interface CallDriver {
  /** Known from the first turn on. */
  readonly conversationId: string;
  begin(): Promise<TurnView>;
  say(text: string): Promise<TurnView>;
  silence(): Promise<TurnView>;
  /** Idempotent. */
  end(): Promise<void>;
}

/** Typed, in this process, as a call is: with a greeting and with silences. */
export class BrainDriver implements CallDriver {
  readonly conversationId: string;
  readonly #brain: Brain;
  readonly #language: string;
  #turns = 0;
  #silences = 0;

  /** The same id gives the same wordings of the bot, too. */
  constructor(brain: Brain, language: string, conversationId: string) {
    this.#brain = brain;
    this.#language = language;
    this.conversationId = conversationId;
  }

  begin(): Promise<TurnView> {
    return this.#turn({ type: 'event', name: 'start', attempt: 1 });
  }

  say(text: string): Promise<TurnView> {
    this.#silences = 0;
    return this.#turn({ type: 'text', text, confidence: 1 });
  }

  silence(): Promise<TurnView> {
    this.#silences += 1;
    return this.#turn({ type: 'event', name: 'no_input', attempt: this.#silences });
  }

  async end(): Promise<void> {}

  async #turn(input: UserInput): Promise<TurnView> {
    const beganMs = performance.now();
    const interim: string[] = [];
    const result = await this.#brain.handle(
      {
        conversationId: this.conversationId,
        messageId: `m${this.#turns++}`,
        channel: 'voice',
        language: this.#language,
        input,
      },
      { onInterim: ({ text }) => void interim.push(text) },
    );
    return viewOf(result, interim, performance.now() - beganMs);
  }
}

function viewOf(result: TurnResult, interim: readonly string[], responseMs: number): TurnView {
  let slot: string | undefined;
  let confirms = false;
  let ended: TurnView['ended'];
  const texts = [...interim];
  for (const action of result.actions) {
    if (action.type === 'say') texts.push(action.text);
    else if (action.type === 'expect') {
      slot = action.expectation.slot;
      confirms = action.expectation.type === 'confirm';
    } else if (action.type !== 'recording') ended = action.type;
  }
  return { texts, slot, confirms, noMatch: result.noMatch, intent: result.parse?.intent.name, ended, responseMs };
}

interface ChatAnswer {
  readonly conversationId: string;
  readonly replies: readonly { readonly text: string; readonly response?: string }[];
  readonly intent: string | null;
  readonly noMatch: boolean;
  readonly transfer?: object;
  readonly ended: boolean;
}

const CHAT_LIMIT_MS = 20_000;

/** Typed, to a service that runs, by `POST /chat`. What is asked for follows from the names of the responses. */
export class ChatDriver implements CallDriver {
  readonly conversationId = randomUUID();
  readonly #url: URL;
  readonly #language: string;

  constructor(serviceUrl: string, language: string) {
    this.#url = new URL('/chat', serviceUrl);
    this.#language = language;
  }

  /** Whoever writes begins. */
  async begin(): Promise<TurnView> {
    return {
      texts: [],
      slot: undefined,
      confirms: false,
      noMatch: false,
      intent: undefined,
      ended: undefined,
      responseMs: undefined,
    };
  }

  async say(text: string): Promise<TurnView> {
    const beganMs = performance.now();
    const answer = await this.#ask(text);
    const asked = answer.replies
      .map(({ response }) => /^utter_(ask|confirm)_(.+?)(?:_retry_\d+)?$/.exec(response ?? ''))
      .findLast((match) => match !== null);
    const slot = asked?.[2] === 'wish' ? undefined : asked?.[2];
    return {
      texts: answer.replies.map((reply) => reply.text),
      slot,
      confirms: asked?.[1] === 'confirm',
      noMatch: answer.noMatch,
      intent: answer.intent ?? undefined,
      ended: answer.transfer ? 'transfer' : answer.ended ? 'hangup' : undefined,
      responseMs: performance.now() - beganMs,
    };
  }

  /** Nothing is heard of somebody who does not write: they write a dot. */
  silence(): Promise<TurnView> {
    return this.say('…');
  }

  async end(): Promise<void> {}

  async #ask(text: string): Promise<ChatAnswer> {
    let response: Response;
    try {
      response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ conversationId: this.conversationId, language: this.#language, text }),
        signal: AbortSignal.timeout(CHAT_LIMIT_MS),
      });
    } catch (error) {
      throw new HearkenError('CALL_FAILED', `${this.#url} did not answer: ${messageOf(error)}`, {
        hint: 'Is the service running, and is --service right?',
      });
    }
    if (!response.ok) throw new HearkenError('CALL_FAILED', `${this.#url} answered with ${response.status}.`);
    return (await response.json()) as ChatAnswer;
  }
}

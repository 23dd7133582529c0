import type { Logger } from 'pino';
import type { BotAction, Brain, TurnOptions, TurnResult, UserMessage } from '../dialogue/brain.js';
import { asHearkenError } from '../errors.js';
import type { LiveCalls } from '../insight/live-calls.js';
import type { AgentDesk } from './agent-desk.js';
import { deskWords } from './desk-words.js';

export interface DeskBrainOptions {
  readonly brain: Brain;
  readonly desk: AgentDesk;
  readonly calls: LiveCalls;
  readonly queueMs: number;
  /** Whether a visitor is told when no agent is there. Else the channel is given the `transfer` and sees to it itself. */
  readonly excuses: () => Promise<boolean>;
  readonly logger: Logger;
}

/** Somebody who writes while they wait is told once in this time how it stands. */
const REMIND_MS = 30_000;
/** Conversations of which such things are remembered. */
const MAX_KEPT = 2000;

/**
 * The brain with people behind it: a typed conversation that is to be handed over goes to the desk when somebody is there. While a person has it the brain is silent, and what
 * is written goes to that person. When nobody is there, or comes in time, the dialogue goes on as after a hand-off that failed.
 */
export function deskBrain(options: DeskBrainOptions): Brain {
  const turns = new DeskTurns(options);
  const handle: Brain['handle'] = (message, turn) => turns.handle(message, turn);
  // What else the brain can do stays as it is, also what is added to it later.
  return new Proxy(options.brain, {
    get(target, property) {
      if (property === 'handle') return handle;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

class DeskTurns {
  readonly #options: DeskBrainOptions;
  readonly #reminded = new Map<string, number>();
  /** What was said by message id when nobody was there: who sends a message again is told the same. */
  readonly #excuses = new Map<string, readonly BotAction[]>();

  constructor(options: DeskBrainOptions) {
    this.#options = options;
  }

  async handle(message: UserMessage, turn?: TurnOptions): Promise<TurnResult> {
    const { brain, desk } = this.#options;
    if (message.channel === 'voice') return brain.handle(message, turn);
    const chat = desk.chatOf(message.conversationId);
    if (chat !== undefined) {
      if (message.input.type === 'text') desk.visitorSays(chat, message.messageId, message.input.text);
      return this.#silent(message, chat.language, { state: 'open', name: desk.displayName(chat.agent) });
    }
    const ahead = desk.ahead(message.conversationId);
    if (ahead !== undefined) return this.#waiting(message, ahead);
    const result = await brain.handle(message, turn);
    const transfer = result.actions.find((action) => action.type === 'transfer');
    if (transfer === undefined) return this.#withMissed(result);
    if (result.repeated || !desk.open) return this.#withMissed(await this.#excused(message, result, transfer));
    return this.#ask(message, result, transfer);
  }

  /** Nobody is there: that is said in the same reply. */
  async #excused(message: UserMessage, result: TurnResult, transfer: BotAction): Promise<TurnResult> {
    const key = `${message.conversationId}/${message.messageId}`;
    let excuse = this.#excuses.get(key);
    if (excuse === undefined) {
      if (result.repeated || !(await this.#options.excuses())) return result;
      excuse = (await this.#nobody(message, result.language)).actions;
      keep(this.#excuses, key, excuse);
    }
    return { ...result, actions: [...result.actions.filter((action) => action !== transfer), ...excuse] };
  }

  #ask(message: UserMessage, result: TurnResult, transfer: Extract<BotAction, { type: 'transfer' }>): TurnResult {
    const { desk, queueMs, logger } = this.#options;
    const { conversationId, language } = result;
    const kept = result.actions.filter((action) => action !== transfer);
    desk
      .request(
        {
          ...{ callId: conversationId, kind: 'text', caller: message.sender ?? '', language },
          ...{ reason: transfer.reason, summary: transfer.summary, slots: transfer.slots },
        },
        queueMs,
      )
      .then(async ({ outcome }) => {
        this.#reminded.delete(conversationId);
        if (outcome === 'nobody') await this.#goOn(message, language);
      })
      .catch((error: unknown) => {
        logger.error(
          { err: error, conversationId, code: asHearkenError(error).code },
          'nobody came, and the bot could not go on',
        );
      });
    const ahead = desk.ahead(conversationId);
    // Somebody took it in the same moment: then they say so themselves.
    const told = kept.some(({ type }) => type === 'say') || ahead === undefined;
    return {
      ...result,
      actions: told ? kept : [say(deskWords(language).queued(ahead)), ...kept],
      person: { state: ahead === undefined ? 'open' : 'queued' },
    };
  }

  /** The dialogue is told that nobody was there, and what it says then goes to the visitor by itself. */
  async #goOn(message: UserMessage, language: string): Promise<void> {
    const { actions } = await this.#nobody(message, language);
    actions.forEach((action, index) => {
      if (action.type !== 'say') return;
      this.#options.desk.visitors.send(message.conversationId, {
        ...{ id: `${message.messageId}:nobody:${index}`, who: 'bot', name: undefined, text: action.text, over: true },
      });
    });
  }

  #nobody({ conversationId, messageId, sender }: UserMessage, language: string): Promise<TurnResult> {
    return this.#options.brain.handle({
      conversationId,
      messageId: `${messageId}:nobody`.slice(0, 128),
      channel: 'text',
      language,
      input: { type: 'event', name: 'transfer_failed', attempt: 1 },
      ...(sender === undefined ? {} : { sender }),
    });
  }

  #waiting(message: UserMessage, ahead: number): TurnResult {
    const { calls } = this.#options;
    const { conversationId, input } = message;
    const language = calls.get(conversationId)?.language ?? message.language ?? '';
    // Whoever takes it reads what was written meanwhile.
    if (input.type === 'text')
      calls.line(conversationId, {
        ...{ id: message.messageId, who: 'caller', text: input.text, final: true },
        ...{ atMs: Date.now(), fromMs: null, toMs: null },
      });
    const nowMs = Date.now();
    const due = nowMs - (this.#reminded.get(conversationId) ?? 0) > REMIND_MS;
    if (due) keep(this.#reminded, conversationId, nowMs);
    const words = due ? [say(deskWords(language).queued(ahead))] : [];
    return this.#silent(message, language, { state: 'queued' }, words);
  }

  #silent(
    message: UserMessage,
    language: string,
    person: NonNullable<TurnResult['person']>,
    words: readonly BotAction[] = [],
  ): TurnResult {
    return this.#withMissed({
      conversationId: message.conversationId,
      messageId: message.messageId,
      language,
      actions: words,
      noMatch: false,
      repeated: false,
      slots: { ...this.#options.calls.get(message.conversationId)?.slots },
      person,
    });
  }

  /** What a person wrote while no socket was open comes with the next reply. */
  #withMissed(result: TurnResult): TurnResult {
    const missed = this.#options.desk.visitors.takeUndelivered(result.conversationId);
    return missed.length === 0
      ? result
      : { ...result, actions: [...missed.map(({ text }) => say(text)), ...result.actions] };
  }
}

/** The newest entries stay. */
function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_KEPT) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

function say(text: string): BotAction {
  return { type: 'say', text, speech: text, bargeIn: true };
}

import { createHash } from 'node:crypto';
import { HearkenError } from '../../errors.js';
import type { ConversationLog } from '../../store/conversation-log.js';
import type { SessionStore } from '../../store/session-store.js';
import type { ShortCodes } from '../../store/short-codes.js';
import type { BotAction, Brain, TurnResult, UserInput, UserMessage } from '../brain.js';
import {
  asksForCode,
  askWords,
  CONTINUE_MARK,
  codeIn,
  codeWords,
  joinedWords,
  refusedWords,
  type SaidCode,
  type Words,
} from './words.js';

export interface LinkedBrainOptions {
  readonly brain: Brain;
  readonly sessions: SessionStore;
  readonly codes: ShortCodes;
  /** Told of the turns that the brain behind never sees, without the codes. */
  readonly log?: ConversationLog;
  /** Longest wait for another turn of the same conversation. Default 10 s. */
  readonly lockWaitMs?: number;
}

/**
 * Stored in the place of a conversation that goes on in another one. Its schema is one that no tracker has, so the brain refuses it as "newer", which costs nothing as long
 * as nobody moves.
 */
interface Moved {
  readonly schema: typeof MOVED_SCHEMA;
  readonly movedTo: string;
  /** The message whose code did it: when it comes again it is no second guess. */
  readonly byMessageId: string;
}
const MOVED_SCHEMA = 1_000_000;
/** A code may lead to a conversation that has moved itself. */
const MAX_HOPS = 3;
const KEPT_MOVES = 10_000;
/** A move lives as long as a session; it is written anew this often while it is used. */
const REFRESH_MS = 300_000;

interface Move {
  readonly to: string;
  readonly byMessageId: string;
  readonly refreshedMs: number;
}

/**
 * The brain with conversations that go on in another channel: whoever asks gets a short code, and whoever says, keys in or types that code anywhere goes on with the
 * conversation it belongs to. From then on their own conversation's id means that one.
 */
export function linkedBrain(options: LinkedBrainOptions): Brain {
  const linked = new Linked(options);
  const { brain } = options;
  const own: Partial<Brain> = {
    handle: (message, turn) => linked.handle(message, turn),
    rehearse: (message) => linked.rehearse(message),
    peek: (conversationId, text) => brain.peek(linked.known(conversationId), text),
    heard: (conversationId, text) => brain.heard(linked.known(conversationId), text),
  };
  // What else the brain can do stays as it is, also what is added to it later.
  return new Proxy(brain, {
    get(target, property) {
      if (property in own) return own[property as keyof Brain];
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

class Linked {
  readonly #options: LinkedBrainOptions;
  readonly #moves = new Map<string, Move>();

  constructor(options: LinkedBrainOptions) {
    this.#options = options;
  }

  known(conversationId: string): string {
    return this.#moves.get(conversationId)?.to ?? conversationId;
  }

  async handle(message: UserMessage, turn?: Parameters<Brain['handle']>[1]): Promise<TurnResult> {
    const move = this.#moves.get(message.conversationId);
    if (move?.byMessageId === message.messageId) return this.#joined(message, move);
    if (message.input.type === 'text' && asksForCode(message.input.text)) return this.#giveCode(message);
    const said = this.#codeOf(message);
    if (said !== undefined) {
      const result = await this.#tryCode(message, said);
      if (result !== undefined) return result;
    }
    return this.#withCodes(await this.#turn(message, (inner) => this.#options.brain.handle(inner, turn)));
  }

  async rehearse(message: UserMessage): Promise<TurnResult | undefined> {
    const { input } = message;
    if (this.#codeOf(message) !== undefined || (input.type === 'text' && asksForCode(input.text))) return undefined;
    const result = await this.#turn(message, (inner) => this.#options.brain.rehearse(inner));
    return result?.actions.some(isMark) === true ? undefined : result;
  }

  /** A turn of the conversation that this one has become. */
  async #turn<R extends TurnResult | undefined>(
    message: UserMessage,
    run: (message: UserMessage) => Promise<R>,
  ): Promise<R> {
    const move = this.#moves.get(message.conversationId);
    try {
      if (move === undefined) return await run(message);
    } catch (error) {
      // What looks like a tracker of a newer version may be a move that another instance has written.
      if (!(error instanceof HearkenError) || error.code !== 'SESSION_SCHEMA') throw error;
      const found = await this.#lookUp(message.conversationId);
      if (found === undefined) throw error;
      if (found.byMessageId === message.messageId) return (await this.#joined(message, found)) as R;
      return this.#movedTurn(message, found, run);
    }
    return this.#movedTurn(message, move, run);
  }

  async #movedTurn<R extends TurnResult | undefined>(
    message: UserMessage,
    move: Move,
    run: (message: UserMessage) => Promise<R>,
  ): Promise<R> {
    await this.#refresh(message.conversationId, move);
    const result = await run({ ...message, conversationId: move.to, messageId: foreignId(message) });
    return (result === undefined ? undefined : { ...result, messageId: message.messageId }) as R;
  }

  #codeOf({ input }: UserMessage): SaidCode | undefined {
    const { digits } = this.#options.codes;
    if (input.type === 'dtmf')
      return input.digits.length === digits && /^\d+$/.test(input.digits)
        ? { code: input.digits, announced: false }
        : undefined;
    return input.type === 'text' ? codeIn(input.text, digits) : undefined;
  }

  /** Undefined when the digits are none of ours and may mean something else. */
  async #tryCode(message: UserMessage, { code, announced }: SaidCode): Promise<TurnResult | undefined> {
    const { sessions, codes } = this.#options;
    const { conversationId } = message;
    const here = await this.#peekState(this.known(conversationId));
    // Digits that were asked for are the answer.
    if (!announced && here.asked) return undefined;
    let target: string | undefined;
    try {
      target = await codes.take(code, { source: message.source ?? message.sender ?? conversationId, conversationId });
    } catch (error) {
      if (!announced || !(error instanceof HearkenError)) return undefined;
      return this.#say(message, refusedWords(error.code === 'RATE_LIMITED' ? 'limited' : 'away', here.language));
    }
    if (target === undefined) return announced ? this.#say(message, refusedWords('unknown', here.language)) : undefined;
    const to = await this.#follow(target);
    const move: Move = { to, byMessageId: message.messageId, refreshedMs: Date.now() };
    if (to !== conversationId) {
      const moved: Moved = { schema: MOVED_SCHEMA, movedTo: to, byMessageId: message.messageId };
      await sessions.withLock(conversationId, this.#options.lockWaitMs ?? 10_000, async (held) => {
        const stored = await held.get();
        await held.finish(moved, stored?.version ?? 0);
      });
      this.#keep(conversationId, move);
    }
    return this.#joined(message, move);
  }

  /** What somebody hears who has just come over: that it worked, and the question that was open. */
  async #joined(message: UserMessage, move: Move): Promise<TurnResult> {
    const state = await this.#peekState(move.to);
    const words = joinedWords(state.language);
    if (!state.asked) return this.#say({ ...message, conversationId: move.to }, words, askWords(state.language));
    const result = await this.#options.brain.handle({
      ...message,
      conversationId: move.to,
      messageId: foreignId(message),
      input: { type: 'event', name: 'start', attempt: 1 },
    });
    return this.#withCodes({ ...result, messageId: message.messageId, actions: [say(words), ...result.actions] });
  }

  async #giveCode(message: UserMessage): Promise<TurnResult> {
    const conversationId = this.known(message.conversationId);
    const { language } = await this.#peekState(conversationId);
    return this.#say(
      { ...message, conversationId },
      await this.#codeWords(conversationId, message.language ?? language),
    );
  }

  /** Puts a code where a rule of the application wanted one. */
  async #withCodes(result: TurnResult): Promise<TurnResult> {
    if (!result.actions.some(isMark)) return result;
    const words = say(await this.#codeWords(result.conversationId, result.language));
    return { ...result, actions: result.actions.map((action) => (isMark(action) ? words : action)) };
  }

  async #codeWords(conversationId: string, language: string): Promise<Words> {
    try {
      const { code, expiresInMs } = await this.#options.codes.give(conversationId);
      return codeWords(code, expiresInMs, language);
    } catch {
      return refusedWords('away', language);
    }
  }

  async #say(message: UserMessage, ...words: readonly Words[]): Promise<TurnResult> {
    const state = await this.#peekState(message.conversationId);
    this.#options.log?.append({
      conversationId: message.conversationId,
      atMs: Date.now(),
      type: 'turn',
      data: {
        messageId: message.messageId,
        channel: message.channel,
        input: { type: message.input.type, text: withoutDigits(message.input) },
        replies: words.map(({ text }) => text.replace(/\d{3,}/g, '***')),
        noMatch: false,
      },
    });
    return {
      conversationId: message.conversationId,
      messageId: message.messageId,
      language: state.language,
      actions: [...words.map(say), { type: 'expect', expectation: state.expectation }],
      noMatch: false,
      repeated: false,
      slots: {},
    };
  }

  /** What is known of a conversation from what is stored; defaults for one that is new, moved or can't be read. */
  async #peekState(conversationId: string) {
    const stored = await this.#options.sessions.get(conversationId).catch(() => undefined);
    const state = (stored?.value as { readonly state?: StoredState } | undefined)?.state;
    const expectation = state?.expectation ?? { type: 'open' };
    return {
      language: state?.language ?? this.#options.brain.languages[0] ?? 'zh-CN',
      expectation,
      asked: expectation.slot !== undefined,
    };
  }

  async #follow(conversationId: string): Promise<string> {
    let to = conversationId;
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const next = await this.#lookUp(to);
      if (next === undefined) break;
      to = next.to;
    }
    return to;
  }

  async #lookUp(conversationId: string): Promise<Move | undefined> {
    const stored = await this.#options.sessions.get(conversationId);
    const value = stored?.value as Partial<Moved> | undefined;
    if (value?.schema !== MOVED_SCHEMA || value.movedTo === undefined) return undefined;
    const move: Move = { to: value.movedTo, byMessageId: value.byMessageId ?? '', refreshedMs: 0 };
    this.#keep(conversationId, move);
    return move;
  }

  async #refresh(conversationId: string, move: Move): Promise<void> {
    if (Date.now() - move.refreshedMs < REFRESH_MS) return;
    this.#keep(conversationId, { ...move, refreshedMs: Date.now() });
    const { sessions } = this.#options;
    const moved: Moved = { schema: MOVED_SCHEMA, movedTo: move.to, byMessageId: move.byMessageId };
    const stored = await sessions.get(conversationId).catch(() => undefined);
    // Whether it works or not: the turn itself does not depend on it.
    await sessions.put(conversationId, moved, stored?.version ?? 0).catch(() => {});
  }

  #keep(conversationId: string, move: Move): void {
    this.#moves.delete(conversationId);
    this.#moves.set(conversationId, move);
    if (this.#moves.size <= KEPT_MOVES) return;
    for (const oldest of this.#moves.keys()) {
      this.#moves.delete(oldest);
      return;
    }
  }
}

interface StoredState {
  readonly language?: string;
  readonly expectation?: Extract<BotAction, { type: 'expect' }>['expectation'];
}

/** A code is a key as long as it lives: it stands in no log. */
function withoutDigits(input: UserInput): string {
  return input.type === 'text' ? input.text.slice(0, 2000).replace(/[\d零〇一幺二三四五六七八九]/g, '*') : '';
}

function isMark(action: BotAction): boolean {
  return action.type === 'say' && action.text === CONTINUE_MARK;
}

function say(words: Words): Extract<BotAction, { type: 'say' }> {
  return { type: 'say', ...words, response: 'utter_continue_elsewhere', bargeIn: true };
}

/** Both conversations may have counted their messages from 1. */
function foreignId(message: UserMessage): string {
  return createHash('sha256').update(`${message.conversationId} ${message.messageId}`).digest('hex').slice(0, 32);
}

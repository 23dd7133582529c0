import type { ParseResult } from '../nlu/intent-model.js';
import type { AnswerHints } from './answer-words.js';

/**
 * The one brain behind every channel: a message in, bot actions out. Phone, `/chat`, `/ws` and replay call only this.
 * A turn is done once per message id, one at a time per conversation, and is stored before the reply leaves.
 */

export type Channel = 'voice' | 'text';

export type UserInput =
  | {
      readonly type: 'text';
      readonly text: string /** Recogniser's confidence 0..1; 1 for typed text. */;
      readonly confidence: number;
      /** BCP 47: what it was heard in, where that is another language than the conversation's. The conversation goes over to it. */
      readonly language?: string;
    }
  | { readonly type: 'dtmf'; readonly digits: string }
  /** `start`: greet. `no_input` / `no_match`: the n-th in a row (1-based). `transfer_failed`: the hand-off did not work. */
  | {
      readonly type: 'event';
      readonly name: 'start' | 'no_input' | 'no_match' | 'transfer_failed';
      readonly attempt: number;
    };

export interface UserMessage {
  readonly conversationId: string;
  /** The same id twice gives the same reply once. */
  readonly messageId: string;
  readonly channel: Channel;
  /** BCP 47; sets the conversation's language when it is new. */
  readonly language?: string;
  readonly input: UserInput;
  /** Who it is, where the channel knows (caller id, site user): goes into the tracker as session metadata. */
  readonly sender?: string;
  /** Where it comes from (a client's address), for limits only; never stored. */
  readonly source?: string;
}

/** What the next answer is expected to be; decides end silence, DTMF length and entity reading. */
export interface Expectation {
  /** Slot that is being asked for; undefined = an open question. */
  readonly slot?: string;
  /** `digits`, `phone_number`, `confirm`, `date`, `text`, … */
  readonly type: string;
  /** Number of digits wanted, where known: key presses end at `max`, and speech is complete in between. */
  readonly minLength?: number;
  readonly maxLength?: number;
}

export type BotAction =
  | {
      readonly type: 'say';
      /** For the eyes. */
      readonly text: string;
      /** For the ears, where it differs. */
      readonly speech: string;
      /** Response name in the domain, e.g. `utter_greet`. */
      readonly response?: string;
      /** False: the prompt must be heard to its end; keys still stop it. */
      readonly bargeIn: boolean;
      /** Speed, 1 = normal; undefined = normal. */
      readonly rate?: number;
      /** Choices offered with it; who takes one sends its payload as text, or its number. */
      readonly buttons?: readonly { readonly title: string; readonly payload: string }[];
    }
  | { readonly type: 'expect'; readonly expectation: Expectation }
  | {
      readonly type: 'transfer';
      readonly target?: string;
      readonly reason: string;
      readonly summary: string;
      readonly slots: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'hangup'; readonly reason: string }
  /** What is said from here on: kept as sound, or not. */
  | { readonly type: 'recording'; readonly action: RecordingOrder };

/** `start`: the caller agrees to be recorded. `pause` and `resume`: around what must not be kept. `stop`: nothing further. */
export type RecordingOrder = 'start' | 'pause' | 'resume' | 'stop';

export interface TurnResult {
  readonly conversationId: string;
  readonly messageId: string;
  readonly language: string;
  /** Undefined for DTMF and events. */
  readonly parse?: ParseResult;
  readonly actions: readonly BotAction[];
  /** True when understanding failed: no intent fitted and no slot was filled. The channel counts it as a no-match. */
  readonly noMatch: boolean;
  /** True when this was a repeated message id and the first reply was returned. */
  readonly repeated: boolean;
  /** What the conversation knows: without what is empty or stands as every conversation begins. */
  readonly slots: Readonly<Record<string, unknown>>;
  /** What the message was to people, where it was a choice's number or what its button sends: the title. */
  readonly shown?: string;
  /** A person has the conversation (`open`), or it waits for one. */
  readonly person?: { readonly state: 'queued' | 'open'; readonly name?: string };
}

/** A conversation as it is remembered: the last turns word by word, the rest in short. */
export interface ConversationHistory {
  /** Of what is older than `lines`; empty while nothing is. */
  readonly summary: string;
  readonly lines: readonly { readonly who: 'caller' | 'bot'; readonly text: string; readonly atMs: number }[];
  readonly slots: Readonly<Record<string, unknown>>;
  readonly language: string;
}

export interface TurnOptions {
  /** Said while the turn is still at work (a slow action); spoken or sent at once; not repeated in `actions`. */
  readonly onInterim?: (say: Extract<BotAction, { type: 'say' }>) => void;
  /** Intent and entities are known, the reply is yet to be worked out. For measuring. */
  readonly onUnderstood?: () => void;
  /** Aborts running actions when the caller is gone; the turn is still stored. */
  readonly signal?: AbortSignal;
}

export interface PartialReading {
  readonly complete: boolean;
  readonly openNumber: boolean;
  readonly dangling?: boolean;
}

export interface Brain {
  /** Runs one turn and stores it. Rejects with HearkenError only for what the caller of this can mend (bad request, store away). */
  handle(message: UserMessage, options?: TurnOptions): Promise<TurnResult>;
  /**
   * The result that handle() would give, worked out on a copy: nothing stored, no action with effects run. Undefined when the turn would need such
   * an action. For speculation while the caller is still talking.
   */
  rehearse(message: UserMessage): Promise<TurnResult | undefined>;
  /**
   * Reads a partial text without doing a turn: would it be complete as an answer to what was asked? Used for end-of-turn. Cheap, no effects.
   * `complete`: the expected slot is filled or an intent is above its threshold. `openNumber`: it ends inside a number; with `complete` too it is an
   * answer already, and the beginning of a longer one. `dangling`: it asks to be continued ("我想…").
   */
  peek(conversationId: string, text: string): Promise<PartialReading>;
  /** What the answer to this question may be, as far as that is known: for whoever hears it. `slots`: of the conversation. */
  answersTo?(expectation: Expectation, slots: Readonly<Record<string, unknown>>): AnswerHints;
  /** What is remembered of a conversation; undefined when it is unknown or over. */
  history(conversationId: string): Promise<ConversationHistory | undefined>;
  /** Adds to the conversation's log what the caller really heard of the last reply (barge-in cuts it). */
  heard(conversationId: string, text: string): Promise<void>;
  /** Fixed sentences of the application in a language, to be rendered ahead of time. */
  prompts(language: string): readonly string[];
  readonly languages: readonly string[];
  close(): Promise<void>;
}

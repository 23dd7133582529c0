import type { Expectation, UserInput } from '../../dialogue/brain.js';

/**
 * Turn-taking as data. The reducer (`reduce.ts`) is a pure function of state, event and configuration; every event carries
 * its time, so the same recording always gives the same decisions. All times are ms since the call began.
 */

/**
 * - `idle`: nothing yet.
 * - `speaking`: a prompt is being played (or paused by a possible barge-in).
 * - `listening`: it is the caller's turn.
 * - `ending`: the caller has stopped; the recogniser's last word is awaited.
 * - `thinking`: the brain has the turn.
 * - `transferring`, `ended`: nothing more is heard or said.
 */
export type Phase = 'idle' | 'speaking' | 'listening' | 'ending' | 'thinking' | 'transferring' | 'ended';

export interface Prompt {
  readonly promptId: number;
  readonly bargeIn: boolean;
  /** What follows when it has been heard. */
  readonly next: 'listen' | 'transfer' | 'hangup';
  readonly paused: boolean;
}

/** What the caller has said since the last committed turn. */
export interface Utterance {
  readonly startedAtMs: number;
  readonly text: string;
  /** Since when `text` has not changed. */
  readonly changedAtMs: number;
  /** The recogniser has heard the end of it: it stays as it is unless the caller speaks on. */
  readonly settled: boolean;
  /** The brain's view of `assessedText`: is it an answer already, does it end inside a number? */
  readonly assessedText: string;
  readonly complete: boolean;
  readonly openNumber: boolean;
  /** It ends where nobody stops: "嗯，我想…". */
  readonly dangling: boolean;
  /** Words after whose answer the line is hung up; empty while none are known. */
  readonly partingText: string;
}

export type DeadlineName =
  /** The caller says nothing. */
  | 'noInput'
  /** Silence after an utterance: it is over. */
  | 'endSilence'
  /** The utterance has gone on for too long. */
  | 'longestUtterance'
  /** There is voice, and no words come of it. */
  | 'noText'
  /** The recogniser owes its last word. */
  | 'final'
  /** The brain owes a reply. */
  | 'thinking'
  /** Voice over the prompt has lasted long enough to pause it. */
  | 'bargeInVoice'
  /** Paused: now go on or stop. */
  | 'bargeInDecision'
  /** No further key was pressed. */
  | 'interDigit';

export interface TurnState {
  readonly phase: Phase;
  readonly prompt: Prompt | undefined;
  readonly voice: { readonly active: boolean; readonly sinceMs: number };
  /** When a sound was last heard that may become voice. */
  readonly risingMs: number;
  readonly utterance: Utterance | undefined;
  /** Keys pressed so far. */
  readonly keys: string;
  /** Keys that were complete while the brain was busy with something else. */
  readonly pendingKeys: string | undefined;
  /** The same for what was typed. */
  readonly pendingText: string | undefined;
  readonly expectation: Expectation;
  readonly noInputCount: number;
  readonly noMatchCount: number;
  readonly turnId: number;
  readonly flushId: number;
  readonly deadlines: Readonly<Partial<Record<DeadlineName, number>>>;
  /** The voice on the line, or the last that was, is the bot's own, come back. */
  readonly echo: boolean;
  /** The socket is away: deadlines that wait for the caller stand still. */
  readonly detached: boolean;
  /** A person was asked to take over because the dialogue could not go on; it is tried once. */
  readonly gaveUp: boolean;
}

export type TurnEvent =
  | { readonly type: 'started'; readonly atMs: number }
  /** `sinceMs`: when voice really began or ended; `atMs`: when that was known. */
  | { readonly type: 'voice'; readonly atMs: number; readonly active: boolean; readonly sinceMs: number }
  /** The line has become loud enough for a voice; whether it is one, is not known yet. */
  | { readonly type: 'rising'; readonly atMs: number }
  /** The voice on the line is (no longer) an echo of the prompt. New voice is none until it is known to be. */
  | { readonly type: 'echo'; readonly atMs: number; readonly active: boolean }
  | {
      readonly type: 'partial';
      readonly atMs: number;
      readonly text: string;
      readonly stableMs: number;
      readonly settled?: boolean;
    }
  | {
      readonly type: 'assessed';
      readonly atMs: number;
      readonly text: string;
      readonly complete: boolean;
      readonly openNumber: boolean;
      readonly dangling?: boolean;
    }
  /** Worked out ahead: the answer to these words would end the call. */
  | { readonly type: 'parting'; readonly atMs: number; readonly text: string }
  | {
      readonly type: 'final';
      readonly atMs: number;
      readonly flushId: number;
      readonly text: string;
      readonly confidence: number;
      /** Of the words, when they are in another language than the conversation. */
      readonly language?: string;
    }
  | { readonly type: 'key'; readonly atMs: number; readonly digit: string }
  /** Typed instead of said: a whole answer. */
  | { readonly type: 'typed'; readonly atMs: number; readonly text: string }
  | {
      readonly type: 'reply';
      readonly atMs: number;
      readonly turnId: number;
      /** Undefined: the reply has nothing to say. */
      readonly bargeIn: boolean | undefined;
      readonly next: 'listen' | 'transfer' | 'hangup';
      readonly expectation: Expectation;
      readonly noMatch: boolean;
    }
  | { readonly type: 'turnFailed'; readonly atMs: number; readonly turnId: number }
  | { readonly type: 'promptFinished'; readonly atMs: number; readonly promptId: number }
  /** Its sound could not be made. */
  | { readonly type: 'promptFailed'; readonly atMs: number; readonly promptId: number }
  | { readonly type: 'transferFailed'; readonly atMs: number }
  | { readonly type: 'recognizerFailed'; readonly atMs: number }
  | { readonly type: 'detached'; readonly atMs: number }
  | { readonly type: 'resumed'; readonly atMs: number }
  | { readonly type: 'closed'; readonly atMs: number }
  /** Time has passed; deadlines that are due are acted on. */
  | { readonly type: 'time'; readonly atMs: number };

export type TurnEffect =
  /** Give the turn to the brain; the answer comes back as `reply` or `turnFailed`. */
  | { readonly type: 'turn'; readonly turnId: number; readonly input: UserInput }
  /** Ask the recogniser for its last word. `discard`: only to make it forget. */
  | { readonly type: 'flush'; readonly flushId: number; readonly purpose: 'answer' | 'discard' }
  /** Play the reply of that turn. */
  | { readonly type: 'play'; readonly promptId: number }
  | { readonly type: 'pausePlayout' }
  | { readonly type: 'resumePlayout' }
  | { readonly type: 'stopPlayout' }
  | { readonly type: 'transfer' }
  /** The dialogue can't go on; a person must take over. */
  | { readonly type: 'handOff'; readonly reason: string }
  | { readonly type: 'hangup'; readonly cause: 'normal' | 'error' }
  /** Why something was decided, for the call record. */
  | { readonly type: 'decision'; readonly name: string; readonly detail?: Readonly<Record<string, unknown>> };

export const OPEN_QUESTION: Expectation = { type: 'open' };

export const initialTurnState: TurnState = {
  phase: 'idle',
  prompt: undefined,
  voice: { active: false, sinceMs: 0 },
  risingMs: 0,
  utterance: undefined,
  keys: '',
  pendingKeys: undefined,
  pendingText: undefined,
  expectation: OPEN_QUESTION,
  noInputCount: 0,
  noMatchCount: 0,
  turnId: 0,
  flushId: 0,
  deadlines: {},
  echo: false,
  detached: false,
  gaveUp: false,
};

/** The time of the deadline that comes first, undefined when nothing is awaited. */
export function nextDeadlineMs(state: TurnState): number | undefined {
  const times = Object.values(state.deadlines).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

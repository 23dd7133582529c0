import type { MicrophoneProblem } from './audio/microphone.js';
import type { CallState } from './media-client.js';
import type { Line } from './memory.js';

/** What the conversation tells of itself to whatever shows it. */

/** Where the call is: none, on its way, up, or cut off and being taken up again. */
export type Phase = 'idle' | 'connecting' | 'live' | 'reconnecting';

/** What people are told of: `words.ts` has words for each. */
export type Notice =
  | MicrophoneProblem
  | 'closed'
  | 'busy'
  | 'away'
  | 'lost'
  | 'taken'
  | 'unanswered'
  | 'microphoneLost'
  | 'clickToGoOn'
  | 'handedOver';

export interface ShownLine extends Line {
  /** For the view: which node it is. */
  readonly id: number;
  /** Still being said: how much of it so far, in UTF-16 units. */
  readonly said?: number;
}

export interface Model {
  readonly phase: Phase;
  readonly state: CallState;
  readonly lines: readonly ShownLine[];
  /** What the caller is saying right now. */
  readonly partial: string;
  readonly muted: boolean;
  /** There was a call on this page. */
  readonly talked: boolean;
  readonly notice: Notice | undefined;
  /** Nothing can be said here, only typed. */
  readonly textOnly: boolean;
  /** A typed message waits for its answer. */
  readonly waiting: boolean;
  readonly handover: { readonly target: string } | undefined;
}

/** Whether a choice may be taken now: not while an answer is on its way, and in a call they are said or keyed. */
export function choosable({ phase, waiting }: Pick<Model, 'phase' | 'waiting'>): boolean {
  return phase === 'idle' && !waiting;
}

/** How loud it is, 0..1; a side that is left out has no news. */
export interface Levels {
  readonly microphone?: number;
  readonly bot?: number;
}

/** What people are told when a call is over. `cause`: as the media client gives it; undefined when an end needs no words. */
export function noticeOfEnd(cause: string): Notice | undefined {
  return NOTICES_OF_ENDS.get(cause);
}

const NOTICES_OF_ENDS: ReadonlyMap<string, Notice> = new Map([
  ['lost', 'lost'],
  ['error', 'lost'],
  ['overloaded', 'busy'],
  ['unauthorized', 'closed'],
  ['taken', 'taken'],
  ['transferred', 'handedOver'],
]);

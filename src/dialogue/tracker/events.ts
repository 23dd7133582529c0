import type { Channel, Expectation } from '../brain.js';

/** What can happen in a conversation. The tracker's state is nothing but these, folded. Names follow Rasa's tracker events where it has one. */

export interface HeardEntity {
  readonly entity: string;
  readonly value: unknown;
  readonly role?: string;
  readonly group?: string;
  readonly confidence: number;
}

/** A value waits for the caller's yes. */
export interface Pending {
  readonly slot: string;
  readonly value: unknown;
  readonly confidence: number;
}

/** One thing the conversation is in the middle of; the last of the stack is what it is about now. */
export type Frame =
  | {
      readonly kind: 'flow';
      readonly flow: string;
      /** The step under way. */
      readonly step: string;
      readonly pending?: Pending;
      /** Started by `call`: the caller below goes on when it ends. */
      readonly called: boolean;
      /** Slots set since it began; what was asked before is not asked again unless the flow wants it. */
      readonly filled: readonly string[];
      /** What it knew of slots that another wish, said in between, has given other values. */
      readonly held?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'form'; readonly form: string; readonly slot?: string; readonly pending?: Pending }
  | { readonly kind: 'two_stage'; readonly stage: 'affirm' | 'rephrase' | 'affirm_again'; readonly intent: string };

/** A wish that was said beside another one and comes after it. */
export interface Wish {
  readonly intent: string;
  readonly confidence: number;
  readonly text: string;
  readonly entities: readonly HeardEntity[];
}

export interface OfferedButton {
  readonly title: string;
  readonly payload: string;
}

export type TrackerEvent = { readonly atMs: number } & (
  | {
      readonly event: 'session_started';
      readonly language: string;
      readonly channel: Channel;
      readonly sender?: string;
    }
  | {
      readonly event: 'user';
      readonly text: string;
      /** The title of the button that stands for it. */
      readonly shown?: string;
      readonly intent: string;
      readonly confidence: number;
      readonly entities: readonly HeardEntity[];
      readonly input: 'text' | 'dtmf' | 'event';
      readonly channel: Channel;
      readonly messageId: string;
      /** Which model understood it; absent where none was asked. */
      readonly model?: string;
    }
  | {
      readonly event: 'bot';
      readonly text: string;
      /** Absent where the text is said as it stands. */
      readonly speech?: string;
      readonly response?: string;
      readonly variation: number;
      readonly bargeIn: boolean;
      /** Said while an action was at work; "repeat" does not say it again. */
      readonly interim?: boolean;
    }
  /** `inPassing`: said beside what was asked, and still to be checked or confirmed by whoever asks for it. */
  | { readonly event: 'slot'; readonly name: string; readonly value: unknown; readonly inPassing?: true }
  | { readonly event: 'action'; readonly name: string; readonly policy: string }
  | { readonly event: 'stack'; readonly frames: readonly Frame[] }
  | { readonly event: 'flow_started' | 'flow_completed' | 'flow_cancelled'; readonly flow: string }
  /** `completed`: the form ended because all its slots are filled, and its turns count as one. */
  | { readonly event: 'active_loop'; readonly name: string | null; readonly completed: boolean }
  /** A form got its answer: for rules and stories that turn is part of the form, not a turn of its own. */
  | { readonly event: 'answered' }
  | { readonly event: 'offered'; readonly buttons: readonly OfferedButton[] }
  | { readonly event: 'expected'; readonly expectation: Expectation }
  | { readonly event: 'counted'; readonly noMatch: number; readonly noInput: number; readonly attempts: number }
  | { readonly event: 'hand_off'; readonly reason: string }
  | { readonly event: 'hand_off_failed' }
  | { readonly event: 'hang_up'; readonly reason: string }
  | { readonly event: 'language'; readonly language: string }
  /** Speaking rate from now on, 1 = normal. */
  | { readonly event: 'rate'; readonly rate: number }
  /** What is to be taken up when what is under way is done. */
  | { readonly event: 'wishes'; readonly later: readonly Wish[] }
  /** A wish said earlier has its turn now. */
  | { readonly event: 'taken_up'; readonly intent: string; readonly entities: readonly HeardEntity[] }
  | { readonly event: 'restart' }
);

/** An event before it has its time. */
export type NewEvent = TrackerEvent extends infer Each
  ? Each extends TrackerEvent
    ? Omit<Each, 'atMs'>
    : never
  : never;

import type { Graph } from '../speech/graph.js';

/** What replaying one recording gave. All times in it are virtual; what was measured stands apart, in `MeasuredRun`. */

export interface ReplayedTurn {
  readonly turnId: number;
  /** When the dialogue had it, ms since the call began. */
  readonly atMs: number;
  /** `text`, `dtmf`, or the name of an event: `start`, `no_input`, `no_match`, `transfer_failed`. */
  readonly input: string;
  /** What was heard (or which keys were pressed). */
  readonly heard: string;
  /** What was really said, where that is known. */
  readonly said: string | null;
  readonly confidence: number | null;
  readonly intent: string | null;
  readonly intentConfidence: number | null;
  readonly expectedIntent: string | null;
  readonly entities: readonly { readonly entity: string; readonly value: unknown }[];
  /** Slots that this turn changed. */
  readonly slots: Readonly<Record<string, unknown>>;
  /** Slots that should hold a value now, and whether they do. */
  readonly expectedSlots: readonly {
    readonly slot: string;
    readonly expected: unknown;
    readonly found: unknown;
    readonly right: boolean;
  }[];
  readonly reply: string;
  readonly noMatch: boolean;
  /** The end of the caller's turn: when and why it was taken to be over. */
  readonly end: {
    readonly atMs: number;
    readonly reason: string;
    /** From the end of the caller's last word to it; null where that is not known. */
    readonly delayMs: number | null;
    /** The caller had not finished. */
    readonly cut: boolean;
  } | null;
  /** From the end of speech to the first sound of the answer. */
  readonly responseMs: number | null;
  readonly stages: readonly { readonly stage: string; readonly ms: number }[];
}

export interface BargeInDecision {
  readonly atMs: number;
  /** `pause`: voice over the prompt. `stop`: words end it. `resume`: it goes on. `echo`, `echoOver`: the voice is the bot's own, or no longer. */
  readonly decision: 'pause' | 'stop' | 'resume' | 'echo' | 'echoOver';
  readonly text: string;
}

/**
 * `contained`: ended with nothing left open. `transferred`: handed to a person. `abandoned`: the caller left while something was still open, or had never been understood.
 * `failed`: the dialogue could not go on.
 */
export type CallOutcome = 'contained' | 'transferred' | 'abandoned' | 'failed';

interface ReplayedBase {
  /** As named on the command line, or below the folder that was. */
  readonly file: string;
  /** SHA-256 of the file. */
  readonly content: string;
  readonly language: string;
  readonly audioMs: number;
  readonly channel: { readonly index: number; readonly of: number; readonly because: string };
  /** Where it comes from, and what else its table of transcripts says. */
  readonly source: string;
  readonly speaker: string | null;
  readonly task: string | null;
  /** The recogniser was trained on this speaker: its figure says nothing of strangers. */
  readonly trainedOn: boolean;
  /** What is said in it, where that is known. */
  readonly reference: string | null;
  readonly heard: string;
}

export interface ReplayedCall extends ReplayedBase {
  readonly kind: 'call';
  readonly timing: 'recorded' | 'answer';
  /** The replayed call's length in virtual time. */
  readonly durationMs: number;
  readonly turns: readonly ReplayedTurn[];
  readonly bargeIns: readonly BargeInDecision[];
  readonly outcome: CallOutcome;
  readonly endedBy: 'us' | 'caller';
  readonly transferReason: string | null;
  /** What went wrong inside: turns that failed, prompts that could not be spoken. */
  readonly problems: readonly string[];
  /** What the caller said and when; by label, or by the pauses of the recording. */
  readonly said: readonly {
    readonly fromMs: number;
    readonly toMs: number;
    readonly text: string | null;
    /** Keyed in instead of said. */
    readonly keys: string | null;
    readonly understoodInTurn: number | null;
    /** Null where the bot was not speaking when it began. */
    readonly overBot: {
      /** As labelled: the bot should stop for it. */
      readonly shouldStop: boolean | null;
      readonly stopped: boolean;
      /** From its begin until the bot stopped. */
      readonly afterMs: number | null;
    } | null;
  }[];
}

export interface ReplayedRecognition extends ReplayedBase {
  readonly kind: 'recognition';
  readonly graph: Graph;
  readonly utterances: readonly {
    readonly text: string;
    readonly confidence: number;
    readonly startMs: number;
    readonly endMs: number;
  }[];
}

export interface FailedRecording {
  readonly kind: 'failed';
  readonly file: string;
  readonly content: string;
  readonly source: string;
  readonly reason: string;
  readonly hint: string | null;
}

export type ReplayedRecording = ReplayedCall | ReplayedRecognition | FailedRecording;

/** What a replay really took, on this machine, with what else it was doing. */
export interface MeasuredRun {
  /** From its begin to its end, beside the others under way. */
  readonly wallMs: number;
  /** Of it: waiting for understanding, actions and synthesis. */
  readonly partsMs: number;
}

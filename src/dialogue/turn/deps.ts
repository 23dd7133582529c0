import type { Clock } from '../../clock.js';
import type { RunAction } from '../actions/runner.js';
import type { Application, SlotMapping } from '../app/types.js';
import type { TurnOptions } from '../brain.js';
import type { PolicyIndex } from './policy.js';

/** What a turn is given besides the tracker and the message. Shared by all turns. */
export interface TurnDeps {
  readonly application: Application;
  readonly index: PolicyIndex;
  /** Slots that begin with a value. */
  readonly initialSlots: Readonly<Record<string, unknown>>;
  readonly digitSlots: ReadonlySet<string>;
  /** Slots that some form or flow asks for. */
  readonly collected: ReadonlySet<string>;
  /** Actions that read slots out of a message, with the mapping that says when. */
  readonly extractors: readonly Extractor[];
  readonly runAction: RunAction;
  /** What the caller hears while an action takes its time, where the application says so. */
  readonly waitOf: (action: string) => { readonly afterMs?: number; readonly response?: string };
  /** Re-prompts before a person takes over. */
  readonly maxNoMatch: number;
  readonly maxNoInput: number;
  readonly handoffTarget: string | undefined;
  /** A turn did too much; where it was then. */
  readonly onStuck: (conversationId: string, where: Stuck) => void;
  /** `answered`: the application itself has words for it, and the caller heard those. */
  readonly onActionError: (name: string, error: unknown, answered?: 'as the application says') => void;
  /** What an action gave back can't be used in part; in words, and what to do about it. */
  readonly onActionMisfit: (name: string, what: string, hint: string) => void;
  /** For what is said while an action takes its time. */
  readonly clock?: Clock | undefined;
}

/** Where a turn was when it had done more than any turn should. */
export interface Stuck {
  readonly flow?: string;
  readonly step?: string;
  readonly form?: string;
  /** What was done last. */
  readonly action?: string;
}

export interface Extractor {
  readonly action: string;
  /** None: with every message. */
  readonly mapping?: SlotMapping;
}

/** How a turn is run: for real, or to see what it would give. */
export interface TurnMode extends TurnOptions {
  /** Nothing may be done that is felt outside the tracker. */
  readonly rehearsal?: boolean;
  /** Waited for before anything is done that is felt outside: from then on nobody else works on the conversation. Rejects with Outdated where somebody else has been faster. */
  readonly claim?: () => Promise<void>;
}

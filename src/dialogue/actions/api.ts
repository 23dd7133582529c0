import type { Channel } from '../brain.js';

/**
 * What an application's own actions are written against: `export default defineAction({ name, run })` (or a list of them) in a file below
 * `actions/`. An action gets a copy of what it may know and answers with what shall happen; it changes nothing by itself.
 */

export interface ActionContext {
  readonly conversationId: string;
  /** Turn number: with the conversation's id an idempotency key for what the action does elsewhere. */
  readonly turn: number;
  readonly language: string;
  readonly channel: Channel;
  readonly sender: string | undefined;
  readonly slots: Readonly<Record<string, unknown>>;
  readonly latest: {
    readonly text: string;
    readonly intent: string;
    /** 0..1 */
    readonly confidence: number;
    readonly entities: readonly { readonly entity: string; readonly value: unknown }[];
  };
  /** What the conversation is about so far, in a line or two. */
  readonly summary: string;
  /** Form or flow that is active. */
  readonly activeLoop: string | null;
  /** Epoch ms, of the turn. */
  readonly nowMs: number;
  /** `endpoints.yml`. */
  readonly endpoints: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Fires when the time is over: pass it to `fetch`. */
  readonly signal: AbortSignal;
}

export interface ActionReply {
  /** A response of the domain … */
  readonly response?: string;
  /** … with values only for this time, or plain words. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly text?: string;
  /** The same for the ears, where it differs. */
  readonly speech?: string;
}

export interface ActionResult {
  /** Slots to set; null clears. */
  readonly slots?: Readonly<Record<string, unknown>>;
  readonly say?: readonly (string | ActionReply)[];
  readonly handOff?: { readonly reason: string; readonly target?: string };
  readonly hangUp?: { readonly reason: string };
  /** The action that comes next, before rules are asked. */
  readonly followUp?: string;
}

export interface ActionDefinition {
  readonly name: string;
  /** Default 5,000; at most 60,000. */
  readonly timeoutMs?: number;
  /**
   * It only looks something up: nothing is changed anywhere by running it once more, or for nothing. It may then be run while the caller is still talking, so that the answer is
   * there when they have finished. Default false.
   */
  readonly lookup?: boolean;
  /** What the caller hears when it takes longer than this; default `utter_please_wait` after 1,000 ms. */
  readonly wait?: { readonly afterMs?: number; readonly response?: string };
  run(context: ActionContext): Promise<ActionResult | undefined> | ActionResult | undefined;
}

export interface ActionModule {
  readonly default: ActionDefinition | readonly ActionDefinition[];
  /** Called once when the service stops. */
  readonly close?: () => Promise<void> | void;
}

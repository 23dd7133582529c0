import type { TrackerEvent } from '../tracker/events.js';
import type { ActionContext, ActionResult } from './api.js';

export type ActionRequest = Omit<ActionContext, 'signal'>;

/** Why an action took the way its application has for failures: callers hear that one, operators have to know. */
export const FAILURE = Symbol('failure');

export type RanAction = ActionResult & { readonly [FAILURE]?: unknown };

/** Runs an action by name; rejects with ACTION_FAILED or TIMEOUT. */
export type RunAction = (
  name: string,
  request: ActionRequest,
  /** What has happened in the conversation, this turn included. */
  history: () => readonly TrackerEvent[],
  mode?: ActionMode,
) => Promise<RanAction>;

export interface ActionMode {
  /** Fires when the caller is gone: what is still running is stopped. */
  readonly signal?: AbortSignal;
  /** To see what a turn would give: only lookups are run, anything else rejects with EffectNeeded. */
  readonly rehearsal?: boolean;
  /** Waited for before anything but a lookup; what it rejects with is what the action does. */
  readonly claim?: () => Promise<void>;
}

/** A rehearsal came to something that is felt outside. */
export class EffectNeeded extends Error {}

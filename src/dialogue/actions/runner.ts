import { HearkenError, messageOf } from '../../errors.js';
import type { TrackerEvent } from '../tracker/events.js';
import type { ActionContext, ActionDefinition, ActionResult } from './api.js';

export type ActionRequest = Omit<ActionContext, 'signal'>;

/** Runs an action by name; rejects with ACTION_FAILED or TIMEOUT. */
export type RunAction = (
  name: string,
  request: ActionRequest,
  /** What has happened in the conversation, this turn included. */
  history: () => readonly TrackerEvent[],
  /** Fires when the caller is gone: what is still running is stopped. */
  gone?: AbortSignal,
) => Promise<ActionResult>;

const DEFAULT_TIMEOUT_MS = 5000;
const LONGEST_TIMEOUT_MS = 60_000;

/** One TypeScript action under its time limit. The signal fires at the limit, and an action that does not listen is left behind. */
export async function runWithLimit(
  definition: ActionDefinition,
  request: ActionRequest,
  gone?: AbortSignal,
): Promise<ActionResult> {
  const timeoutMs = Math.min(definition.timeoutMs ?? DEFAULT_TIMEOUT_MS, LONGEST_TIMEOUT_MS);
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let leave: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    leave = () => {
      const error = new HearkenError('ACTION_FAILED', `The action ${definition.name} was stopped: the caller is gone.`);
      abort.abort(error);
      reject(error);
    };
    gone?.addEventListener('abort', leave, { once: true });
    if (gone?.aborted) leave();
    timer = setTimeout(() => {
      const error = new HearkenError('TIMEOUT', `The action ${definition.name} took longer than ${timeoutMs} ms.`, {
        hint: 'Make it faster, or raise its timeoutMs; callers wait meanwhile.',
      });
      abort.abort(error);
      reject(error);
    }, timeoutMs);
  });
  try {
    const run = (async () => definition.run({ ...request, slots: { ...request.slots }, signal: abort.signal }))();
    return (await Promise.race([run, limit])) ?? {};
  } catch (error) {
    if (error instanceof HearkenError) throw error;
    throw new HearkenError('ACTION_FAILED', `The action ${definition.name} failed: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    if (leave !== undefined) gone?.removeEventListener('abort', leave);
    clearTimeout(timer);
  }
}

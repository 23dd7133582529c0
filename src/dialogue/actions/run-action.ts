import type { Logger } from 'pino';
import { HearkenError } from '../../errors.js';
import type { Application } from '../app/types.js';
import type { LoadedActions } from './load.js';
import { type RunAction, runWithLimit } from './runner.js';
import { ActionServer } from './server.js';

/** Where an action is found: the application's own code first, then its action server. */
export function makeRunAction(application: Application, loaded: LoadedActions, logger: Logger): RunAction {
  const { actionUrl } = application.endpoints;
  const server = actionUrl === undefined ? undefined : new ActionServer({ url: actionUrl }, application);
  return async (name, request, history, gone) => {
    const own = loaded.actions.get(name);
    if (own === undefined && server === undefined) {
      throw new HearkenError('ACTION_FAILED', `There is no action "${name}".`, {
        hint: 'Write it in actions/*.ts of the application.',
      });
    }
    const began = performance.now();
    const result =
      own === undefined ? await server?.run(name, request, history(), gone) : await runWithLimit(own, request, gone);
    logger.debug({ action: name, ms: Math.round(performance.now() - began) }, 'action done');
    return result ?? {};
  };
}

import type { Logger } from 'pino';
import { HearkenError } from '../../errors.js';
import type { Application } from '../app/types.js';
import type { LoadedActions } from './load.js';
import type { ReadyActions } from './ready/ready-actions.js';
import type { ActionRequest, RanAction, RunAction } from './runner.js';
import { ActionServer } from './server.js';

/** Where an action is found: the application's own code first, then its files, then its action server, then what every application has. */
export function makeRunAction(
  application: Application,
  loaded: LoadedActions,
  ready: ReadyActions,
  logger: Logger,
): RunAction {
  const { actionUrl } = application.endpoints;
  const server = actionUrl === undefined ? undefined : new ActionServer({ url: actionUrl }, application);
  const find = (name: string) => {
    if (loaded.actions.has(name))
      return (request: ActionRequest, gone?: AbortSignal) => loaded.run(name, request, gone);
    const written = ready.get(name);
    // What the domain lists and no file defines is the server's, also where there is a built-in one of the name.
    const servers = server !== undefined && application.domain.actions.has(name) && !application.readyActions.has(name);
    if (written === undefined || servers) return undefined;
    return (request: ActionRequest, gone?: AbortSignal) => ready.run(written, request, gone);
  };
  return async (name, request, history, { signal: gone } = {}) => {
    const run = find(name);
    if (run === undefined && server === undefined) {
      throw new HearkenError('ACTION_FAILED', `There is no action "${name}".`, {
        hint: 'Write it in actions/*.ts of the application, or as one of its ready_actions.',
      });
    }
    const began = performance.now();
    const result: RanAction | undefined =
      run === undefined ? await server?.run(name, request, history(), gone) : await run(request, gone);
    logger.debug({ action: name, ms: Math.round(performance.now() - began) }, 'action done');
    return result ?? {};
  };
}

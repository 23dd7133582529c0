import type { ActionContext, ActionResult } from './api.js';
import { readResult } from './result.js';
import type { ActionRequest } from './runner.js';
import { ActionPool } from './worker/action-pool.js';
import { bundleAction, bundleWorker } from './worker/bundle.js';
import type { KnownAction } from './worker/protocol.js';

export interface LoadedActions {
  readonly actions: ReadonlyMap<string, KnownAction>;
  /** Rejects with ACTION_FAILED or TIMEOUT. */
  run(name: string, request: ActionRequest, gone?: AbortSignal): Promise<ActionResult>;
  close(): Promise<void>;
}

export interface LoadActionsOptions {
  readonly files: readonly string[];
  readonly cacheFolder: string;
  readonly endpoints: ActionContext['endpoints'];
  /** Names of all slots: those without a value are null for an action. */
  readonly slots?: readonly string[];
  /** Environment variables the actions see, besides PATH and its like. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * An application's own actions, in a thread of their own: there a time limit holds against any code, memory is bounded and the service's secrets are out of
 * sight. Each file is bundled into the cache folder, named by its content. Throws APP_INVALID with file and reason.
 */
export async function loadActions(options: LoadActionsOptions): Promise<LoadedActions> {
  if (options.files.length === 0) {
    return { actions: new Map(), run: () => Promise.reject(new Error('there are no actions')), close: async () => {} };
  }
  const modules: { path: string; source: string }[] = [];
  for (const source of options.files) modules.push({ path: await bundleAction(source, options.cacheFolder), source });
  const pool = await ActionPool.open({
    entry: await bundleWorker(options.cacheFolder),
    files: { modules, endpoints: options.endpoints, slots: options.slots ?? [] },
    environment: options.environment,
  });
  return {
    actions: pool.actions,
    run: async (name, request, gone) => readResult(name, await pool.run(name, request, gone)),
    close: () => pool.close(),
  };
}

import { join, resolve } from 'node:path';
import { HearkenError } from '../errors.js';
import { loadAppData } from '../nlu/corpus/load.js';
import { ownTemporaryFolder } from '../temporary-folder.js';
import { BUILT_IN_ACTIONS } from './actions/built-in-names.js';
import { withEarlyLookups } from './actions/early-lookups.js';
import { type LoadedActions, loadActions } from './actions/load.js';
import { ReadyActions } from './actions/ready/ready-actions.js';
import { makeRunAction } from './actions/run-action.js';
import { isUnwritable } from './actions/worker/bundle.js';
import { withQuotedTurns } from './app/end-to-end.js';
import { loadValidApplication } from './app/load.js';
import { ownCommands } from './app/own-commands.js';
import type { Wait } from './app/ready-actions.js';
import type { Application } from './app/types.js';
import type { Brain } from './brain.js';
import type { BrainOptions } from './brain-options.js';
import { DialogueBrain } from './dialogue-brain.js';

export type { BrainOptions } from './brain-options.js';

/** An application that was read, with its actions running. */
export interface OpenApplication {
  readonly application: Application;
  /** A brain for conversations of their own, on another clock or with another memory; closing it leaves the application open. */
  brain(own: Partial<Pick<BrainOptions, 'now' | 'clock' | 'sessions' | 'log' | 'onActionTrouble'>>): Brain;
  close(): Promise<void>;
}

/** Reads and checks the application, bundles its actions and gives the brain. Throws APP_INVALID with every mistake's file and line. */
export async function createBrain(options: BrainOptions): Promise<Brain> {
  const { application, runAction, waitOf, close } = await readApplication(options);
  return new DialogueBrain(options, application, runAction, waitOf, close);
}

/** The same for many brains: the application is read and its actions are started once. */
export async function openApplication(options: BrainOptions): Promise<OpenApplication> {
  const { application, runAction, waitOf, close } = await readApplication(options);
  return {
    application,
    brain: (own) => new DialogueBrain({ ...options, ...own }, application, runAction, waitOf, async () => {}),
    close,
  };
}

async function readApplication(options: BrainOptions) {
  const written = await loadValidApplication(options.appFolder, options.environment);
  // An application without examples (or with ones that can't be read) has a model from somewhere else.
  const examples = await loadAppData(options.appFolder).then(
    ({ data }) => data.examples,
    () => [],
  );
  const application = {
    ...(await withQuotedTurns(written, options.intentModel, options.logger)),
    ownCommands: ownCommands(examples),
  };
  const cache = resolve(options.cacheFolder ?? join('.cache', 'actions'));
  const wanted = {
    files: application.actionFiles,
    cacheFolder: cache,
    endpoints: application.endpoints.all,
    slots: [...application.domain.slots.keys()],
    environment: options.environment ?? {},
  };
  const actions = await loadActions(wanted).catch((error: unknown) => {
    // A read-only installation has no cache folder of its own.
    if (!isUnwritable(error)) throw error;
    return loadActions({ ...wanted, cacheFolder: ownTemporaryFolder('hearken-actions') });
  });
  const missing = [...application.domain.actions].filter(
    (name) =>
      !name.startsWith('utter_') &&
      !actions.actions.has(name) &&
      !BUILT_IN_ACTIONS.has(name) &&
      !application.readyActions.has(name) &&
      application.endpoints.actionUrl === undefined,
  );
  if (missing.length > 0) {
    await actions.close();
    throw new HearkenError(
      'APP_INVALID',
      `The domain of ${options.appFolder} lists actions that nobody has written: ${missing.join(', ')}.`,
      {
        hint: `Write them in ${options.appFolder}/actions/*.ts, or name an action server in endpoints.yml (action_endpoint: url: …).`,
      },
    );
  }
  const ready = new ReadyActions(application.readyActions, {
    desk: options.desk,
    secrets: options.environment ?? {},
    privateHosts: options.privateHosts ?? [],
    allowedHosts: options.allowedHosts ?? [],
  });
  const waits = waitsOf(application, actions);
  const runAction = withEarlyLookups(
    makeRunAction(application, actions, ready, options.logger),
    isLookupOf(application, actions),
  );
  return { application, runAction, waitOf: (name: string) => waits.get(name) ?? {}, close: actions.close };
}

/** Actions of which their authors say that they only look something up. */
function isLookupOf(application: Application, loaded: LoadedActions): (name: string) => boolean {
  const { readyActions, endpoints } = application;
  return (name) => {
    const own = loaded.actions.get(name);
    if (own !== undefined) return own.lookup;
    const written = readyActions.get(name);
    if (written !== undefined) return written.type === 'http' && written.lookup;
    return endpoints.lookups.has(name);
  };
}

function waitsOf(application: Application, loaded: LoadedActions): ReadonlyMap<string, Wait> {
  const own = [...loaded.actions.values()].map((action) => [action.name, action.wait ?? {}] as const);
  const ready = [...application.readyActions.values()].flatMap((action) =>
    action.type === 'http' ? [[action.name, action.wait] as const] : [],
  );
  return new Map([...ready, ...own]);
}

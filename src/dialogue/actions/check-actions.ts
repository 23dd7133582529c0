import { HearkenError, messageOf } from '../../errors.js';
import { ownTemporaryFolder } from '../../temporary-folder.js';
import { didYouMean } from '../app/nearest.js';
import type { Application } from '../app/types.js';
import type { Problem } from '../app/yaml.js';
import { BUILT_IN_ACTIONS } from './built-in-names.js';
import { loadActions } from './load.js';

/** What is wrong between the domain and the code of an application: its files are built and read, none of its actions is run. */
export async function checkActions(
  { domain, actionFiles, endpoints, readyActions }: Application,
  environment: Readonly<Record<string, string>> = {},
): Promise<Problem[]> {
  let written: ReadonlySet<string>;
  try {
    const loaded = await loadActions({
      files: actionFiles,
      cacheFolder: ownTemporaryFolder('hearken-actions'),
      endpoints: endpoints.all,
      environment,
    });
    written = new Set(loaded.actions.keys());
    await loaded.close();
  } catch (error) {
    const hint = error instanceof HearkenError ? (error.hint ?? '') : '';
    return [problem('error', 'actions', messageOf(error).replace(/[.\s]+$/, ''), hint)];
  }
  const unlisted = [...written].filter((name) => !domain.actions.has(name));
  const missing = [...domain.actions].filter(
    (name) =>
      !name.startsWith('utter_') && !written.has(name) && !BUILT_IN_ACTIONS.has(name) && !readyActions.has(name),
  );
  return [
    ...unlisted.map((name) =>
      problem(
        'warning',
        'actions',
        `the action "${name}" is written, but the domain does not list it: it is never run`,
        `Add it to "actions:" of the domain.${didYouMean(name, domain.actions)}`,
      ),
    ),
    // With an action server it may be there: nobody here knows.
    ...(endpoints.actionUrl === undefined ? missing : []).map((name) =>
      problem(
        'error',
        'domain',
        `the domain lists the action "${name}", which nobody has written`,
        `Write it in actions/*.ts, or name an action server in endpoints.yml (action_endpoint: {url: …}).${didYouMean(name, unlisted)}`,
      ),
    ),
  ];
}

function problem(severity: Problem['severity'], file: string, message: string, hint: string): Problem {
  return { severity, file, line: 0, message, hint };
}

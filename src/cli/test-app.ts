import { Command } from 'commander';
import { loadConfig } from '../config.js';
import { problemText } from '../dialogue/app/load.js';
import { readConversationTests } from '../dialogue/conversation-tests/read.js';
import { runConversationTest, type TestOutcome } from '../dialogue/conversation-tests/run.js';
import { HearkenError, messageOf } from '../errors.js';
import { type OfflineOptions, openOfflineApplication } from '../replay/offline-application.js';

/** `hearken test <folder>`: the application's conversation tests, in text, with a diff for each that fails. */
export function testCommand(): Command {
  return new Command('test')
    .description('run the conversation tests of an application')
    .argument('[folder]', 'the application', 'apps/retail')
    .option('--only <words>', 'only tests whose name contains these words')
    .option('--json', 'print one JSON document')
    .action(async (folder: string, options: { only?: string; json?: boolean }) => {
      const { config, appEnvironment } = loadConfig();
      const outcomes = await testApplication(folder, {
        ...(options.only === undefined ? {} : { only: options.only }),
        environment: appEnvironment,
        privateHosts: config.app.privateHosts,
        allowedHosts: config.app.allowedHosts,
      });
      const failed = outcomes.filter((outcome) => outcome.diff.length > 0);
      if (options.json) {
        const tests = outcomes.map(({ test, diff }) => ({
          name: test.name,
          file: test.file,
          line: test.line,
          passed: diff.length === 0,
          diff,
        }));
        process.stdout.write(
          `${JSON.stringify({ folder, passed: outcomes.length - failed.length, failed: failed.length, tests }, null, 2)}\n`,
        );
      } else {
        for (const { test, diff } of failed)
          process.stdout.write(
            `${test.file}:${test.line}: ${test.name}\n${diff.map((line) => `    ${line}\n`).join('')}`,
          );
        process.stdout.write(
          `${folder}: ${outcomes.length - failed.length} of ${outcomes.length} conversations passed\n`,
        );
      }
      if (failed.length > 0) process.exitCode = 1;
    });
}

export interface TestOptions extends OfflineOptions {
  /** Only tests whose name contains this. */
  readonly only?: string;
}

/** Trains (or finds) the understanding, then runs the tests one after another. Throws APP_INVALID when a test can't be read or there is none. */
export async function testApplication(
  folder: string,
  { only, ...given }: TestOptions = {},
): Promise<readonly TestOutcome[]> {
  const { tests, problems } = await readConversationTests(folder).catch((error: unknown) => {
    throw new HearkenError('APP_INVALID', `The application folder ${folder} can't be read: ${messageOf(error)}`, {
      hint: 'Give a folder with a domain.yml, for instance apps/retail.',
    });
  });
  if (problems.length > 0)
    throw new HearkenError('APP_INVALID', problems.map(problemText).join('\n'), {
      hint: 'Mend the tests named above.',
    });
  const chosen = tests.filter((test) => only === undefined || test.name.includes(only));
  if (chosen.length === 0 && tests.length > 0)
    throw new HearkenError(
      'APP_INVALID',
      `None of the ${tests.length} conversation tests in ${folder} has "${only}" in its name.`,
      { hint: 'Capital letters count. Without --only all of them run.' },
    );
  if (chosen.length === 0)
    throw new HearkenError('APP_INVALID', `There are no conversation tests in ${folder}.`, {
      hint: 'Write them in tests/*.yml as "test_cases:" or "stories:".',
    });
  const application = await openOfflineApplication(folder, given);
  try {
    const troubles: string[] = [];
    const brain = application.brain({ onActionTrouble: (what) => troubles.push(what) });
    const outcomes: TestOutcome[] = [];
    for (const test of chosen) outcomes.push(await runConversationTest(test, brain, application.sessions, troubles));
    return outcomes;
  } finally {
    await application.close();
  }
}

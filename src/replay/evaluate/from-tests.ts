import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../../config.js';
import { problemText } from '../../dialogue/app/load.js';
import type { Brain, TurnResult } from '../../dialogue/brain.js';
import { type ConversationTest, readConversationTests } from '../../dialogue/conversation-tests/read.js';
import { runConversationTest } from '../../dialogue/conversation-tests/run.js';
import { HearkenError } from '../../errors.js';
import { openOfflineApplication } from '../offline-application.js';
import { CLOSING_INTENTS, type HeldOutIntents, type JudgedConversation } from './evaluation.js';

export interface JudgedTests {
  readonly conversations: readonly JudgedConversation[];
  readonly heldOut: HeldOutIntents | undefined;
}

interface Heard {
  readonly text: boolean;
  readonly result: TurnResult;
  readonly ms: number;
}

/** Runs an application's conversation tests and judges each: they say what is right. Throws APP_INVALID when there are none or they can't be read. */
export async function judgeTests(
  folder: string,
  config: Config,
  environment: Readonly<Record<string, string>>,
): Promise<JudgedTests> {
  const { tests, problems } = await readConversationTests(folder);
  if (problems.length > 0) throw new HearkenError('APP_INVALID', problems.map(problemText).join('\n'));
  if (tests.length === 0)
    throw new HearkenError('APP_INVALID', `There are no conversation tests in ${folder}.`, {
      hint: 'Write them in tests/*.yml as "test_cases:" or "stories:", or judge the log with --log.',
    });
  const { privateHosts, allowedHosts } = config.app;
  const application = await openOfflineApplication(folder, { environment, privateHosts, allowedHosts });
  try {
    const brain = application.brain({});
    const judged: JudgedConversation[] = [];
    for (const test of tests) {
      const heard: Heard[] = [];
      const { diff } = await runConversationTest(test, listening(brain, heard), application.sessions);
      judged.push(judge(test, diff, heard));
    }
    return {
      conversations: judged,
      heldOut: await heldOutOf(application.intentModel.holder.current, application.modelsFolder),
    };
  } finally {
    await application.close();
  }
}

const metricsSchema = z.object({
  name: z.string(),
  metrics: z.object({ accuracy: z.number().min(0).max(1), examples: z.number().int().positive() }),
});

/** What the training of a model found when it held back each example once; undefined for a model that does not tell. Others beside it may be broken or half made. */
export async function heldOutOf(modelName: string, modelsFolder: string): Promise<HeldOutIntents | undefined> {
  for (const name of await readdir(modelsFolder)) {
    const found: unknown = await readFile(join(modelsFolder, name, 'model.json'), 'utf8')
      .then(JSON.parse)
      .catch(() => undefined);
    const model = metricsSchema.safeParse(found).data;
    if (model?.name === modelName) return model.metrics;
  }
  return undefined;
}

/** The same brain, with a note of each turn. */
function listening(brain: Brain, heard: Heard[]): Brain {
  return new Proxy(brain, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (key !== 'handle') return typeof value === 'function' ? value.bind(target) : value;
      return async (...given: Parameters<Brain['handle']>) => {
        const beganMs = performance.now();
        const result = await target.handle(...given);
        heard.push({ text: given[0].input.type === 'text', result, ms: performance.now() - beganMs });
        return result;
      };
    },
  });
}

function judge(test: ConversationTest, diff: readonly string[], heard: readonly Heard[]): JudgedConversation {
  const expected = test.steps.filter(({ kind }) => kind === 'does' || kind === 'says').length;
  const named = test.steps.filter((step) => step.kind === 'user' && step.intent !== undefined).length;
  const wrongIntents = diff.filter((line) => line.startsWith('- intent: ')).length;
  const missing = diff.filter((line) => line.startsWith('- ')).length - wrongIntents;
  const texts = heard.filter(({ text }) => text);
  const transferred = heard.some(({ result }) => result.actions.some(({ type }) => type === 'transfer'));
  const [first, ...later] = texts;
  return {
    name: `${test.file}:${test.line}: ${test.name}`,
    answers: { part: Math.max(0, expected - missing), of: expected },
    intents: named === 0 ? null : { part: named - wrongIntents, of: named },
    understood: { part: texts.filter(({ result }) => !result.noMatch).length, of: texts.length },
    turns: texts.length,
    firstTurn:
      first !== undefined &&
      !first.result.noMatch &&
      !transferred &&
      later.every(({ result }) => CLOSING_INTENTS.has(result.parse?.intent.name ?? '')) &&
      asksNothing(first.result),
    transferred,
    responseMs: texts.map(({ ms }) => ms),
    given: heard.flatMap(({ result }) =>
      result.actions.flatMap((action) => (action.type === 'say' && action.response ? [action.response] : [])),
    ),
  };
}

/** Nothing is wanted of the caller but whether there is anything else. */
function asksNothing(result: TurnResult): boolean {
  const slot = result.actions.flatMap((action) => (action.type === 'expect' ? [action.expectation.slot] : [])).at(-1);
  return slot === undefined || slot === 'more_help';
}

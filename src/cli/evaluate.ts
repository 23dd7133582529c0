import { resolve } from 'node:path';
import { Command } from 'commander';
import { readRecord } from '../call/record.js';
import { type LoadedConfig, loadConfig } from '../config.js';
import { loadValidApplication } from '../dialogue/app/load.js';
import { HearkenError } from '../errors.js';
import { type Evaluation, evaluate, evaluationPage, evaluationTable } from '../replay/evaluate/evaluation.js';
import { judgeLog, responsesIn } from '../replay/evaluate/from-log.js';
import { judgeTests } from '../replay/evaluate/from-tests.js';
import { knownAnswers } from '../replay/evaluate/known-answers.js';
import { applicationFolder } from '../replay/pipeline/stage.js';
import { withCopiedLog } from './copied-log.js';
import { printReport, saveReport } from './replay/save.js';

interface EvaluateOptions {
  readonly log?: boolean;
  readonly data?: string;
  readonly from?: string;
  readonly to?: string;
  readonly channel?: string;
  readonly most: string;
  readonly minAnswers?: string;
  readonly minIntents?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly out?: string;
  readonly html?: string;
}

/** `hearken evaluate [application]`: how good the answers are, in the figures of the field's guides. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description(
      "judge answers: accuracy, knowledge use, completion with the first message, turns and response time, from an application's tests or from the log",
    )
    .argument('[folder]', 'the application whose conversation tests are run', 'apps/retail')
    .option('--log', 'judge the conversations of the log instead')
    .option('--data <folder>', 'with --log: the data folder (default: store.folder of the configuration)')
    .option('--from <time>', 'with --log: from then on, for instance 2026-11-01')
    .option('--to <time>', 'with --log: before then')
    .option('--channel <channel>', 'with --log: voice or text')
    .option('--most <n>', 'with --log: events that are read at most, newest first', '100000')
    .option('--min-answers <share>', 'exit with 1 when fewer answers are right (0 to 1)')
    .option('--min-intents <share>', 'exit with 1 when fewer intents are right (0 to 1)')
    .option('--config <file>', 'configuration to read')
    .option('--json', 'print the report as JSON')
    .option('--out <file>', 'write the report as JSON to a file')
    .option('--html <file>', 'write the report as a page in one file')
    .action(run);
}

async function run(folder: string, options: EvaluateOptions): Promise<void> {
  const gates = [
    ['answerAccuracy', shareOf('--min-answers', options.minAnswers)],
    ['intentAccuracy', shareOf('--min-intents', options.minIntents)],
  ] as const;
  const loaded = loadConfig(options.config === undefined ? {} : { file: options.config });
  const evaluation = options.log ? await fromLog(loaded, options) : await fromTests(folder, loaded);
  printReport(options.json ? `${JSON.stringify(evaluation, null, 2)}\n` : evaluationTable(evaluation));
  if (options.out !== undefined) saveReport(options.out, `${JSON.stringify(evaluation, null, 2)}\n`);
  if (options.html !== undefined) saveReport(options.html, evaluationPage(evaluation));
  for (const [key, least] of gates) {
    const figure = evaluation.figures.find((each) => each.key === key);
    if (least === undefined || (figure?.value && figure.value.value >= least)) continue;
    process.stderr.write(`not reached: ${figure?.label}: wanted at least ${least * 100} %\n`);
    process.exitCode = 1;
  }
}

async function fromTests(folder: string, { config, appEnvironment }: LoadedConfig): Promise<Evaluation> {
  const { conversations, heldOut } = await judgeTests(folder, config, appEnvironment);
  const { names } = knownAnswers(await loadValidApplication(folder, appEnvironment));
  return evaluate(`conversation tests of ${folder}`, conversations, {
    labelled: true,
    heldOut,
    answers: names,
    responseOf: 'understanding, dialogue and actions in this process, without hearing and speaking',
  });
}

async function fromLog({ config, root, appEnvironment }: LoadedConfig, options: EvaluateOptions): Promise<Evaluation> {
  const data = resolve(options.data ?? resolve(root, config.store.folder));
  // A log outlives its application: without it all other figures are still there.
  const answers = await loadValidApplication(applicationFolder(config, root), appEnvironment)
    .then(knownAnswers)
    .catch(() => undefined);
  const range = {
    fromMs: timeOf('--from', options.from),
    toMs: timeOf('--to', options.to),
    channel: options.channel,
    most: count(options.most),
  };
  return withCopiedLog(config.store, data, async (log) => {
    const judged = await judgeLog(log, {
      ...range,
      ...(answers === undefined ? {} : { answerOf: answers.nameOf }),
      responsesOf: async (id) => responsesIn((await readRecord(data, id).catch(() => undefined))?.events ?? []),
    });
    if (judged.length === 0)
      throw new HearkenError('NOT_FOUND', `There are no conversations in the log of ${data}.`, {
        hint: 'Name another --data folder or a longer time; without --log the conversation tests are judged.',
      });
    return evaluate(`log of ${data}`, judged, {
      labelled: false,
      answers: answers?.names ?? [],
      responseOf: 'calls with a record: from the last word to the first sound of the answer',
    });
  });
}

function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (!Number.isNaN(ms)) return ms;
  throw new HearkenError('REQUEST_INVALID', `${name} must be a time as 2026-11-01 or 2026-11-01T08:00, not "${text}".`);
}

function shareOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new HearkenError('REQUEST_INVALID', `${name} must be a share from 0 to 1, not "${text}".`);
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new HearkenError('REQUEST_INVALID', `--most must be a whole number, not "${text}".`);
}

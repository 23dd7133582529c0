import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { Command } from 'commander';
import { loadConfig } from '../config.js';
import { HearkenError, messageOf } from '../errors.js';
import { openSentenceEncoder } from '../nlu/encoder/onnx-encoder.js';
import { LIVE_FOLDER } from '../nlu/live/trial-file.js';
import type { TrainingReport } from '../nlu/train/report.js';
import { type TrainOptions, trainIntentModel } from '../nlu/train/trainer.js';
import { watchFiles } from './watched-files.js';

interface Flags {
  readonly data?: string[];
  readonly out?: string;
  readonly seed: string;
  readonly folds?: string;
  readonly noise: string;
  readonly net: boolean;
  readonly encoder?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

/** Where a running service keeps its models; `live` below it is where `hearken train` puts one and the service looks for a newer one. */
export function modelCacheFolder(): string {
  const { config, root } = loadConfig();
  return join(resolve(root, config.store.folder), 'nlu');
}

export function liveModelFolder(): string {
  return join(modelCacheFolder(), LIVE_FOLDER);
}

/** `hearken train [app] | --data … --out …` */
export function trainCommand(): Command {
  return new Command('train')
    .description('train the understanding of an application (or of any data set) into a model folder')
    .argument('[app]', 'application folder with Rasa nlu files, e.g. apps/retail')
    .option(
      '--data <path...>',
      'files or folders instead of an application: Rasa YAML, TSV (text<TAB>intent), CSV, JSON lines',
    )
    .option('--out <folder>', 'where the model goes (default: where the running service takes it from)')
    .option('--seed <number>', 'the same data and seed give the same model', '1')
    .option('--folds <number>', 'cross-validation folds (default: 3, or 5 for small data)')
    .option('--noise <share>', 'share of extra utterances with recogniser-like errors, 0 to 1', '0')
    .option('--no-net', 'only the linear model, without the small net beside it')
    .option(
      '--encoder <folder>',
      'sentence encoder (model.onnx and tokenizer.json) whose embedding joins the features (default: nlu.encoder)',
    )
    .option(
      '--watch',
      'stay, and train again whenever the data changes; a running service takes the new model between two turns',
    )
    .option('--json', 'print the report as JSON')
    .action(async (app: string | undefined, flags: Flags) => {
      const paths = flags.data ?? [app ?? loadConfig().config.app.folder];
      await trainOnce(paths, flags);
      if (flags.watch) await watchAndTrain(paths, flags);
    });
}

async function trainOnce(paths: readonly string[], flags: Flags): Promise<void> {
  const out = flags.out ?? liveModelFolder();
  const encoderFolder = flags.encoder ?? configuredEncoder();
  const encoder = encoderFolder === undefined ? undefined : await openSentenceEncoder(encoderFolder);
  const bar = flags.json
    ? undefined
    : new SingleBar({
        format: 'training [{bar}] {percentage}% {step}',
        barsize: 30,
        hideCursor: true,
        clearOnComplete: true,
      });
  const startedMs = performance.now();
  try {
    bar?.start(1000, 0, { step: 'reading' });
    const options: TrainOptions = {
      data: paths,
      out,
      seed: numberOf('--seed', flags.seed),
      net: flags.net,
      noiseShare: numberOf('--noise', flags.noise),
      ...(flags.folds === undefined ? {} : { folds: numberOf('--folds', flags.folds) }),
      ...(encoder === undefined ? {} : { encoder }),
      onProgress: (share, step) => bar?.update(Math.round(share * 1000), { step }),
    };
    const { manifest, report } = await trainIntentModel(options);
    bar?.stop();
    const seconds = (performance.now() - startedMs) / 1000;
    if (flags.json) console.log(JSON.stringify({ out, name: manifest.name, seconds, report }));
    else printReport(report, out, manifest.name, seconds);
  } finally {
    bar?.stop();
    await encoder?.close();
  }
}

/** The running service's encoder, so that a model trained for it is of its kind. */
function configuredEncoder(): string | undefined {
  const { config, root } = loadConfig();
  return config.nlu.encoder === undefined ? undefined : resolve(root, config.nlu.encoder);
}

function numberOf(flag: string, value: string): number {
  const number = Number(value);
  if (Number.isFinite(number)) return number;
  throw new HearkenError('REQUEST_INVALID', `${flag} ${value} is not a number`);
}

/** Ends on SIGINT or SIGTERM. A failure of one training is told and the watch goes on. */
async function watchAndTrain(paths: readonly string[], flags: Flags): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const train = () =>
    trainOnce(paths, flags).catch((error: unknown) =>
      console.error(`not trained, the old model stays: ${messageOf(error)}`),
    );
  await watchFiles(paths, {
    onChange: train,
    onReady: () => console.error(`watching ${paths.join(', ')}; Ctrl-C ends`),
    signal: stop.signal,
  });
}

const percent = (share: number | undefined) => (share === undefined ? '–' : `${(share * 100).toFixed(1)} %`);

function printReport(report: TrainingReport, out: string, name: string, seconds: number): void {
  const intents = new Table({ head: ['intent', 'examples', 'precision', 'recall'], style: { head: [] } });
  for (const row of report.intents)
    intents.push([row.intent, row.examples, percent(row.precision), percent(row.recall)]);
  console.log(intents.toString());
  if (report.confusions.length > 0) {
    const confusions = new Table({ head: ['said', 'understood as', 'times', 'for instance'], style: { head: [] } });
    for (const row of report.confusions) confusions.push([row.said, row.heard, row.count, row.example]);
    console.log(`Confusions that hurt most\n${confusions.toString()}`);
  }
  if (report.suspects.length > 0) {
    const suspects = new Table({ head: ['example', 'labelled', 'looks like', 'sure', 'where'], style: { head: [] } });
    for (const row of report.suspects)
      suspects.push([row.text, row.labelled, row.looksLike, percent(row.confidence), `${row.file}:${row.line}`]);
    console.log(`Examples that look mislabelled\n${suspects.toString()}`);
  }
  for (const warning of report.warnings) console.log(`warning: ${warning}`);
  console.log(
    `held out: ${percent(report.accuracy)} right, macro F1 ${percent(report.macroF1)}, calibration error ${percent(report.calibrationError)}; ` +
      `with the threshold ${percent(report.accuracyAtThreshold)} right, out of scope caught ${percent(report.outOfScopeRecall)}, ` +
      `unknown intents caught ${percent(report.unknownIntentRecall)}`,
  );
  console.log(`model ${name} of ${report.examples} examples in ${out}, ${seconds.toFixed(1)} s`);
}

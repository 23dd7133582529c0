import Table from 'cli-table3';
import { Command } from 'commander';
import { loadTrainingData } from '../nlu/corpus/load.js';
import { openSentenceEncoder } from '../nlu/encoder/onnx-encoder.js';
import { type Evaluation, evaluate } from '../nlu/evaluate.js';
import { endTrial, readTrial, writeTrial } from '../nlu/live/trial-file.js';
import { loadIntentModel, type OnnxIntentModel } from '../nlu/model/onnx-intent-model.js';
import { liveModelFolder, modelCacheFolder } from './train.js';

interface Flags {
  readonly model?: string;
  readonly encoder?: string;
  readonly json?: boolean;
  readonly slot?: string;
}

/** `hearken nlu eval|parse` */
export function nluCommand(): Command {
  const command = new Command('nlu').description('measure and try the understanding');
  command
    .command('eval')
    .description(
      'measure a model on test data: Rasa YAML, TSV (text<TAB>intent), CSV, JSON lines or token files with BIO tags',
    )
    .argument('<data...>', 'files or folders')
    .option('--model <folder>', 'model folder (default: the one trained last for the running service)')
    .option('--encoder <folder>', 'sentence encoder the model was trained with')
    .option('--json', 'print JSON')
    .action(async (paths: string[], flags: Flags) => {
      const { data } = await loadTrainingData(paths);
      await withModel(flags, async (model) => {
        const result = await evaluate(model, data);
        console.log(flags.json ? JSON.stringify(result) : table(result));
      });
    });
  command
    .command('parse')
    .description('show what is understood of one utterance')
    .argument('<text>')
    .option('--model <folder>', 'model folder (default: the one trained last for the running service)')
    .option('--encoder <folder>', 'sentence encoder the model was trained with')
    .option('--slot <name>', 'the slot that is being asked for')
    .action(async (text: string, flags: Flags) => {
      await withModel(flags, async (model) => {
        const options = flags.slot === undefined ? {} : { expectedSlot: flags.slot };
        console.log(JSON.stringify(await model.parse(text, options), null, 2));
      });
    });
  command
    .command('trial')
    .description('let a second model answer a share of the conversations of the running service')
    .option('--model <folder>', 'the second model')
    .option('--share <number>', 'share of the conversations, 0 to 1', '0.1')
    .option('--adopt', 'end the trial: the second model answers everybody from now on')
    .option('--drop', 'end the trial: the second model goes')
    .action(async (flags: { model?: string; share: string; adopt?: boolean; drop?: boolean }) => {
      const cache = modelCacheFolder();
      if (flags.adopt || flags.drop) await endTrial(cache, flags.adopt ? 'adopt' : 'drop');
      else if (flags.model !== undefined) await writeTrial(cache, { folder: flags.model, share: Number(flags.share) });
      const trial = await readTrial(cache);
      console.log(
        trial ? `${trial.folder} answers ${trial.share * 100} % of the conversations` : 'no model is on trial',
      );
    });
  return command;
}

async function withModel(flags: Flags, work: (model: OnnxIntentModel) => Promise<void>): Promise<void> {
  const encoder = flags.encoder === undefined ? undefined : await openSentenceEncoder(flags.encoder);
  try {
    const model = await loadIntentModel(flags.model ?? liveModelFolder(), encoder === undefined ? {} : { encoder });
    try {
      await work(model);
    } finally {
      await model.close();
    }
  } finally {
    await encoder?.close();
  }
}

const percent = (share: number) => `${(share * 100).toFixed(2)} %`;

function table(result: Evaluation): string {
  const rows = new Table({ style: { head: [] } });
  rows.push(['model', result.model], ['utterances', result.utterances]);
  rows.push(['accuracy in scope (best intent)', percent(result.accuracyArgmax)]);
  rows.push(['accuracy in scope (with threshold)', percent(result.accuracy)]);
  rows.push(['macro F1', percent(result.macroF1)], ['calibration error', percent(result.calibrationError)]);
  if (result.outOfScope) {
    rows.push(['out-of-scope recall', percent(result.outOfScope.recall)]);
    rows.push(['out-of-scope precision', percent(result.outOfScope.precision)]);
  }
  if (result.entities) {
    rows.push(
      ['entities precision', percent(result.entities.precision)],
      ['entities recall', percent(result.entities.recall)],
    );
    rows.push(['entities F1', percent(result.entities.f1)]);
  }
  rows.push(
    ['parse p50', `${result.latency.p50Ms.toFixed(3)} ms`],
    ['parse p99', `${result.latency.p99Ms.toFixed(3)} ms`],
  );
  return rows.toString();
}

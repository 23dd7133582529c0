import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Table from 'cli-table3';
import { loadTrainingData } from '../src/nlu/corpus/load.js';
import type { TrainingData } from '../src/nlu/corpus/training-data.js';
import { evaluate, SpanCounter } from '../src/nlu/evaluate.js';
import { loadIntentModel } from '../src/nlu/model/onnx-intent-model.js';
import { seededRandom } from '../src/nlu/random.js';
import { Tagger } from '../src/nlu/tagger/tagger.js';
import { trainTagger } from '../src/nlu/tagger/train.js';
import { garble } from '../src/nlu/train/noise.js';
import { trainIntentModel } from '../src/nlu/train/trainer.js';
import { nodeNlpAccuracy } from './nlu-node-nlp.js';
import type { ParseTimes } from './nlu-parse.js';

/**
 * What the understanding reaches on public data, beside node-nlp. `npm run -s bench:nlu -- --json` prints one JSON document.
 * `--only banking77,snips` runs a part. The data sets are not ours to ship: they are read from HEARKEN_DATASETS or ../shared/datasets, and what
 * is absent is null in the document and said on stderr.
 */

const SEED = 1;
const root = process.env.HEARKEN_DATASETS ?? join(import.meta.dirname, '../../shared/datasets');
const only = optionValue('--only')?.split(',');
const percent = (share: number) => Math.round(share * 10_000) / 100;
const round = (value: number) => Math.round(value * 1000) / 1000;
const latencies: ParseTimes[] = [];
let trainSeconds: number | null = null;
let trainCpuSeconds: number | null = null;
/** Processor time of the last training: on a busy machine the clock says little. */
let lastCpuSeconds = 0;

function optionValue(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** Runs one part when its data is there and it was asked for; null otherwise. */
async function part<T>(
  name: string,
  folder: string,
  work: (file: (name: string) => string) => Promise<T>,
): Promise<T | null> {
  if (only && !only.includes(name)) return null;
  const path = join(root, folder);
  if (!existsSync(path)) {
    console.error(`${name}: no data in ${path}; set HEARKEN_DATASETS`);
    return null;
  }
  const startedMs = performance.now();
  const result = await work((file) => join(path, file));
  console.error(`${name}: ${JSON.stringify(result)} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`);
  return result;
}

async function withTrained<T>(
  paths: readonly string[],
  work: (model: Awaited<ReturnType<typeof loadIntentModel>>, seconds: number, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'hearken-bench-'));
  try {
    const data = await loadTrainingData(paths);
    const startedMs = performance.now();
    const cpu = process.cpuUsage();
    await trainIntentModel({ data, out: join(folder, 'model'), seed: SEED });
    const seconds = (performance.now() - startedMs) / 1000;
    lastCpuSeconds = round(process.cpuUsage(cpu).user / 1e6);
    const model = await loadIntentModel(join(folder, 'model'));
    try {
      return await work(model, seconds, join(folder, 'model'));
    } finally {
      await model.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const read = async (...paths: string[]): Promise<TrainingData> => (await loadTrainingData(paths)).data;

async function intentAccuracy(train: string, test: string): Promise<{ accuracy: number; seconds: number }> {
  return withTrained([train], async (model, seconds, folder) => {
    const result = await evaluate(model, await read(test));
    latencies.push(await parseTimes(folder, test));
    return { accuracy: percent(result.accuracyArgmax), seconds: round(seconds) };
  });
}

/** Measured in a process of its own: in this one the heap is full of training. */
async function parseTimes(model: string, ...data: string[]): Promise<ParseTimes> {
  const script = join(import.meta.dirname, 'nlu-parse.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, script, model, ...data]);
  return JSON.parse(stdout) as ParseTimes;
}

async function slotF1(train: readonly string[], test: string): Promise<{ slotF1: number }> {
  const tagger = trainTagger(await read(...train), { seed: SEED, everything: true });
  if (!tagger) throw new Error(`${train.join(', ')} has no annotated entities`);
  const runner = new Tagger(tagger);
  const counter = new SpanCounter();
  for (const example of (await read(test)).examples) counter.add(example.entities, runner.tag(example.text));
  return { slotF1: percent(counter.scores().f1) };
}

const banking77 = await part('banking77', 'banking77', async (file) => {
  const { accuracy, seconds } = await intentAccuracy(file('train.csv'), file('test.csv'));
  trainSeconds = seconds;
  trainCpuSeconds = lastCpuSeconds;
  return { accuracy };
});
const hwu64 = await part('hwu64', 'hwu64', async (file) => ({
  accuracy: (await intentAccuracy(file('train.tsv'), file('test.tsv'))).accuracy,
}));
const clinc150 = await part('clinc150', 'clinc150', (file) =>
  withTrained([file('train.tsv'), file('oos_train.tsv')], async (model, _seconds, folder) => {
    const result = await evaluate(model, await read(file('valid.tsv'), file('oos_valid.tsv')));
    latencies.push(await parseTimes(folder, file('valid.tsv')));
    return {
      inScopeArgmax: percent(result.accuracyArgmax),
      inScope: percent(result.accuracy),
      oosRecall: percent(result.outOfScope?.recall ?? 0),
    };
  }),
);
const smp2017 = await part('smp2017', 'smp2017-ecdt', (file) =>
  withTrained([file('train.tsv')], async (model) => {
    const data = await read(file('valid.tsv'));
    const random = seededRandom(SEED);
    const noisy = { ...data, examples: data.examples.map((row) => ({ ...row, text: garble(row.text, 0.2, random) })) };
    return {
      accuracy: percent((await evaluate(model, data)).accuracyArgmax),
      noisyAccuracy: percent((await evaluate(model, noisy)).accuracyArgmax),
    };
  }),
);
const snips = await part('snips', 'snips', (file) => slotF1([file('train.tsv.gz')], file('test.tsv')));
// The original training set of ATIS (4978 utterances) is what others split into train and valid: both are trained on.
const atis = await part('atis', 'atis', (file) => slotF1([file('train.tsv.gz'), file('valid.tsv')], file('test.tsv')));
const nodeNlp = {
  banking77: await part('nodeNlp.banking77', 'banking77', async (file) =>
    nodeNlpAccuracy(await read(file('train.csv')), await read(file('test.csv'))),
  ),
  hwu64: await part('nodeNlp.hwu64', 'hwu64', async (file) =>
    nodeNlpAccuracy(await read(file('train.tsv')), await read(file('test.tsv'))),
  ),
};

const document = {
  banking77,
  hwu64,
  clinc150,
  smp2017,
  snips,
  atis,
  train: { banking77Seconds: trainSeconds, banking77CpuSeconds: trainCpuSeconds },
  // The slowest of the data sets; see nlu-parse.ts for how it is measured.
  parse: {
    p50Ms: latencies.length === 0 ? null : Math.max(...latencies.map((row) => row.p50Ms)),
    p99Ms: latencies.length === 0 ? null : Math.max(...latencies.map((row) => row.p99Ms)),
    cpuMeanMs: latencies.length === 0 ? null : Math.max(...latencies.map((row) => row.cpuMeanMs)),
    roundsP99Ms: latencies.map((row) => row.roundsP99Ms),
  },
  nodeNlp,
};

if (process.argv.includes('--json')) console.log(JSON.stringify(document));
else {
  const table = new Table({ head: ['what', 'figure'], style: { head: [] } });
  for (const [name, value] of Object.entries(document)) table.push([name, JSON.stringify(value)]);
  console.log(table.toString());
}

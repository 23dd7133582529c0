import { loadTrainingData } from '../src/nlu/corpus/load.js';
import { loadIntentModel } from '../src/nlu/model/onnx-intent-model.js';

/**
 * How long one parse takes (intent, entities, sentiment, everything a turn gets), in a process that does nothing else, as a service's does between turns:
 * `tsx bench/nlu-parse.ts <model folder> <test data>`. All utterances are parsed once to warm up; then in ROUNDS rounds, each giving a median and a
 * 99th percentile, of which the medians over the rounds are printed as JSON: one stall of a busy machine then spoils one round, not the figure.
 */

const ROUNDS = 7;

export interface ParseTimes {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** 99th percentile of each round. */
  readonly roundsP99Ms: readonly number[];
  /** Processor time of one parse, all threads: what a busy machine can't blur. */
  readonly cpuMeanMs: number;
}

const [folder = '', ...paths] = process.argv.slice(2);
const model = await loadIntentModel(folder);
const texts = (await loadTrainingData(paths)).data.examples.map((example) => example.text);
for (const text of texts) await model.parse(text);

const round = (value: number) => Math.round(value * 1000) / 1000;
const at = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
const median = (values: readonly number[]) =>
  round(
    at(
      [...values].sort((a, b) => a - b),
      0.5,
    ),
  );
const p50s: number[] = [];
const p99s: number[] = [];
const cpu = process.cpuUsage();
for (let turn = 0; turn < ROUNDS; turn++) {
  const times: number[] = [];
  for (const text of texts) {
    const startedMs = performance.now();
    await model.parse(text);
    times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  p50s.push(at(times, 0.5));
  p99s.push(at(times, 0.99));
}
const { user, system } = process.cpuUsage(cpu);
await model.close();
const result: ParseTimes = {
  p50Ms: median(p50s),
  p99Ms: median(p99s),
  roundsP99Ms: p99s.map(round),
  cpuMeanMs: round((user + system) / 1000 / (texts.length * ROUNDS)),
};
console.log(JSON.stringify(result));

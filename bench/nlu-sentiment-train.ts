import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { seededRandom, shuffle } from '../src/nlu/random.js';
import { sentimentFeatures } from '../src/nlu/sentiment/features.js';
import { stackRows, trainSvm } from '../src/nlu/train/svm.js';

/**
 * Makes src/nlu/sentiment/zh-weights.ts from the Chinese review sets (takeaway, hotels, ten kinds of goods; HEARKEN_DATASETS or
 * ../shared/datasets, `zh-sentiment`): a linear SVM on character 1- and 2-grams, cut down to the features that matter. The reviews themselves are not
 * shipped. Prints accuracy on a tenth that was held out. Run: npx tsx bench/nlu-sentiment-train.ts
 */

const KEEP = 5000;
const MAX_CHARS = 80;
const PER_SET = 12_000;
const SEED = 1;
const root = join(process.env.HEARKEN_DATASETS ?? join(import.meta.dirname, '../../shared/datasets'), 'zh-sentiment');

interface Review {
  readonly text: string;
  readonly good: boolean;
}

function parse(csv: string, labelFirst: (cells: string[]) => [string | undefined, string | undefined]): Review[] {
  return csv
    .split(/\r?\n/)
    .slice(1)
    .flatMap((line) => {
      const [label, text] = labelFirst(line.split(','));
      if ((label !== '0' && label !== '1') || !text || text.length < 4) return [];
      return [{ text: text.replaceAll('"', '').slice(0, MAX_CHARS), good: label === '1' }];
    });
}

/** The only entry of a zip archive (PKWARE APPNOTE 4.3.7: local file header of 30 bytes, name, extra, data). */
function unzipSingle(bytes: Buffer): string {
  const nameLength = bytes.readUInt16LE(26);
  const extraLength = bytes.readUInt16LE(28);
  return inflateRawSync(bytes.subarray(30 + nameLength + extraLength), { finishFlush: 2 }).toString('utf8');
}

const twoColumns = (cells: string[]): [string | undefined, string | undefined] => [cells[0], cells.slice(1).join(',')];
const sets = [
  parse(gunzipSync(readFileSync(join(root, 'waimai_10k.csv.gz'))).toString('utf8'), twoColumns),
  parse(gunzipSync(readFileSync(join(root, 'ChnSentiCorp_htl_all.csv.gz'))).toString('utf8'), twoColumns),
  parse(unzipSingle(readFileSync(join(root, 'online_shopping_10_cats.zip'))), (cells) => [
    cells[1],
    cells.slice(2).join(','),
  ]),
];
const random = seededRandom(SEED);
const reviews = sets.flatMap((set) => {
  const order = Array.from({ length: set.length }, (_, index) => index);
  shuffle(order, random);
  return order.slice(0, PER_SET).map((index) => set[index] as Review);
});
const order = Array.from({ length: reviews.length }, (_, index) => index);
shuffle(order, random);
const held = new Set(order.slice(0, Math.floor(order.length / 10)));
const training = reviews.filter((_, index) => !held.has(index));
const test = reviews.filter((_, index) => held.has(index));

/** Balanced by cost: good and bad weigh the same. */
function train(features: readonly string[]): { weights: Float32Array; bias: number } {
  const ids = new Map(features.map((feature, index) => [feature, index]));
  const rows = training.map((review) => vector(review.text, ids));
  const good = training.filter((review) => review.good).length;
  const balance = Float32Array.from(
    training,
    (review) => training.length / 2 / (review.good ? good : training.length - good),
  );
  const labels = Int32Array.from(training, (review) => (review.good ? 0 : 1));
  const model = trainSvm(
    stackRows(rows, features.length),
    labels,
    1,
    { cost: 0.1, positiveWeight: 1, maxEpochs: 20, tolerance: 0.1, seed: SEED },
    balance,
  );
  return { weights: model.weights, bias: model.bias[0] ?? 0 };
}

function vector(text: string, ids: ReadonlyMap<string, number>) {
  const own = new Set<number>();
  for (const feature of sentimentFeatures(text)) {
    const id = ids.get(feature);
    if (id !== undefined) own.add(id);
  }
  const scale = 1 / Math.sqrt(Math.max(1, own.size));
  return { ids: Int32Array.from(own), values: new Float32Array(own.size).fill(scale) };
}

const counts = new Map<string, number>();
for (const review of training)
  for (const feature of new Set(sentimentFeatures(review.text))) counts.set(feature, (counts.get(feature) ?? 0) + 1);
const all = [...counts].filter(([, count]) => count >= 8).map(([feature]) => feature);
const first = train(all);
const ranked = all
  .map((feature, index) => ({
    feature,
    weight: Math.abs(first.weights[index] ?? 0) * Math.sqrt(counts.get(feature) ?? 0),
  }))
  .sort((a, b) => b.weight - a.weight)
  .slice(0, KEEP)
  .map(({ feature }) => feature)
  .sort();
const final = train(ranked);
const largest = Math.max(...final.weights.map(Math.abs));
const quantized = Array.from(final.weights, (weight) => Math.round((weight / largest) * 127));
let right = 0;
let balanced = 0;
const ids = new Map(ranked.map((feature, index) => [feature, index]));
const goodCount = test.filter((review) => review.good).length;
for (const review of test) {
  const { ids: own, values } = vector(review.text, ids);
  let sum = final.bias;
  own.forEach((id, index) => {
    sum += ((quantized[id] ?? 0) / 127) * largest * (values[index] ?? 0);
  });
  if (sum > 0 !== review.good) continue;
  right++;
  balanced += 0.5 / (review.good ? goodCount : test.length - goodCount);
}
const accuracy = (100 * right) / test.length;
console.log(
  JSON.stringify({
    reviews: reviews.length,
    features: ranked.length,
    accuracy: Number(accuracy.toFixed(2)),
    balancedAccuracy: Number((balanced * 100).toFixed(2)),
  }),
);
const packed = ranked
  .flatMap((feature, index) => (quantized[index] === 0 ? [] : [`${feature}${quantized[index]}`]))
  .join(' ');
writeFileSync(
  join(import.meta.dirname, '../src/nlu/sentiment/zh-weights.ts'),
  `/**
 * Weights of Chinese character n-grams for sentiment, int8, made by bench/nlu-sentiment-train.ts from public reviews (waimai_10k,
 * ChnSentiCorp_htl_all, online_shopping_10_cats of the ChineseNlpCorpus collection). ${accuracy.toFixed(1)} % right on reviews held out.
 */
export const ZH_SENTIMENT_BIAS = ${final.bias.toFixed(4)};
export const ZH_SENTIMENT_SCALE = ${(largest / 127).toFixed(6)};
export const ZH_SENTIMENT_WEIGHTS =
  '${packed}';
`,
);

import type { SparseVector } from '../features/vectorizer.js';
import { seededRandom, shuffle } from '../random.js';
import type { SparseMatrix } from './svm.js';

export interface MlpOptions {
  /** Width of the hidden layer. */
  readonly hidden: number;
  readonly epochs: number;
  /** AdaGrad's first step. */
  readonly learningRate: number;
  /** Share of input features left out at each step. */
  readonly inputDropout: number;
  /** Share of hidden units left out at each step. */
  readonly hiddenDropout: number;
  readonly labelSmoothing: number;
  readonly seed: number;
}

export const DEFAULT_MLP: MlpOptions = {
  hidden: 64,
  epochs: 10,
  learningRate: 0.08,
  inputDropout: 0.5,
  hiddenDropout: 0.3,
  labelSmoothing: 0,
  seed: 1,
};

/** One hidden layer over sparse input: `softmax(V · relu(E^T x + b) + c)`. `embedding` is feature-major, `output` label-major. */
export interface MlpModel {
  readonly hidden: number;
  readonly labels: number;
  readonly columns: number;
  readonly embedding: Float32Array;
  readonly hiddenBias: Float32Array;
  readonly output: Float32Array;
  readonly outputBias: Float32Array;
}

/** Trains by AdaGrad, one example a step, one squared-gradient sum for each feature's row. */
export function trainMlp(
  matrix: SparseMatrix,
  labels: Int32Array,
  labelCount: number,
  options: MlpOptions,
  onEpoch?: (done: number) => void,
): MlpModel {
  const { hidden: H, inputDropout } = options;
  const random = seededRandom(options.seed);
  const embedding = Float32Array.from({ length: matrix.columns * H }, () => (random() - 0.5) * 0.4);
  const output = Float32Array.from({ length: labelCount * H }, () => (random() - 0.5) * (2 / Math.sqrt(H)));
  const hiddenBias = new Float32Array(H).fill(0.05);
  const outputBias = new Float32Array(labelCount);
  const rowSums = new Float32Array(matrix.columns).fill(1e-3);
  const outputSums = new Float32Array(labelCount).fill(1e-2);
  const biasSums = new Float32Array(H).fill(1e-2);
  const order = Int32Array.from({ length: matrix.rows }, (_, row) => row);
  const h = new Float32Array(H);
  const dh = new Float32Array(H);
  const probabilities = new Float32Array(labelCount);
  const kept = new Int32Array(4096);
  const { offsets, ids, values } = matrix;
  const inputScale = 1 / (1 - inputDropout);
  const hiddenScale = 1 / (1 - options.hiddenDropout);
  const low = options.labelSmoothing / labelCount;
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(order, random);
    const rate = options.learningRate * (1 - (0.9 * epoch) / options.epochs);
    for (let position = 0; position < matrix.rows; position++) {
      const row = order[position] as number;
      const begin = offsets[row] as number;
      const end = Math.min(offsets[row + 1] as number, begin + kept.length);
      h.set(hiddenBias);
      let keptCount = 0;
      for (let at = begin; at < end; at++) {
        if (inputDropout > 0 && random() < inputDropout) continue;
        kept[keptCount++] = at;
        const value = (values[at] as number) * inputScale;
        const base = (ids[at] as number) * H;
        for (let unit = 0; unit < H; unit++) h[unit] = (h[unit] as number) + value * (embedding[base + unit] as number);
      }
      for (let unit = 0; unit < H; unit++) {
        const on = (h[unit] as number) > 0 && (options.hiddenDropout === 0 || random() >= options.hiddenDropout);
        h[unit] = on ? (h[unit] as number) * hiddenScale : 0;
      }
      let max = Number.NEGATIVE_INFINITY;
      for (let label = 0; label < labelCount; label++) {
        let sum = outputBias[label] as number;
        const base = label * H;
        for (let unit = 0; unit < H; unit++) sum += (output[base + unit] as number) * (h[unit] as number);
        probabilities[label] = sum;
        if (sum > max) max = sum;
      }
      let total = 0;
      for (let label = 0; label < labelCount; label++) {
        const e = Math.exp((probabilities[label] as number) - max);
        probabilities[label] = e;
        total += e;
      }
      dh.fill(0);
      const target = labels[row] as number;
      let hiddenNorm = 0;
      for (let unit = 0; unit < H; unit++) hiddenNorm += (h[unit] as number) ** 2;
      for (let label = 0; label < labelCount; label++) {
        const wanted = low + (label === target ? 1 - options.labelSmoothing : 0);
        const gradient = (probabilities[label] as number) / total - wanted;
        if (Math.abs(gradient) < 1e-4) continue;
        const base = label * H;
        const sum = (outputSums[label] as number) + gradient * gradient * ((hiddenNorm + 1) / (H + 1));
        outputSums[label] = sum;
        const step = (rate * gradient) / Math.sqrt(sum);
        for (let unit = 0; unit < H; unit++) {
          dh[unit] = (dh[unit] as number) + gradient * (output[base + unit] as number);
          output[base + unit] = (output[base + unit] as number) - step * (h[unit] as number);
        }
        outputBias[label] = (outputBias[label] as number) - step;
      }
      let norm = 0;
      for (let unit = 0; unit < H; unit++) {
        const gradient = (h[unit] as number) > 0 ? (dh[unit] as number) * hiddenScale : 0;
        dh[unit] = gradient;
        norm += gradient * gradient;
        if (gradient !== 0) {
          const sum = (biasSums[unit] as number) + gradient * gradient;
          biasSums[unit] = sum;
          hiddenBias[unit] = (hiddenBias[unit] as number) - (rate * gradient) / Math.sqrt(sum) / 4;
        }
      }
      norm /= H;
      for (let index = 0; index < keptCount; index++) {
        const at = kept[index] as number;
        const id = ids[at] as number;
        const value = (values[at] as number) * inputScale;
        const sum = (rowSums[id] as number) + norm * value * value;
        rowSums[id] = sum;
        const step = (rate * value) / Math.sqrt(sum);
        const base = id * H;
        for (let unit = 0; unit < H; unit++)
          embedding[base + unit] = (embedding[base + unit] as number) - step * (dh[unit] as number);
      }
    }
    onEpoch?.(epoch + 1);
  }
  return { hidden: H, labels: labelCount, columns: matrix.columns, embedding, hiddenBias, output, outputBias };
}

/** Logits of one utterance. */
export function mlpScores(model: MlpModel, vector: SparseVector): Float32Array {
  const h = Float32Array.from(model.hiddenBias);
  for (let at = 0; at < vector.ids.length; at++) {
    const base = (vector.ids[at] as number) * model.hidden;
    const value = vector.values[at] as number;
    for (let unit = 0; unit < model.hidden; unit++)
      h[unit] = (h[unit] as number) + value * (model.embedding[base + unit] as number);
  }
  const scores = new Float32Array(model.labels);
  for (let label = 0; label < model.labels; label++) {
    let sum = model.outputBias[label] as number;
    for (let unit = 0; unit < model.hidden; unit++)
      sum += Math.max(0, h[unit] as number) * (model.output[label * model.hidden + unit] as number);
    scores[label] = sum;
  }
  return scores;
}

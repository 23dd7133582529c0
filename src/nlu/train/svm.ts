import type { SparseVector } from '../features/vectorizer.js';
import { seededRandom, shuffle } from '../random.js';

export interface SvmOptions {
  /** Cost of a mistake. */
  readonly cost: number;
  /** More weight for positives: 1 = none; the cost of positives is multiplied by it. */
  readonly positiveWeight: number;
  readonly maxEpochs: number;
  /** Stop when the largest projected gradient is below. */
  readonly tolerance: number;
  readonly seed: number;
}

export const DEFAULT_SVM: SvmOptions = { cost: 1, positiveWeight: 1, maxEpochs: 30, tolerance: 0.1, seed: 1 };

/** Examples in one block: row `i` is `ids[offsets[i] .. offsets[i+1])`. */
export interface SparseMatrix {
  readonly offsets: Int32Array;
  readonly ids: Int32Array;
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export function stackRows(vectors: readonly SparseVector[], columns: number): SparseMatrix {
  const total = vectors.reduce((sum, vector) => sum + vector.ids.length, 0);
  const offsets = new Int32Array(vectors.length + 1);
  const ids = new Int32Array(total);
  const values = new Float32Array(total);
  let at = 0;
  vectors.forEach((vector, row) => {
    ids.set(vector.ids, at);
    values.set(vector.values, at);
    at += vector.ids.length;
    offsets[row + 1] = at;
  });
  return { offsets, ids, values, rows: vectors.length, columns };
}

/** One linear classifier a label. `weights` is label-major: label `l` has `weights[l * columns ..]`. */
export interface LinearModel {
  readonly labels: number;
  readonly columns: number;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

/**
 * One-vs-rest L2-regularised squared-hinge SVM by dual coordinate descent with shrinking (Hsieh et al., ICML 2008, algorithm 3).
 * `rowWeights` scales the cost of each example. Calls `onLabel` after each label.
 */
export function trainSvm(
  matrix: SparseMatrix,
  labels: Int32Array,
  labelCount: number,
  options: SvmOptions,
  rowWeights?: Float32Array,
  onLabel?: (done: number) => void,
): LinearModel {
  const weights = new Float32Array(labelCount * matrix.columns);
  const bias = new Float32Array(labelCount);
  const squares = new Float64Array(matrix.rows);
  for (let row = 0; row < matrix.rows; row++) {
    let sum = 1; // the bias is a feature of value 1
    for (let at = matrix.offsets[row] ?? 0; at < (matrix.offsets[row + 1] ?? 0); at++)
      sum += (matrix.values[at] ?? 0) ** 2;
    squares[row] = sum;
  }
  for (let label = 0; label < labelCount; label++) {
    const own = weights.subarray(label * matrix.columns, (label + 1) * matrix.columns);
    bias[label] = solveBinary(matrix, labels, label, own, squares, options, rowWeights);
    onLabel?.(label + 1);
  }
  return { labels: labelCount, columns: matrix.columns, weights, bias };
}

function solveBinary(
  matrix: SparseMatrix,
  labels: Int32Array,
  label: number,
  w: Float32Array,
  squares: Float64Array,
  options: SvmOptions,
  rowWeights: Float32Array | undefined,
): number {
  const { offsets, ids, values, rows } = matrix;
  const random = seededRandom(options.seed * 7919 + label);
  const alpha = new Float64Array(rows);
  const sign = new Int8Array(rows);
  const diagonal = new Float64Array(rows);
  const order = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const positive = labels[row] === label;
    sign[row] = positive ? 1 : -1;
    diagonal[row] = 0.5 / (options.cost * (rowWeights?.[row] ?? 1) * (positive ? options.positiveWeight : 1));
    order[row] = row;
  }
  let bias = 0;
  let active = rows;
  let previousMax = Number.POSITIVE_INFINITY;
  for (let epoch = 0; epoch < options.maxEpochs; epoch++) {
    shuffle(order, random, active);
    let largest = Number.NEGATIVE_INFINITY;
    let smallest = Number.POSITIVE_INFINITY;
    for (let position = 0; position < active; position++) {
      const row = order[position] as number;
      const y = sign[row] as number;
      const begin = offsets[row] as number;
      const end = offsets[row + 1] as number;
      let dot = bias;
      for (let at = begin; at < end; at++) dot += (w[ids[at] as number] as number) * (values[at] as number);
      const old = alpha[row] as number;
      const gradient = y * dot - 1 + old * (diagonal[row] as number);
      let projected = gradient;
      if (old === 0) {
        if (gradient > previousMax) {
          active--;
          order[position] = order[active] as number;
          order[active] = row;
          position--;
          continue;
        }
        projected = Math.min(gradient, 0);
      }
      if (projected > largest) largest = projected;
      if (projected < smallest) smallest = projected;
      if (Math.abs(projected) < 1e-12) continue;
      const next = Math.max(old - gradient / ((squares[row] as number) + (diagonal[row] as number)), 0);
      const step = (next - old) * y;
      alpha[row] = next;
      bias += step;
      for (let at = begin; at < end; at++) {
        const id = ids[at] as number;
        w[id] = (w[id] as number) + step * (values[at] as number);
      }
    }
    if (largest - smallest <= options.tolerance) {
      if (active === rows) break;
      // Everything that was put aside is looked at once more before the end.
      active = rows;
      previousMax = Number.POSITIVE_INFINITY;
      continue;
    }
    previousMax = largest <= 0 ? Number.POSITIVE_INFINITY : largest;
  }
  return bias;
}

/** Scores of one utterance under all labels. */
export function scoreAll(model: LinearModel, vector: SparseVector): Float32Array {
  const scores = new Float32Array(model.labels);
  for (let label = 0; label < model.labels; label++) {
    const base = label * model.columns;
    let sum = model.bias[label] ?? 0;
    for (let at = 0; at < vector.ids.length; at++)
      sum += (model.weights[base + (vector.ids[at] as number)] as number) * (vector.values[at] as number);
    scores[label] = sum;
  }
  return scores;
}

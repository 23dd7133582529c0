/** Does an utterance belong to any of the intents? A logistic score over what the classifiers say about it. */

export interface ScopeModel {
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly weights: readonly number[];
  readonly bias: number;
  /** In scope when the score is at least this. Chosen on held-out folds. */
  readonly threshold: number;
}

/** What is known of one utterance; see `scopeFeatures`. */
export interface ScopeEvidence {
  /** SVM margins of the intents that are in scope. */
  readonly margins: ArrayLike<number>;
  /** Calibrated probabilities of the same. */
  readonly probabilities: ArrayLike<number>;
  /** SVM margin of the out-of-scope class, where the data has one. */
  readonly outMargin: number | undefined;
  /** Share of the n-grams that the vocabulary knows. */
  readonly coverage: number;
  readonly featureCount: number;
}

export function scopeFeatures(evidence: ScopeEvidence): number[] {
  const [first, second] = topTwo(evidence.margins);
  const [likely, next] = topTwo(evidence.probabilities);
  return [
    first,
    first - second,
    evidence.outMargin ?? -1,
    likely,
    likely - next,
    evidence.coverage,
    Math.log1p(evidence.featureCount),
  ];
}

function topTwo(values: ArrayLike<number>): [number, number] {
  let first = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (value > first) {
      second = first;
      first = value;
    } else if (value > second) second = value;
  }
  return [first, Number.isFinite(second) ? second : first - 1];
}

export function scopeScore(model: ScopeModel, features: readonly number[]): number {
  let sum = model.bias;
  for (let index = 0; index < features.length; index++) {
    const z = ((features[index] ?? 0) - (model.mean[index] ?? 0)) / (model.scale[index] ?? 1);
    // Far outside what training saw nothing is known: bounded, so that one odd feature can't decide alone.
    sum += (model.weights[index] ?? 0) * Math.max(-6, Math.min(6, z));
  }
  return sum;
}

export interface ScopeExample {
  readonly features: readonly number[];
  readonly inScope: boolean;
  /** In scope and recognised as the right intent. */
  readonly right: boolean;
  readonly weight: number;
}

/**
 * Fits the score by weighted logistic regression, and the threshold so that at most `maxLoss` of the utterances in scope are rejected although
 * their intent was right.
 */
export function fitScope(examples: readonly ScopeExample[], maxLoss: number): ScopeModel {
  const width = examples[0]?.features.length ?? 0;
  const { mean, scale } = moments(examples, width);
  const weights = new Array<number>(width).fill(0);
  const outside = examples.some((example) => !example.inScope);
  let model: ScopeModel = { mean, scale, weights, bias: 0, threshold: Number.NEGATIVE_INFINITY };
  if (outside) model = descend(model, examples, width);
  // Nothing out of scope to learn from: the margin of the best intent alone is a fair score.
  else if (width > 0) model = { ...model, weights: weights.map((_, index) => (index === 0 ? 1 : 0)) };
  return { ...model, threshold: chooseThreshold(model, examples, maxLoss) };
}

function moments(examples: readonly ScopeExample[], width: number): { mean: number[]; scale: number[] } {
  const mean = new Array<number>(width).fill(0);
  const scale = new Array<number>(width).fill(0);
  for (const { features } of examples) {
    for (let at = 0; at < width; at++) mean[at] = (mean[at] ?? 0) + (features[at] ?? 0) / examples.length;
  }
  for (const { features } of examples) {
    for (let at = 0; at < width; at++) {
      scale[at] = (scale[at] ?? 0) + ((features[at] ?? 0) - (mean[at] ?? 0)) ** 2 / examples.length;
    }
  }
  return { mean, scale: scale.map((variance) => (variance < 1e-9 ? 1 : Math.sqrt(variance))) };
}

function descend(start: ScopeModel, examples: readonly ScopeExample[], width: number): ScopeModel {
  const weights = [...start.weights];
  let bias = 0;
  const sums = new Array<number>(width + 1).fill(1e-9);
  const total = examples.reduce((sum, example) => sum + example.weight, 0);
  const rows = examples.map((example) =>
    example.features.map((value, index) => (value - (start.mean[index] ?? 0)) / (start.scale[index] ?? 1)),
  );
  for (let iteration = 0; iteration < 400; iteration++) {
    const gradient = new Array<number>(width + 1).fill(0);
    examples.forEach((example, row) => {
      const z = rows[row] ?? [];
      let sum = bias;
      for (let index = 0; index < width; index++) sum += (weights[index] as number) * (z[index] as number);
      const error = (example.weight / total) * (1 / (1 + Math.exp(-sum)) - (example.inScope ? 1 : 0));
      for (let index = 0; index < width; index++)
        gradient[index] = (gradient[index] as number) + error * (z[index] as number);
      gradient[width] = (gradient[width] as number) + error;
    });
    for (let index = 0; index <= width; index++) {
      const slope = (gradient[index] as number) + (index < width ? 1e-3 * (weights[index] as number) : 0);
      sums[index] = (sums[index] as number) + slope * slope;
      const step = (0.5 * slope) / Math.sqrt(sums[index] as number);
      if (index < width) weights[index] = (weights[index] as number) - step;
      else bias -= step;
    }
  }
  return { ...start, weights, bias };
}

function chooseThreshold(model: ScopeModel, examples: readonly ScopeExample[], maxLoss: number): number {
  const inside = examples
    .filter((example) => example.inScope)
    .map((example) => ({ score: scopeScore(model, example.features), right: example.right }));
  inside.sort((a, b) => a.score - b.score);
  const allowed = Math.floor(maxLoss * inside.length);
  let lost = 0;
  for (const { score, right } of inside) {
    if (right && ++lost > allowed) return score;
  }
  return Number.NEGATIVE_INFINITY;
}

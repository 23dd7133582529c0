import { seededRandom, shuffle } from '../random.js';
import { type Classifier, type ClassifierOptions, classify, type LabelledText, trainClassifier } from './classifier.js';

/** What a model that has not seen an example says about it. Scores stand in the order of `labels`. */
export interface FoldResult {
  readonly example: number;
  /** Labels the fold's model knew. */
  readonly labels: readonly number[];
  readonly margins: Float32Array;
  readonly logits: Float32Array | undefined;
  readonly coverage: number;
  readonly featureCount: number;
}

export interface FoldOptions {
  readonly folds: number;
  readonly seed: number;
  /** Share of the labels that each fold's model is not taught at all, so that their examples show what the unknown looks like. */
  readonly hiddenLabels: number;
  /** Labels that are never hidden (out of scope). */
  readonly keep: ReadonlySet<number>;
}

/** Stratified cross-validation in which each fold also leaves out some labels whole. */
export function crossValidate(
  examples: readonly LabelledText[],
  labelCount: number,
  classifier: ClassifierOptions,
  options: FoldOptions,
  onProgress?: (share: number) => void,
): FoldResult[] {
  const foldOf = assignFolds(examples, labelCount, options.folds, options.seed);
  const hiddenIn = assignHidden(labelCount, options);
  const results: FoldResult[] = [];
  for (let fold = 0; fold < options.folds; fold++) {
    const known = Array.from({ length: labelCount }, (_, label) => label).filter((label) => hiddenIn[label] !== fold);
    const local = new Map(known.map((label, index) => [label, index]));
    const training: LabelledText[] = [];
    examples.forEach((example, index) => {
      const label = local.get(example.label);
      if (foldOf[index] !== fold && label !== undefined) training.push({ ...example, label });
    });
    const model: Classifier = trainClassifier(training, known.length, classifier, (share) =>
      onProgress?.((fold + share) / options.folds),
    );
    examples.forEach((example, index) => {
      if (foldOf[index] === fold)
        results.push({ example: index, labels: known, ...classify(model, example.text, example.embedding) });
    });
  }
  return results;
}

/** Each label's examples are dealt out in turn; the same text always lands in the same fold. */
function assignFolds(examples: readonly LabelledText[], labelCount: number, folds: number, seed: number): Int32Array {
  const random = seededRandom(seed);
  const order = Int32Array.from({ length: examples.length }, (_, index) => index);
  shuffle(order, random);
  const next = Int32Array.from({ length: labelCount }, () => Math.floor(random() * folds));
  const byText = new Map<string, number>();
  const foldOf = new Int32Array(examples.length);
  for (const index of order) {
    const { text, label } = examples[index] as LabelledText;
    const known = byText.get(text);
    if (known !== undefined) {
      foldOf[index] = known;
      continue;
    }
    const fold = (next[label] as number) % folds;
    next[label] = fold + 1;
    foldOf[index] = fold;
    byText.set(text, fold);
  }
  return foldOf;
}

/** For each label the fold that does not know it, or -1. */
function assignHidden(labelCount: number, options: FoldOptions): Int32Array {
  const hiddenIn = new Int32Array(labelCount).fill(-1);
  const candidates = Array.from({ length: labelCount }, (_, label) => label).filter(
    (label) => !options.keep.has(label),
  );
  const perFold = Math.floor(candidates.length * options.hiddenLabels);
  if (candidates.length - perFold < 2) return hiddenIn;
  shuffle(candidates, seededRandom(options.seed + 17));
  for (let fold = 0; fold < options.folds; fold++) {
    for (const label of candidates.slice(fold * perFold, (fold + 1) * perFold)) hiddenIn[label] = fold;
  }
  return hiddenIn;
}

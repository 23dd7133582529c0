import type { NgramOptions } from '../features/ngrams.js';
import { type SparseVector, Vectorizer } from '../features/vectorizer.js';
import { type MlpModel, type MlpOptions, mlpScores, trainMlp } from './mlp.js';
import { type LinearModel, type SvmOptions, scoreAll, stackRows, trainSvm } from './svm.js';

export interface ClassifierOptions {
  readonly ngrams: NgramOptions;
  readonly svm: SvmOptions;
  /** Undefined = the linear model alone. */
  readonly mlp: MlpOptions | undefined;
}

/** A text with its label's number and, where an encoder is used, its embedding. */
export interface LabelledText {
  readonly text: string;
  readonly label: number;
  readonly embedding?: Float32Array;
}

/** Vocabulary, SVM and net, trained together. Embeddings stand behind the vocabulary as further columns. */
export interface Classifier {
  readonly vectorizer: Vectorizer;
  readonly embeddingSize: number;
  readonly svm: LinearModel;
  readonly mlp: MlpModel | undefined;
}

/** Weight of an embedding (length 1) next to the n-grams (length 1). */
const EMBEDDING_WEIGHT = 1;

export function trainClassifier(
  examples: readonly LabelledText[],
  labelCount: number,
  options: ClassifierOptions,
  onProgress?: (share: number) => void,
): Classifier {
  const vectorizer = Vectorizer.fit(
    examples.map((example) => example.text),
    options.ngrams,
  );
  const embeddingSize = examples[0]?.embedding?.length ?? 0;
  const rows = examples.map((example) =>
    withEmbedding(vectorizer.transform(example.text), example.embedding, vectorizer.size),
  );
  const matrix = stackRows(rows, vectorizer.size + embeddingSize);
  const labels = Int32Array.from(examples, (example) => example.label);
  const svmShare = options.mlp ? 0.3 : 1;
  const svm = trainSvm(matrix, labels, labelCount, options.svm, undefined, (done) =>
    onProgress?.((svmShare * done) / labelCount),
  );
  const net = options.mlp;
  const mlp = net
    ? trainMlp(matrix, labels, labelCount, net, (done) => onProgress?.(svmShare + ((1 - svmShare) * done) / net.epochs))
    : undefined;
  return { vectorizer, embeddingSize, svm, mlp };
}

export function classify(classifier: Classifier, text: string, embedding?: Float32Array) {
  const vector = classifier.vectorizer.transform(text);
  const full = withEmbedding(vector, embedding, classifier.vectorizer.size);
  return {
    margins: scoreAll(classifier.svm, full),
    logits: classifier.mlp ? mlpScores(classifier.mlp, full) : undefined,
    coverage: vector.coverage,
    featureCount: vector.ids.length,
  };
}

/** The n-gram vector with an embedding's numbers appended; the embedding is brought to length 1 first. */
export function withEmbedding(
  vector: SparseVector,
  embedding: Float32Array | undefined,
  vocabularySize: number,
): SparseVector {
  if (embedding === undefined) return vector;
  let norm = 0;
  for (const value of embedding) norm += value * value;
  const scale = norm > 0 ? EMBEDDING_WEIGHT / Math.sqrt(norm) : 0;
  const ids = new Int32Array(vector.ids.length + embedding.length);
  const values = new Float32Array(ids.length);
  ids.set(vector.ids);
  values.set(vector.values);
  embedding.forEach((value, index) => {
    ids[vector.ids.length + index] = vocabularySize + index;
    values[vector.ids.length + index] = value * scale;
  });
  return { ids, values };
}

import { InferenceSession, Tensor } from 'onnxruntime-node';
import { HearkenError, messageOf } from '../../errors.js';
import { Vectorizer } from '../features/vectorizer.js';
import type { IntentRank } from '../intent-model.js';
import { probabilities } from '../train/calibrate.js';
import { withEmbedding } from '../train/classifier.js';
import { type ScopeModel, scopeFeatures, scopeScore } from '../train/scope.js';
import type { ModelFiles, ModelManifest } from './folder.js';

/** No utterance has more n-grams than this that matter; longer ones are cut so that a turn stays short. */
const MAX_FEATURES = 2000;

/** So many intents are ranked; nobody looks at the hundredth. */
const MAX_RANKED = 12;

export interface Classification {
  /** The likeliest intents in scope, best first. Empty when the text has no known feature. */
  readonly ranking: readonly IntentRank[];
  readonly inScope: boolean;
  /** 0..1, how surely it belongs to one of the intents. */
  readonly scopeProbability: number;
}

const NOTHING: Classification = { ranking: [], inScope: false, scopeProbability: 0 };

/**
 * The trained classifier on onnxruntime. A run gathers only the rows of the utterance's own features, which takes some tens of
 * microseconds, so it stays on the calling thread (bench: `npm run -s bench:nlu`).
 */
export class IntentClassifier {
  readonly manifest: ModelManifest;
  readonly #session: InferenceSession;
  readonly #vectorizer: Vectorizer;
  readonly #inside: readonly number[];
  readonly #outside: readonly number[];
  readonly #scope: ScopeModel;

  private constructor(manifest: ModelManifest, session: InferenceSession, vectorizer: Vectorizer) {
    this.manifest = manifest;
    this.#session = session;
    this.#vectorizer = vectorizer;
    const out = new Set(manifest.outOfScope);
    const numbers = manifest.labels.map((_, index) => index);
    this.#inside = numbers.filter((index) => !out.has(manifest.labels[index] ?? ''));
    this.#outside = numbers.filter((index) => out.has(manifest.labels[index] ?? ''));
    this.#scope = { ...manifest.scope, threshold: manifest.scope.threshold ?? Number.NEGATIVE_INFINITY };
  }

  /** Throws MODEL_INVALID when the files do not make a model. */
  static async open(files: ModelFiles): Promise<IntentClassifier> {
    const { manifest } = files;
    const vocabulary = files.read('vocabulary.json');
    const graph = files.read('model.onnx');
    if (!vocabulary || !graph)
      throw new HearkenError('MODEL_INVALID', 'the model has no vocabulary.json or no model.onnx');
    try {
      const { features, idf } = JSON.parse(vocabulary.toString('utf8')) as { features: string[]; idf: number[] };
      if (features.length !== manifest.featureCount || idf.length !== features.length)
        throw new Error('the vocabulary has another size than model.json says');
      const session = await InferenceSession.create(graph, {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
      });
      return new IntentClassifier(manifest, session, new Vectorizer({ options: manifest.ngrams, features, idf }));
    } catch (error) {
      throw new HearkenError('MODEL_INVALID', `the model can't be loaded: ${messageOf(error)}`, {
        hint: 'Train it again.',
        cause: error,
      });
    }
  }

  get labels(): readonly string[] {
    return this.#inside.map((index) => this.manifest.labels[index] ?? '');
  }

  async classify(text: string, embedding?: Float32Array): Promise<Classification> {
    const vector = this.#vectorizer.transform(text);
    const full = withEmbedding(vector, embedding, this.#vectorizer.size);
    const count = Math.min(full.ids.length, MAX_FEATURES);
    if (count === 0) return NOTHING;
    const outputs = await this.#session.run({
      ids: new Tensor('int32', full.ids.subarray(0, count), [count]),
      values: new Tensor('float32', full.values.subarray(0, count), [count]),
    });
    const margins = outputs.margins?.data as Float32Array;
    const logits = outputs.logits?.data as Float32Array | undefined;
    const own = this.#pick(margins);
    const shares = probabilities(this.manifest.calibration, own, logits ? this.#pick(logits) : undefined);
    const outMargin =
      this.#outside.length === 0 ? undefined : Math.max(...this.#outside.map((index) => margins[index] ?? -1));
    const score = scopeScore(
      this.#scope,
      scopeFeatures({
        margins: own,
        probabilities: shares,
        outMargin,
        coverage: vector.coverage,
        featureCount: vector.ids.length,
      }),
    );
    const ranking = topOf(shares, MAX_RANKED).map((index) => ({
      name: this.manifest.labels[this.#inside[index] ?? 0] ?? '',
      confidence: shares[index] ?? 0,
    }));
    return { ranking, inScope: score >= this.#scope.threshold, scopeProbability: 1 / (1 + Math.exp(-score)) };
  }

  /** Scores of the intents in scope. */
  #pick(scores: Float32Array): Float32Array {
    if (this.#outside.length === 0) return scores;
    const picked = new Float32Array(this.#inside.length);
    for (let at = 0; at < picked.length; at++) picked[at] = scores[this.#inside[at] ?? 0] ?? 0;
    return picked;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}

/** Indices of the largest values, largest first; of equal ones the first. */
function topOf(values: Float32Array, count: number): number[] {
  const top: number[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (top.length === count && !(value > (values[top[count - 1] as number] as number))) continue;
    let at = top.length === count ? count - 1 : top.length;
    for (; at > 0 && value > (values[top[at - 1] as number] as number); at--) top[at] = top[at - 1] as number;
    top[at] = index;
  }
  return top;
}

import { type NgramOptions, ngrams } from './ngrams.js';

/** One utterance as a sparse vector of length 1: ids ascending in no order, no id twice. */
export interface SparseVector {
  readonly ids: Int32Array;
  readonly values: Float32Array;
}

export interface VectorizerData {
  readonly options: NgramOptions;
  /** Feature strings; the position is the id. */
  readonly features: readonly string[];
  readonly idf: readonly number[];
}

/** Sublinear TF-IDF over a fixed vocabulary, with a weight for each family of n-grams. */
export class Vectorizer {
  readonly #ids: Map<string, number>;
  readonly #weights: Float32Array;
  readonly options: NgramOptions;
  readonly size: number;

  constructor(readonly data: VectorizerData) {
    this.options = data.options;
    this.size = data.features.length;
    this.#ids = new Map(data.features.map((feature, id) => [feature, id]));
    this.#weights = Float32Array.from(
      data.features,
      (feature, id) => (data.idf[id] ?? 0) * familyWeight(feature, data.options),
    );
  }

  /**
   * Vector of a text, and how much of its n-gram mass the vocabulary knows (0..1; 1 for a text without features).
   */
  transform(text: string): SparseVector & { readonly coverage: number } {
    const counts = new Map<number, number>();
    let known = 0;
    let seen = 0;
    ngrams(text, this.options, (_family, feature) => {
      seen++;
      const id = this.#ids.get(feature);
      if (id === undefined) return;
      known++;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    });
    const ids = new Int32Array(counts.size);
    const values = new Float32Array(counts.size);
    let at = 0;
    let norm = 0;
    for (const [id, count] of counts) {
      const value = (count === 1 ? 1 : 1 + Math.log(count)) * (this.#weights[id] ?? 0);
      ids[at] = id;
      values[at] = value;
      norm += value * value;
      at++;
    }
    const scale = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    for (let index = 0; index < values.length; index++) values[index] = (values[index] ?? 0) * scale;
    return { ids, values, coverage: seen === 0 ? 1 : known / seen };
  }

  /** Learns vocabulary and document frequencies. Features seen in fewer than `minCount` texts are left out. */
  static fit(texts: readonly string[], options: NgramOptions, minCount = 1): Vectorizer {
    const documents = new Map<string, number>();
    for (const text of texts) {
      const own = new Set<string>();
      ngrams(text, options, (_family, feature) => own.add(feature));
      for (const feature of own) documents.set(feature, (documents.get(feature) ?? 0) + 1);
    }
    const features: string[] = [];
    const idf: number[] = [];
    for (const [feature, count] of documents) {
      if (count < minCount) continue;
      features.push(feature);
      // Smoothed inverse document frequency, as in scikit-learn's TfidfTransformer.
      idf.push(Math.log((1 + texts.length) / (1 + count)) + 1);
    }
    return new Vectorizer({ options, features, idf });
  }
}

/** Weight of a pair of words with one between them, next to that of a word. */
const SKIP_WEIGHT = 0.5;

function familyWeight(feature: string, options: NgramOptions): number {
  switch (feature[0]) {
    case 'h':
      return options.weights.han;
    case 'p':
      return options.weights.pinyin;
    case 'c':
      return options.weights.wordChar;
    case 'k':
      return options.weights.word * SKIP_WEIGHT;
    default:
      return options.weights.word;
  }
}

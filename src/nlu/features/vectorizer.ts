import { GramTree, UNKNOWN } from './gram-tree.js';
import { charNgrams, type NgramOptions, ngrams } from './ngrams.js';
import { coarsePinyin } from './pinyin.js';

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

/** So many words are kept, none longer than this. */
const MAX_WORDS = 4000;
const MAX_WORD_CHARS = 20;

/** Sublinear TF-IDF over a fixed vocabulary, with a weight for each family of n-grams. */
export class Vectorizer {
  readonly #ids: Map<string, number>;
  readonly #weights: Float32Array;
  readonly #han = new GramTree();
  readonly #pinyin = new GramTree();
  /** Numbers of the character n-grams of words met lately, `UNKNOWN` among them. */
  readonly #words = new Map<string, readonly number[]>();
  /** How often each feature occurs in the text at hand; all zero between texts. */
  readonly #counts: Uint32Array;
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
    this.#counts = new Uint32Array(this.size);
    for (const [feature, id] of this.#ids) {
      const gram = feature.slice(1);
      if (feature.startsWith('h')) this.#han.add([...gram], id);
      // Each syllable has a blank behind it.
      else if (feature.startsWith('p')) this.#pinyin.add(gram.split(' ').slice(0, -1), id);
    }
  }

  /**
   * Vector of a text, and how much of its n-gram mass the vocabulary knows (0..1; 1 for a text without features).
   */
  transform(text: string): SparseVector & { readonly coverage: number } {
    const counts = this.#counts;
    const found: number[] = [];
    let known = 0;
    let seen = 0;
    const count = (id: number) => {
      seen++;
      if (id === UNKNOWN) return;
      known++;
      if (counts[id] === 0) found.push(id);
      counts[id] = (counts[id] as number) + 1;
    };
    ngrams(text, this.options, (_family, feature) => count(this.#ids.get(feature) ?? UNKNOWN), {
      han: (run) => this.#countHan(run, count),
      wordChars: (word) => this.#gramsOf(word).forEach(count),
    });
    const ids = Int32Array.from(found);
    const values = new Float32Array(found.length);
    let norm = 0;
    for (let at = 0; at < found.length; at++) {
      const id = found[at] as number;
      const times = counts[id] as number;
      counts[id] = 0;
      const value = (times === 1 ? 1 : 1 + Math.log(times)) * (this.#weights[id] ?? 0);
      values[at] = value;
      norm += value * value;
    }
    const scale = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    for (let index = 0; index < values.length; index++) values[index] = (values[index] ?? 0) * scale;
    return { ids, values, coverage: seen === 0 ? 1 : known / seen };
  }

  /** As `hanNgrams` goes through them, without their strings. */
  #countHan(run: string, count: (id: number) => void): void {
    const [hanLow, hanHigh] = this.options.hanChars;
    const [pinyinLow, pinyinHigh] = this.options.pinyin;
    const chars = [...run];
    const syllables = pinyinHigh >= pinyinLow ? chars.map(coarsePinyin) : [];
    for (let start = 0; start < chars.length; start++) {
      this.#han.walk(chars, start, hanLow, hanHigh, count);
      this.#pinyin.walk(syllables, start, pinyinLow, pinyinHigh, count);
    }
  }

  #gramsOf(word: string): readonly number[] {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const made: number[] = [];
    charNgrams(word, this.options, (_family, feature) => made.push(this.#ids.get(feature) ?? UNKNOWN));
    if (this.#words.size >= MAX_WORDS) this.#words.clear();
    if (word.length <= MAX_WORD_CHARS) this.#words.set(word, made);
    return made;
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

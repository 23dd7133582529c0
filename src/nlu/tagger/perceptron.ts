import { seededRandom, shuffle } from '../random.js';

/** A sentence as numbers: for each token the ids of its features, and (when training) its tag. */
export interface TaggedSentence {
  readonly features: readonly Int32Array[];
  readonly tags: Int32Array;
}

/** First-order linear-chain tagger. `emission` is feature-major: `emission[feature * tags + tag]`. */
export interface ChainModel {
  readonly tagCount: number;
  readonly featureCount: number;
  readonly emission: Float32Array;
  /** `transition[from * tags + to]`. */
  readonly transition: Float32Array;
  readonly start: Float32Array;
  /** 1 where `to` may follow `from`. */
  readonly allowed: Uint8Array;
  readonly allowedStart: Uint8Array;
}

export interface PerceptronOptions {
  readonly epochs: number;
  /** Share of the features left out at each step, so that no word is trusted alone. */
  readonly dropout: number;
  readonly seed: number;
}

/**
 * Averaged structured perceptron (Collins, EMNLP 2002) with cost-augmented decoding: while training a wrong tag gets a head start, so that the
 * right path must win by a margin.
 */
export function trainChain(
  sentences: readonly TaggedSentence[],
  shell: Omit<ChainModel, 'emission' | 'transition' | 'start'>,
  options: PerceptronOptions,
): ChainModel {
  const { tagCount: T, featureCount } = shell;
  const model: ChainModel = {
    ...shell,
    emission: new Float32Array(featureCount * T),
    transition: new Float32Array(T * T),
    start: new Float32Array(T),
  };
  // Lazy averaging: total = final * steps - sum(step * update).
  const emissionLate = new Float64Array(featureCount * T);
  const transitionLate = new Float64Array(T * T);
  const startLate = new Float64Array(T);
  const order = Int32Array.from({ length: sentences.length }, (_, index) => index);
  const random = seededRandom(options.seed);
  let step = 1;
  const bump = (weights: Float32Array, late: Float64Array, index: number, by: number) => {
    weights[index] = (weights[index] as number) + by;
    late[index] = (late[index] as number) + by * step;
  };
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(order, random);
    for (const which of order) {
      const sentence = sentences[which] as TaggedSentence;
      const features = sentence.features.map((ids) => ids.filter(() => random() >= options.dropout));
      const found = decode(model, features, sentence.tags);
      const gold = sentence.tags;
      for (let at = 0; at < gold.length; at++) {
        const right = gold[at] as number;
        const wrong = found[at] as number;
        if (right !== wrong) {
          for (const feature of features[at] as Int32Array) {
            bump(model.emission, emissionLate, feature * T + right, 1);
            bump(model.emission, emissionLate, feature * T + wrong, -1);
          }
        }
        if (at === 0) {
          if (right !== wrong) {
            bump(model.start, startLate, right, 1);
            bump(model.start, startLate, wrong, -1);
          }
          continue;
        }
        const rightPair = (gold[at - 1] as number) * T + right;
        const wrongPair = (found[at - 1] as number) * T + wrong;
        if (rightPair !== wrongPair) {
          bump(model.transition, transitionLate, rightPair, 1);
          bump(model.transition, transitionLate, wrongPair, -1);
        }
      }
      step++;
    }
  }
  const average = (weights: Float32Array, late: Float64Array) => {
    for (let index = 0; index < weights.length; index++)
      weights[index] = (weights[index] as number) - (late[index] as number) / step;
  };
  average(model.emission, emissionLate);
  average(model.transition, transitionLate);
  average(model.start, startLate);
  return model;
}

const MARGIN = 1;

/** Best tag sequence (Viterbi). With `gold`, every wrong tag is given `MARGIN` more. */
export function decode(model: ChainModel, features: readonly Int32Array[], gold?: Int32Array): Int32Array {
  const { tagCount: T, emission, transition, start, allowed, allowedStart } = model;
  const length = features.length;
  const best = new Float32Array(length * T);
  const from = new Int16Array(length * T);
  for (let at = 0; at < length; at++) {
    const row = best.subarray(at * T, (at + 1) * T);
    if (gold) {
      row.fill(MARGIN);
      row[gold[at] as number] = 0;
    }
    for (const feature of features[at] as Int32Array) {
      const base = feature * T;
      for (let tag = 0; tag < T; tag++) row[tag] = (row[tag] as number) + (emission[base + tag] as number);
    }
    if (at === 0) {
      for (let tag = 0; tag < T; tag++)
        row[tag] = allowedStart[tag] ? (row[tag] as number) + (start[tag] as number) : -1e9;
      continue;
    }
    const before = (at - 1) * T;
    for (let tag = 0; tag < T; tag++) {
      let top = Number.NEGATIVE_INFINITY;
      let source = 0;
      for (let other = 0; other < T; other++) {
        if (!allowed[other * T + tag]) continue;
        const score = (best[before + other] as number) + (transition[other * T + tag] as number);
        if (score > top) {
          top = score;
          source = other;
        }
      }
      row[tag] = (row[tag] as number) + top;
      from[at * T + tag] = source;
    }
  }
  const path = new Int32Array(length);
  if (length === 0) return path;
  let tag = 0;
  for (let other = 1; other < T; other++)
    if ((best[(length - 1) * T + other] as number) > (best[(length - 1) * T + tag] as number)) tag = other;
  for (let at = length - 1; at >= 0; at--) {
    path[at] = tag;
    tag = from[at * T + tag] as number;
  }
  return path;
}

import { seededRandom, shuffle } from '../random.js';
import { type Chain, statesOf } from './chain.js';
import { type ChainModel, Decoder } from './decoder.js';

/** A sentence as numbers: for each token the ids of its features, and its tag. */
export interface TaggedSentence {
  readonly features: readonly Int32Array[];
  readonly tags: Int32Array;
}

export interface PerceptronOptions {
  readonly epochs: number;
  /** Share of the features left out at each step, so that no word is trusted alone. */
  readonly dropout: number;
  readonly seed: number;
}

/** Head start of every wrong tag while training, so that the right path must win by a margin. */
const MARGIN = 1;

/** Averaged structured perceptron (Collins, EMNLP 2002) with cost-augmented decoding. */
export function trainChain(
  sentences: readonly TaggedSentence[],
  chain: Chain,
  featureCount: number,
  options: PerceptronOptions,
): ChainModel {
  const tags = chain.tags.length;
  const states = chain.tagOf.length;
  const emission = new Averaged(featureCount * tags);
  const transition = new Averaged(states * states);
  const start = new Averaged(states);
  const model: ChainModel = {
    chain,
    featureCount,
    emission: emission.weights,
    scales: undefined,
    transition: transition.weights,
    start: start.weights,
  };
  const decoder = new Decoder(model);
  const gold = sentences.map((sentence) => statesOf(chain, sentence.tags));
  const order = Int32Array.from({ length: sentences.length }, (_, index) => index);
  const random = seededRandom(options.seed);
  let step = 1;
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(order, random);
    for (const which of order) {
      const own = gold[which] as Int32Array;
      const features = (sentences[which] as TaggedSentence).features.map((ids) =>
        ids.filter(() => random() >= options.dropout),
      );
      const found = decoder.decode(features, own, MARGIN);
      for (let at = 0; at < own.length; at++) {
        const right = own[at] as number;
        const wrong = found[at] as number;
        const rightTag = chain.tagOf[right] as number;
        const wrongTag = chain.tagOf[wrong] as number;
        if (rightTag !== wrongTag) {
          for (const feature of features[at] as Int32Array) {
            emission.add(feature * tags + rightTag, 1, step);
            emission.add(feature * tags + wrongTag, -1, step);
          }
        }
        if (at === 0) {
          if (right === wrong) continue;
          start.add(right, 1, step);
          start.add(wrong, -1, step);
          continue;
        }
        const rightFrom = own[at - 1] as number;
        const wrongFrom = found[at - 1] as number;
        if (rightFrom === wrongFrom && right === wrong) continue;
        transition.add(rightFrom * states + right, 1, step);
        transition.add(wrongFrom * states + wrong, -1, step);
        decoder.changed(rightFrom, right);
        decoder.changed(wrongFrom, wrong);
      }
      step++;
    }
  }
  for (const part of [emission, transition, start]) part.average(step);
  return model;
}

/** Weights whose mean over all steps is kept lazily: mean = last − Σ(step × change) / steps. */
class Averaged {
  readonly weights: Float32Array;
  readonly #late: Float64Array;

  constructor(size: number) {
    this.weights = new Float32Array(size);
    this.#late = new Float64Array(size);
  }

  add(index: number, by: number, step: number): void {
    this.weights[index] = (this.weights[index] as number) + by;
    this.#late[index] = (this.#late[index] as number) + by * step;
  }

  average(steps: number): void {
    for (let index = 0; index < this.weights.length; index++)
      this.weights[index] = (this.weights[index] as number) - (this.#late[index] as number) / steps;
  }
}

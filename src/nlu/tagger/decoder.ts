import type { Chain } from './chain.js';

/** Weights of the tagger. `emission[feature * tags + tag]`, `transition[from * states + to]`. */
export interface ChainModel {
  readonly chain: Chain;
  readonly featureCount: number;
  readonly emission: Float32Array | Int8Array;
  /** What each feature's row of int8 emissions is multiplied by; undefined for float emissions. */
  readonly scales: Float32Array | undefined;
  readonly transition: Float32Array;
  /** By state. */
  readonly start: Float32Array;
}

/**
 * Finds the best sequence of states (Viterbi). Exact: a state before is passed over only when a bound shows that it can't lead to any winner, which
 * spares nine tenths of the transitions. Keeps its tables between calls.
 */
export class Decoder {
  readonly #model: ChainModel;
  readonly #row: Float32Array;
  /** Bounds over the transitions from each state to states in which an entity begins. */
  readonly #highest: Float32Array;
  readonly #lowest: Float32Array;
  #best = new Float32Array(0);
  #from = new Int16Array(0);

  constructor(model: ChainModel) {
    this.#model = model;
    const states = model.chain.tagOf.length;
    this.#row = new Float32Array(model.chain.tags.length);
    this.#highest = new Float32Array(states).fill(Number.NEGATIVE_INFINITY);
    this.#lowest = new Float32Array(states).fill(Number.POSITIVE_INFINITY);
    for (let from = 0; from < states; from++) for (const to of model.chain.begins) this.changed(from, to);
  }

  /** Must be told of every transition weight that changes. The bounds only widen. */
  changed(from: number, to: number): void {
    const { chain, transition } = this.#model;
    if (chain.sources[to] !== undefined) return;
    const weight = transition[from * chain.tagOf.length + to] as number;
    if (weight > (this.#highest[from] as number)) this.#highest[from] = weight;
    if (weight < (this.#lowest[from] as number)) this.#lowest[from] = weight;
  }

  /** States of an utterance given its features' ids, token by token. With `gold` states every other tag is given `margin` more. */
  decode(features: readonly ArrayLike<number>[], gold?: Int32Array, margin = 0): Int32Array {
    const { chain, start } = this.#model;
    const states = chain.tagOf.length;
    const length = features.length;
    if (length === 0) return new Int32Array(0);
    if (this.#best.length < length * states) {
      this.#best = new Float32Array(length * states);
      this.#from = new Int16Array(length * states);
    }
    const best = this.#best;
    for (let at = 0; at < length; at++) {
      const row = this.#emissions(features[at] as ArrayLike<number>, gold?.[at], margin);
      if (at > 0) {
        this.#begin(at);
        this.#goOn(at, row);
        continue;
      }
      best.fill(-1e9, 0, states);
      for (const state of chain.starts)
        best[state] = (row[chain.tagOf[state] as number] as number) + (start[state] as number);
    }
    return this.#trace(length);
  }

  #emissions(ids: ArrayLike<number>, gold: number | undefined, margin: number): Float32Array {
    const { chain, emission, scales } = this.#model;
    const row = this.#row;
    const tags = row.length;
    row.fill(gold === undefined ? 0 : margin);
    if (gold !== undefined) row[chain.tagOf[gold] as number] = 0;
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index] as number;
      const base = id * tags;
      const scale = scales === undefined ? 1 : (scales[id] as number);
      for (let tag = 0; tag < tags; tag++) row[tag] = (row[tag] as number) + (emission[base + tag] as number) * scale;
    }
    return row;
  }

  /** Best way into each state in which an entity begins. */
  #begin(at: number): void {
    const { chain, transition } = this.#model;
    const { begins } = chain;
    const states = chain.tagOf.length;
    const best = this.#best;
    const now = at * states;
    const before = now - states;
    let bound = Number.NEGATIVE_INFINITY;
    for (let state = 0; state < states; state++)
      bound = Math.max(bound, (best[before + state] as number) + (this.#lowest[state] as number));
    for (const state of begins) best[now + state] = Number.NEGATIVE_INFINITY;
    for (let source = 0; source < states; source++) {
      const score = best[before + source] as number;
      if (score + (this.#highest[source] as number) < bound) continue;
      const base = source * states;
      for (let index = 0; index < begins.length; index++) {
        const state = begins[index] as number;
        const total = score + (transition[base + state] as number);
        if (total > (best[now + state] as number)) {
          best[now + state] = total;
          this.#from[now + state] = source;
        }
      }
    }
  }

  /** Best way into the other states, and the emissions of all. */
  #goOn(at: number, row: Float32Array): void {
    const { chain, transition } = this.#model;
    const { tagOf, sources } = chain;
    const states = tagOf.length;
    const best = this.#best;
    const now = at * states;
    const before = now - states;
    for (let state = 0; state < states; state++) {
      const few = sources[state];
      if (few !== undefined) {
        let top = Number.NEGATIVE_INFINITY;
        let winner = 0;
        for (let index = 0; index < few.length; index++) {
          const source = few[index] as number;
          const score = (best[before + source] as number) + (transition[source * states + state] as number);
          if (score > top) {
            top = score;
            winner = source;
          }
        }
        best[now + state] = top;
        this.#from[now + state] = winner;
      }
      best[now + state] = (best[now + state] as number) + (row[tagOf[state] as number] as number);
    }
  }

  #trace(length: number): Int32Array {
    const states = this.#model.chain.tagOf.length;
    const path = new Int32Array(length);
    const last = (length - 1) * states;
    let state = 0;
    for (let other = 1; other < states; other++)
      if ((this.#best[last + other] as number) > (this.#best[last + state] as number)) state = other;
    for (let at = length - 1; at >= 0; at--) {
      path[at] = state;
      state = this.#from[at * states + state] as number;
    }
    return path;
  }
}

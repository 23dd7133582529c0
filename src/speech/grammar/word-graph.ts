import { FstBuilder } from './fst.js';
import { type History, lengthOf, NgramModel } from './ngram.js';
import type { BuiltGraph, NgramGraphOptions } from './ngram-graph.js';
import type { Way } from './speller.js';

/** What the second and later readings of a word cost against its first. */
const OTHER_READING_COST = 0.7;
/** What ending within a word costs: half a word is a partial result, never the last. */
const HALF_WORD_COST = 8;

/**
 * From one part of a word to the next, with blanks between them or not. Behind a blank the same part is not taken for the old one going on: the decoder would print it
 * twice ("n nine").
 */
export function addNextPart(
  fst: FstBuilder,
  from: number,
  label: number,
  nextLabel: number,
  next: number,
  finalCost: number,
): void {
  const pause = fst.addState(finalCost);
  fst.addArc(from, 1, 0, 0, pause);
  fst.addArc(pause, 1, 0, 0, pause);
  fst.addArc(pause, nextLabel, 0, 0, next);
  if (nextLabel !== label) fst.addArc(from, nextLabel, 0, 0, next);
}

/**
 * Word trigrams x spellings x CTC topology as one graph. A word's outputs stand before the history it leads to and are shared by all
 * histories that it is said after: only the arc into its first output is theirs. Words that lead to the same history and end alike share
 * their ends.
 */
export function buildWordGraph(
  model: NgramModel,
  waysOfWord: (word: string) => readonly Way[],
  options: NgramGraphOptions = {},
): BuiltGraph {
  const lmScale = options.lmScale ?? 0.8;
  const bonus = options.bonus ?? 0;
  const fst = new FstBuilder();
  const stateOf = new Map<History, number>();
  for (const history of model.histories()) stateOf.set(history, fst.addState());
  const has = (h: History): boolean => stateOf.has(h);
  const state = (h: History): number => stateOf.get(h) ?? 0;
  const bodies = new Map<string, number>();

  /** The state that has just heard `way[at]` of a word on its way to `history`. */
  const body = (history: History, way: Way, at: number): number => {
    const key = `${way.slice(at).join(' ')} ${history}`;
    const known = bodies.get(key);
    if (known !== undefined) return known;
    const label = (way[at] ?? 0) + 1;
    const s = fst.addState(at === way.length - 1 ? 0 : HALF_WORD_COST);
    fst.addArc(s, label, 0, 0, s);
    bodies.set(key, s);
    if (at === way.length - 1) fst.addArc(s, 0, 0, 0, state(history));
    else addNextPart(fst, s, label, (way[at + 1] ?? 0) + 1, body(history, way, at + 1), HALF_WORD_COST);
    return s;
  };

  for (const [history, from] of stateOf) {
    fst.addArc(from, 1, 0, 0, from);
    for (const word of model.followers(history)) {
      const cost = -lmScale * Math.log(model.probability(history, word)) - bonus;
      const to = NgramModel.reduce(NgramModel.extend(history, word), has);
      waysOfWord(word).forEach((way, i) => {
        fst.addArc(from, (way[0] ?? 0) + 1, 0, cost + (i === 0 ? 0 : OTHER_READING_COST), body(to, way, 0));
      });
    }
    if (lengthOf(history) > 0) {
      const to = NgramModel.reduce(NgramModel.shorter(history), has);
      fst.addArc(from, 0, 0, -lmScale * Math.log(model.backOff(history)), state(to));
    }
  }
  return { fst, start: state(NgramModel.start) };
}

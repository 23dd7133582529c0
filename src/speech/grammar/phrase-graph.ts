import { HearkenError } from '../../errors.js';
import { FstBuilder } from './fst.js';
import type { BuiltGraph } from './ngram-graph.js';
import { numberParts } from './number-loop.js';
import { spellText, type Way, waysOf } from './speller.js';
import type { PhoneUnits } from './units.js';

/** Where any number of digits may stand in a pattern. */
export const DIGITS = '<digits>';

export interface PhrasePattern {
  /** Chinese characters or English words in spoken form, with at most one `<digits>` in them. */
  readonly text: string;
  /** Cost on top, in nats: 0 = as likely as the others. */
  readonly cost?: number;
}

export interface PhraseGraphOptions {
  /** What ending in the middle of a phrase costs: high enough that a whole phrase wins when the caller is done. */
  readonly incompleteCost?: number;
  /** Cost of each digit. Recognisers of strangers lose digits more often than they invent them: 0 by default. */
  readonly digitCost?: number;
  /**
   * Cost of each phone on the way that accepts anything and prints nothing, so that words outside the grammar give an empty
   * text instead of the phrase they resemble most. Undefined: there is no such way.
   */
  readonly garbagePhoneCost?: number;
  /** Cost of entering that way. */
  readonly garbageCost?: number;
}

/** What a number with letters in it costs on top, and each letter: "eight" is no A, "six" no X. */
const LETTERS_COST = 5;
const LETTER_COST = 0.7;
/** What ending within an English digit costs: "eight" is three groups of letters. Mandarin's digits print at their end only. */
const HALF_WORD_COST = 8;

/**
 * A closed grammar: exactly these phrases (a trie over phones), and digit strings where a pattern has `<digits>` (in English also
 * "double", "triple", tens and spelled letters). One loop of digits serves all patterns: whatever comes before may go with whatever comes
 * after. Throws APP_INVALID when no phrase is left that the model's phones can say; `skipped` gets those that are not.
 */
export function buildPhraseGraph(
  patterns: readonly PhrasePattern[],
  units: PhoneUnits,
  options: PhraseGraphOptions = {},
  skipped?: (text: string, reason: string) => void,
): BuiltGraph {
  const incomplete = options.incompleteCost ?? 12;
  const fst = new FstBuilder();
  const start = addBoundary(fst, incomplete);
  const trie = new PhraseTrie(fst, incomplete, units.phones.length);
  let loop: number | undefined;
  let kept = 0;
  for (const { text, cost = 0 } of patterns) {
    const [before = '', after, ...rest] = text.split(DIGITS);
    const head = spellText(before, units);
    const tail = spellText(after ?? '', units);
    if (head === undefined || tail === undefined || rest.length > 0) {
      skipped?.(text, rest.length > 0 ? 'two places for digits' : 'characters that the model cannot print');
      continue;
    }
    if (after === undefined) for (const way of waysOf(head)) trie.add(start, way, cost);
    else {
      loop ??= addNumberLoop(fst, units, options.digitCost ?? 0);
      // An empty beginning needs one arc into the loop, whatever the number of patterns.
      for (const way of waysOf(head)) trie.join(start, way, loop, cost);
      if (tail.length > 0) for (const way of waysOf(tail)) trie.add(loop, way, cost);
    }
    kept++;
  }
  if (kept === 0) {
    throw new HearkenError('APP_INVALID', 'A grammar has no phrase that this model can recognise', {
      hint: 'Check that the phrases are in the language of the model.',
    });
  }
  if (options.garbagePhoneCost !== undefined) {
    addGarbage(fst, units, start, options.garbageCost ?? 0, options.garbagePhoneCost);
  }
  return { fst, start };
}

/** A state between characters or words: blanks stay in it. */
export function addBoundary(fst: FstBuilder, finalCost: number): number {
  const s = fst.addState(finalCost);
  fst.addArc(s, 1, 0, 0, s);
  return s;
}

/** Phrases that share their beginnings. */
export class PhraseTrie {
  readonly #fst: FstBuilder;
  readonly #incomplete: number;
  readonly #firstPrinting: number;
  readonly #children = new Map<string, number>();

  /** `firstPrinting`: outputs from this id on print something. */
  constructor(fst: FstBuilder, incomplete: number, firstPrinting: number) {
    this.#fst = fst;
    this.#incomplete = incomplete;
    this.#firstPrinting = firstPrinting;
  }

  /** A phrase that may end where it ends. */
  add(from: number, phrase: readonly Way[], cost: number): void {
    const { boundary, last } = this.#walk(from, phrase, cost);
    this.#fst.setFinal(boundary, 0);
    this.#fst.setFinal(last, 0);
  }

  /** A phrase that goes on at `to`. */
  join(from: number, phrase: readonly Way[], to: number, cost: number): void {
    const { boundary } = this.#walk(from, phrase, cost);
    const key = `${boundary}>${to}`;
    if (this.#children.has(key)) return;
    this.#children.set(key, to);
    this.#fst.addArc(boundary, 0, 0, phrase.length === 0 ? cost : 0, to);
  }

  #walk(from: number, phrase: readonly Way[], cost: number): { boundary: number; last: number } {
    let boundary = from;
    let last = from;
    phrase.forEach((way, i) => {
      const price = i === 0 ? cost : 0;
      const added = addWay(this.#fst, this.#children, boundary, way, price, this.#incomplete, this.#firstPrinting);
      boundary = added.boundary;
      last = added.last;
    });
    return { boundary, last };
  }
}

/** One character or word after `from`, shared with others that begin alike. `last` loops on its last output; `boundary` follows. */
export function addWay(
  fst: FstBuilder,
  children: Map<string, number>,
  from: number,
  way: Way,
  cost: number,
  incomplete: number,
  firstPrinting: number,
): { boundary: number; last: number } {
  let at = from;
  let price = cost;
  for (const token of way.slice(0, -1)) {
    const label = token + 1;
    const key = `${at}/${label}/${price}`;
    let middle = children.get(key);
    if (middle === undefined) {
      const heard = fst.addState(incomplete);
      fst.addArc(at, label, 0, price, heard);
      fst.addArc(heard, label, 0, 0, heard);
      middle = heard;
      // Behind a blank a part that prints is not taken for the old one going on: the decoder would print it twice ("n nine").
      if (token >= firstPrinting) {
        middle = fst.addState(incomplete);
        fst.addArc(heard, 0, 0, 0, middle);
      }
      fst.addArc(middle, 1, 0, 0, middle);
      children.set(key, middle);
    }
    at = middle;
    price = 0;
  }
  const label = (way.at(-1) ?? 0) + 1;
  const key = `${at}/${label}/${price}.`;
  let last = children.get(key);
  let boundary = children.get(`${key}>`);
  if (last === undefined || boundary === undefined) {
    last = fst.addState(incomplete);
    boundary = addBoundary(fst, incomplete);
    fst.addArc(at, label, 0, price, last);
    fst.addArc(last, label, 0, 0, last);
    fst.addArc(last, 0, 0, 0, boundary);
    children.set(key, last);
    children.set(`${key}>`, boundary);
  }
  return { boundary, last };
}

/** Any number of digits, ending anywhere. Returns the state to enter (and to leave) by. */
function addNumberLoop(fst: FstBuilder, units: PhoneUnits, digitCost: number): number {
  const parts = numberParts(units);
  const digits = parts.filter(({ letter }) => !letter);
  const letters = parts.filter(({ letter }) => letter);
  const loop = addBoundary(fst, 0);
  const add = (at: number, way: Way, cost: number): void => {
    const halfCost = units.english === undefined ? 0 : HALF_WORD_COST;
    const { boundary, last } = addWay(fst, new Map(), at, way, cost, halfCost, units.phones.length);
    fst.setFinal(last, 0);
    fst.setFinal(boundary, 0);
    fst.addArc(boundary, 0, 0, 0, at);
  };
  for (const { ways, cost } of digits) for (const way of ways) add(loop, way, digitCost + cost);
  if (letters.length > 0) {
    const mixed = addBoundary(fst, 0);
    fst.addArc(loop, 0, 0, LETTERS_COST, mixed);
    for (const { ways, cost } of digits) for (const way of ways) add(mixed, way, digitCost + cost);
    for (const { ways } of letters) for (const way of ways) add(mixed, way, digitCost + LETTER_COST);
    fst.addArc(mixed, 0, 0, 0, loop);
  }
  return loop;
}

/** Any phones, none of which prints. */
export function addGarbage(fst: FstBuilder, units: PhoneUnits, start: number, enter: number, each: number): void {
  const loop = addBoundary(fst, 0);
  fst.addArc(start, 0, 0, enter, loop);
  units.phones.forEach((_phone, id) => {
    if (id === 0) return;
    const s = fst.addState(0);
    fst.addArc(loop, id + 1, 0, each, s);
    fst.addArc(s, id + 1, 0, 0, s);
    fst.addArc(s, 0, 0, 0, loop);
  });
}

import { HearkenError } from '../../errors.js';
import { FstBuilder } from './fst.js';
import { speak } from './lexicon.js';
import type { BuiltGraph } from './ngram-graph.js';
import { type PhoneUnits, phonesOf } from './units.js';

/** Where any number of digits may stand in a pattern. */
export const DIGITS = '<digits>';

export interface PhrasePattern {
  /** Chinese characters, with at most one `<digits>` in them. */
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

/** Digits as they are said, each with its readings. */
const SPOKEN_DIGITS: readonly (readonly [string, string])[] = [
  ['零', 'ling2'],
  ['一', 'yi1'],
  ['幺', 'yao1'],
  ['二', 'er4'],
  ['三', 'san1'],
  ['四', 'si4'],
  ['五', 'wu3'],
  ['六', 'liu4'],
  ['七', 'qi1'],
  ['八', 'ba1'],
  ['九', 'jiu3'],
];

interface Spoken {
  readonly char: string;
  readonly syllable: string;
}

/**
 * A closed grammar: exactly these phrases (a trie over phones), and digit strings where a pattern has `<digits>`. One loop of
 * digits serves all patterns: whatever comes before may go with whatever comes after. Throws APP_INVALID when no phrase is left
 * that the model's phones can say; `skipped` gets those that are not.
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
  const trie = new PhraseTrie(fst, units, incomplete);
  let loop: number | undefined;
  let kept = 0;
  for (const { text, cost = 0 } of patterns) {
    const [before = '', after, ...rest] = text.split(DIGITS);
    const head = sayable(before, units);
    const tail = sayable(after ?? '', units);
    if (head === undefined || tail === undefined || rest.length > 0) {
      skipped?.(text, rest.length > 0 ? 'two places for digits' : 'characters that the model cannot print');
      continue;
    }
    if (after === undefined) {
      if (head.length === 0) continue;
      trie.add(start, head, cost);
    } else {
      loop ??= addDigitLoop(fst, units, options.digitCost ?? 0);
      // An empty beginning needs one arc into the loop, whatever the number of patterns.
      trie.join(start, head, loop, cost);
      if (tail.length > 0) trie.add(loop, tail, cost);
    }
    kept++;
  }
  if (kept === 0) {
    throw new HearkenError('APP_INVALID', 'A grammar has no phrase that this model can recognise', {
      hint: 'Phrases are Chinese characters; check the language of the model.',
    });
  }
  if (options.garbagePhoneCost !== undefined) {
    addGarbage(fst, units, start, options.garbageCost ?? 0, options.garbagePhoneCost);
  }
  return { fst, start };
}

/** A state between characters: blanks stay in it. */
function addBoundary(fst: FstBuilder, finalCost: number): number {
  const s = fst.addState(finalCost);
  fst.addArc(s, 1, 0, 0, s);
  return s;
}

function sayable(text: string, units: PhoneUnits): readonly Spoken[] | undefined {
  if (text === '') return [];
  const spoken = speak(text);
  if (spoken === undefined) return undefined;
  const items = spoken.chars.map((char, i) => ({ char, syllable: spoken.pinyin[i] ?? '' }));
  return items.every((item) => tokenOf(item, units) !== undefined) ? items : undefined;
}

function tokenOf({ char, syllable }: Spoken, units: PhoneUnits): number | undefined {
  const phones = phonesOf(syllable);
  if (!phones.every((phone) => units.phoneId(phone) !== undefined)) return undefined;
  return units.aliasId(char, phones.at(-1) ?? '');
}

class PhraseTrie {
  readonly #fst: FstBuilder;
  readonly #units: PhoneUnits;
  readonly #incomplete: number;
  readonly #children = new Map<string, number>();

  constructor(fst: FstBuilder, units: PhoneUnits, incomplete: number) {
    this.#fst = fst;
    this.#units = units;
    this.#incomplete = incomplete;
  }

  /** A phrase that may end where it ends. */
  add(from: number, phrase: readonly Spoken[], cost: number): void {
    const { boundary, last } = this.#walk(from, phrase, cost);
    this.#fst.setFinal(boundary, 0);
    this.#fst.setFinal(last, 0);
  }

  /** A phrase that goes on at `to`. */
  join(from: number, phrase: readonly Spoken[], to: number, cost: number): void {
    const { boundary } = this.#walk(from, phrase, cost);
    const key = `${boundary}>${to}`;
    if (this.#children.has(key)) return;
    this.#children.set(key, to);
    this.#fst.addArc(boundary, 0, 0, phrase.length === 0 ? cost : 0, to);
  }

  #walk(from: number, phrase: readonly Spoken[], cost: number): { boundary: number; last: number } {
    let boundary = from;
    let last = from;
    phrase.forEach((item, i) => {
      const syllable = addSyllable(
        this.#fst,
        this.#units,
        this.#children,
        boundary,
        item,
        i === 0 ? cost : 0,
        this.#incomplete,
      );
      boundary = syllable.boundary;
      last = syllable.last;
    });
    return { boundary, last };
  }
}

/** One character after `from`, shared with others that begin alike. `last` loops on its final; `boundary` follows. */
function addSyllable(
  fst: FstBuilder,
  units: PhoneUnits,
  children: Map<string, number>,
  from: number,
  item: Spoken,
  cost: number,
  incomplete: number,
): { boundary: number; last: number } {
  const phones = phonesOf(item.syllable);
  let at = from;
  if (phones.length > 1) {
    const label = (units.phoneId(phones[0] ?? '') ?? 0) + 1;
    const key = `${from}/${label}/${cost}`;
    let middle = children.get(key);
    if (middle === undefined) {
      middle = fst.addState(incomplete);
      fst.addArc(from, label, 0, cost, middle);
      fst.addArc(middle, label, 0, 0, middle);
      fst.addArc(middle, 1, 0, 0, middle);
      children.set(key, middle);
    }
    at = middle;
  }
  const token = (tokenOf(item, units) ?? 0) + 1;
  const key = `${at}/${token}/${phones.length > 1 ? 0 : cost}`;
  let last = children.get(key);
  let boundary = children.get(`${key}>`);
  if (last === undefined || boundary === undefined) {
    last = fst.addState(incomplete);
    boundary = addBoundary(fst, incomplete);
    fst.addArc(at, token, 0, phones.length > 1 ? 0 : cost, last);
    fst.addArc(last, token, 0, 0, last);
    fst.addArc(last, 0, 0, 0, boundary);
    children.set(key, last);
    children.set(`${key}>`, boundary);
  }
  return { boundary, last };
}

/** Any number of digits, ending anywhere. Returns the state to enter (and to leave) by. */
function addDigitLoop(fst: FstBuilder, units: PhoneUnits, digitCost: number): number {
  const loop = addBoundary(fst, 0);
  for (const [char, syllable] of SPOKEN_DIGITS) {
    const item = { char, syllable };
    if (tokenOf(item, units) === undefined) continue;
    const { boundary, last } = addSyllable(fst, units, new Map(), loop, item, digitCost, 0);
    fst.setFinal(last, 0);
    fst.setFinal(boundary, 0);
    fst.addArc(boundary, 0, 0, 0, loop);
  }
  return loop;
}

/** Any phones, none of which prints. */
function addGarbage(fst: FstBuilder, units: PhoneUnits, start: number, enter: number, each: number): void {
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

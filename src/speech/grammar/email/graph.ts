import { FstBuilder } from '../fst.js';
import type { BuiltGraph } from '../ngram-graph.js';
import { addBoundary, addGarbage, addWay, PhraseTrie } from '../phrase-graph.js';
import { spellText, type Way, waysOf } from '../speller.js';
import { type PhoneUnits, phonesOf } from '../units.js';
import {
  EMAIL_AT,
  EMAIL_DIGITS,
  EMAIL_DOT,
  EMAIL_ENDINGS,
  EMAIL_LEADS,
  EMAIL_LETTERS,
  EMAIL_PROVIDERS,
  EMAIL_SIGNS,
  EMAIL_SPELLED_ENDINGS,
  EMAIL_SPELLED_PROVIDERS,
  EMAIL_TAIL,
  type SpokenPart,
} from './spoken.js';

export interface EmailGraphOptions {
  /** What ending in the middle of an address costs. */
  readonly incompleteCost?: number;
  /** Cost of each letter: digits are likelier in a mailbox's name. */
  readonly letterCost?: number;
  /** From letters to digits or back: a name has letters, then perhaps a number, and N is easily taken for a one. */
  readonly mixedCost?: number;
  /** Cost of each phone on the way that accepts anything and prints nothing, and of entering it. */
  readonly garbagePhoneCost?: number;
  readonly garbageCost?: number;
}

/** What leaving out how a domain ends costs ("艾特扣扣" for qq.com). */
const SHORT_DOMAIN_COST = 1;
/** Letters and changes between letters and digits: of 36 synthetic addresses through the telephone most were right with these. */
const LETTER_COST = 1.5;
const MIXED_COST = 3;
/** A dot, a dash, an underscore. */
const SIGN_COST = 1;
/** A domain that is none of the usual services. */
const OTHER_HOST_COST = 4;

/**
 * A closed grammar of spoken e-mail addresses for a Mandarin model: letters, digits and signs, 艾特, a domain. What it prints is read with `writtenEmail`. Undefined for a
 * model that can not print its parts (an English one has letters of its own).
 */
export function buildEmailGraph(units: PhoneUnits, options: EmailGraphOptions = {}): BuiltGraph | undefined {
  if (units.english !== undefined) return undefined;
  const incomplete = options.incompleteCost ?? 12;
  const letterCost = options.letterCost ?? LETTER_COST;
  const mixedCost = options.mixedCost ?? MIXED_COST;
  const fst = new FstBuilder();
  const inside = (): number => addBoundary(fst, incomplete);
  const start = inside();
  const local = inside();
  const digits = inside();
  const letters = inside();
  const at = inside();
  const host = inside();
  const dot = inside();
  const domain = addBoundary(fst, SHORT_DOMAIN_COST);
  const ending = addBoundary(fst, 0);
  const end = addBoundary(fst, 0);
  let printable = true;
  const add = (from: number, list: readonly SpokenPart[], to: number, cost = 0): void => {
    for (const part of list) {
      const way = wayOf(part, units);
      if (way === undefined) {
        printable = false;
        continue;
      }
      const { boundary, last } = addWay(fst, new Map(), from, way, cost, incomplete, units.phones.length);
      const finalCost = fst.finalOf(to);
      fst.setFinal(boundary, finalCost);
      fst.setFinal(last, finalCost);
      fst.addArc(boundary, 0, 0, 0, to);
    }
  };
  const spell = (from: number, word: string, to: number): void => {
    let here = from;
    [...word].forEach((sign, index) => {
      const next = index === word.length - 1 ? to : inside();
      add(here, signsOf(sign), next);
      here = next;
    });
  };
  const trie = new PhraseTrie(fst, incomplete, units.phones.length);
  fst.addArc(start, 0, 0, 0, local);
  for (const lead of EMAIL_LEADS) {
    const spelled = spellText(lead, units);
    if (spelled !== undefined) for (const way of waysOf(spelled)) trie.join(start, way, local, 0);
  }
  add(local, EMAIL_DIGITS, digits);
  add(local, EMAIL_LETTERS, letters, letterCost);
  add(digits, EMAIL_DIGITS, digits);
  add(letters, EMAIL_LETTERS, letters, letterCost);
  add(digits, EMAIL_LETTERS, letters, letterCost + mixedCost);
  add(letters, EMAIL_DIGITS, digits, mixedCost);
  for (const named of [digits, letters]) {
    add(named, EMAIL_SIGNS, local, SIGN_COST);
    add(named, EMAIL_AT, at);
  }
  add(at, EMAIL_PROVIDERS, domain);
  for (const provider of EMAIL_SPELLED_PROVIDERS) spell(at, provider, domain);
  add(at, EMAIL_LETTERS, host, letterCost + OTHER_HOST_COST);
  add(host, [...EMAIL_LETTERS, ...EMAIL_DIGITS], host, letterCost);
  for (const named of [domain, host]) add(named, EMAIL_DOT, dot);
  add(dot, EMAIL_ENDINGS, ending);
  for (const spelled of EMAIL_SPELLED_ENDINGS) spell(dot, spelled, ending);
  add(ending, EMAIL_DOT, dot, SIGN_COST);
  for (const named of [domain, ending]) add(named, EMAIL_TAIL, end);
  if (!printable) return undefined;
  if (options.garbagePhoneCost !== undefined)
    addGarbage(fst, units, start, options.garbageCost ?? 0, options.garbagePhoneCost);
  return { fst, start };
}

function signsOf(written: string): readonly SpokenPart[] {
  return [...EMAIL_DIGITS, ...EMAIL_LETTERS].filter((part) => part.written === written);
}

/** Sounds, the last of which prints the part's code. */
function wayOf({ code, said }: SpokenPart, units: PhoneUnits): Way | undefined {
  const phones = said.split(' ').flatMap((syllable) => phonesOf(syllable));
  const alias = units.aliasId(code, phones.at(-1) ?? '');
  const ids = phones.slice(0, -1).map((phone) => units.phoneId(phone));
  if (alias === undefined) return undefined;
  const known = ids.filter((id) => id !== undefined);
  return known.length === ids.length ? [...known, alias] : undefined;
}

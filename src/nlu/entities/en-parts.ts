import type { DayPart } from './date-context.js';
import { exec } from './en-days.js';

/** Parts of the day in English, said without a day. */

export interface PartFound {
  readonly part: DayPart;
  readonly end: number;
  /** Nothing around it is needed to see that a part of the day is meant: "in the afternoon", not "afternoon". */
  readonly sure: boolean;
}

const WORDS = '(morning|afternoon|evening|night)s?(?![a-z])';
/** 1 the part with words of time before it, 2 the part without. */
const PART = new RegExp(
  `(?:(?:in|during)\\s+the\\s+(?:early\\s+|late\\s+)?${WORDS}|at\\s+(night)(?![a-z])|(?:the\\s+)?${WORDS})`,
  'y',
);
/** Greetings, and what happens again and again. */
const OTHERWISE_MEANT = /\b(?:good|every|each|all)\s+$/;
const FILLERS = /^(?:um+|uh+|er+|well|maybe|perhaps|probably|just|the|early|late|[\s,.])*$/;
const POLITE_END = /^(?:please|then|[\s,.!?])*$/;

/** The word for a part of the day. */
export function partNamed(word: string): DayPart {
  return (word === 'night' ? 'evening' : word) as DayPart;
}

/** The part of the day that begins at a place of the text, the beginning of a word. `wantsTime`: the question asked for a time. */
export function readEnPart(plain: string, at: number, wantsTime: boolean): PartFound | undefined {
  const match = exec(PART, plain, at);
  if (!match) return undefined;
  const end = at + match[0].length;
  const withPreposition = match[1] ?? match[2];
  if (withPreposition !== undefined) return { part: partNamed(withPreposition), end, sure: true };
  const before = plain.slice(0, at);
  if (OTHERWISE_MEANT.test(before)) return undefined;
  const sure = wantsTime || (FILLERS.test(before) && POLITE_END.test(plain.slice(end)));
  return { part: partNamed(match[3] ?? ''), end, sure };
}

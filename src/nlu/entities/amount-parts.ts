import { EN_NUMBER } from './en-number.js';
import type { Candidate, EntityContext } from './types.js';
import { ZH_NUMBER } from './zh-number.js';

const HALF = '半';
/** One captured number. */
export const Z = `(${ZH_NUMBER}|${HALF})`;
export const E = `(${EN_NUMBER})`;

export function makeCandidate(
  context: EntityContext,
  entity: string,
  value: unknown,
  start: number,
  end: number,
  priority: number,
): Candidate {
  const text = context.text.slice(start, end);
  const trimmed = text.trimEnd().length;
  return {
    entity,
    value,
    start,
    end: start + trimmed,
    text: text.slice(0, trimmed),
    confidence: 0.92,
    extractor: 'amounts',
    priority,
  };
}

/** Rounded to the cent. */
export const cents = (value: number) => Math.round(value * 100) / 100;

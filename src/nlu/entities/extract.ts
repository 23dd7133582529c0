import type { Entity, ParseOptions } from '../intent-model.js';
import { extractAddresses } from './addresses.js';
import { extractAmounts } from './amounts.js';
import { type CodeOptions, extractCodes } from './codes.js';
import { extractDates } from './dates.js';
import { extractEmails } from './email.js';
import { expectedKind } from './expected.js';
import { extractNames } from './names.js';
import { plainText } from './plain.js';
import { resolveOverlaps } from './resolve.js';
import type { Candidate, EntityContext } from './types.js';

export interface ExtractOptions extends ParseOptions, CodeOptions {}

const DEFAULT_TIME_ZONE = 'Asia/Shanghai';
/** Longer texts are cut: nobody answers a question with more. */
const MAX_CHARS = 1000;

/** Built-in entities of an utterance, with those given (the user's own) taking part in the resolution of overlaps. */
export function extractEntities(text: string, options: ExtractOptions = {}, own: readonly Candidate[] = []): Entity[] {
  const cut = text.length > MAX_CHARS ? text.slice(0, MAX_CHARS) : text;
  const context: EntityContext = {
    text: cut,
    plain: maskCounts(plainText(cut)),
    expected: expectedKind(options.expectedSlot),
    nowMs: options.nowMs ?? Date.now(),
    timeZone: options.timeZone ?? DEFAULT_TIME_ZONE,
  };
  return resolveOverlaps([
    ...own,
    ...extractCodes(context, options),
    ...extractEmails(context),
    ...extractDates(context),
    ...extractAmounts(context),
    ...extractNames(context),
    ...extractAddresses(context),
  ]);
}

/** "The last four digits are …": the four counts digits and is none. Blanked in place, so that spans hold. */
function maskCounts(plain: string): string {
  if (!plain.includes('last ')) return plain;
  return plain.replace(
    /\b(last )(two|three|four|five|six|\d)(?= (?:digits?|numbers?|is|are|of)\b|,)/g,
    (_all, last: string, count: string) => last + ' '.repeat(count.length),
  );
}

import type { Entity, ParseOptions } from '../intent-model.js';
import { type CodeOptions, extractCodes } from './codes.js';
import { expectedKind } from './expected.js';
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
    plain: plainText(cut),
    expected: expectedKind(options.expectedSlot),
    nowMs: options.nowMs ?? Date.now(),
    timeZone: options.timeZone ?? DEFAULT_TIME_ZONE,
  };
  return resolveOverlaps([...own, ...extractCodes(context, options)]);
}

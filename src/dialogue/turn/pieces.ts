import { longestDigitRun } from '../digits.js';
import type { TurnContext } from './context.js';
import { questionOf } from './question.js';
import { coerce, type Fill, isDigitSlot } from './slots.js';

/**
 * Numbers said in pieces: "二零二五", and, when the question has come again, "零四一五". What was said last turn and was too short is put before what is said now where
 * only both together are a number as the slot wants it. Where this message is an answer by itself nothing is joined.
 */
export function joinedDigits(ctx: TurnContext, fills: ReadonlyMap<string, Fill>): ReadonlyMap<string, Fill> {
  const question = questionOf(ctx.application, ctx.top);
  const { input } = ctx.message;
  if (question === undefined || question.pending !== undefined || input.type !== 'text') return fills;
  const { slot } = question;
  // Only an answer that was not understood leaves the same question open and a beginning behind.
  if (!isDigitSlot(slot) || slot.voice.lengths.length === 0 || fills.has(slot.name) || ctx.state.noMatch === 0)
    return fills;
  const before = ctx.tracker.events.findLast((event) => event.event === 'user');
  const first = before?.event === 'user' && before.input === 'text' ? longestDigitRun(before.text) : undefined;
  const second = longestDigitRun(input.text);
  if (first === undefined || second === undefined || !first.atEnd || !second.atEnd) return fills;
  const value = coerce(slot, first.digits + second.digits);
  if (value === undefined) return fills;
  return new Map(fills).set(slot.name, { slot: slot.name, value, confidence: input.confidence, weak: false });
}

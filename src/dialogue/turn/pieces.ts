import { longestDigitRun } from '../digits.js';
import type { TurnContext } from './context.js';
import { questionOf } from './question.js';
import { coerce, type Fill, isDigitSlot } from './slots.js';

/**
 * Numbers said in pieces: "二零二五", and, when the question has come again, "零四一五". What was said last turn and was too short is put before what is said now where
 * only both together are a number as the slot wants it; so is what is being read back, when more of it comes ("…二零二五，对吗?" "零四一五"). Where this message is an answer by itself nothing is joined.
 */
export function joinedDigits(ctx: TurnContext, fills: ReadonlyMap<string, Fill>): ReadonlyMap<string, Fill> {
  const question = questionOf(ctx.application, ctx.top);
  const { input } = ctx.message;
  if (question === undefined || input.type !== 'text') return fills;
  const { slot, pending } = question;
  if (!isDigitSlot(slot) || slot.voice.lengths.length === 0 || fills.has(slot.name)) return fills;
  const second = longestDigitRun(input.text);
  const first = pending === undefined ? beginning(ctx) : String(pending.value);
  if (first === undefined || second === undefined || !second.atEnd) return fills;
  const value = coerce(slot, first + second.digits);
  if (value === undefined) return fills;
  return new Map(fills).set(slot.name, { slot: slot.name, value, confidence: input.confidence, weak: false });
}

/** Digits that last turn's answer ended with. Only one that was not understood leaves the same question open and a beginning behind. */
function beginning(ctx: TurnContext): string | undefined {
  if (ctx.state.noMatch === 0) return undefined;
  const before = ctx.tracker.events.findLast((event) => event.event === 'user');
  const run = before?.event === 'user' && before.input === 'text' ? longestDigitRun(before.text) : undefined;
  return run?.atEnd === true ? run.digits : undefined;
}

import type { TurnContext } from './context.js';
import { dropPending, rewindTo } from './frames.js';
import type { Question } from './question.js';
import type { Fill } from './slots.js';
import { applyFills, heardConfidence } from './to-intent.js';

/** What actions of the application's own make of a message. */

/** What an action of the application's own has read is said, or answers nothing, whatever entities and intent make of the same words. */
export function takeRead(ctx: TurnContext, question: Question | undefined, fills: Map<string, Fill>): void {
  if (question?.pending !== undefined) return;
  for (const [slot, value] of ctx.read) {
    if (slot !== question?.slot.name || value === null) fills.delete(slot);
    else fills.set(slot, { slot, value, confidence: heardConfidence(ctx), weak: false });
  }
}

/**
 * What the application's own extractors have made of the message: an answer to the open question, or another value for what was answered before, from which it goes on anew. True
 * when it was one of these.
 */
export function takesExtracted(
  ctx: TurnContext,
  { slot: { name: asked } }: Question,
  before: Readonly<Record<string, unknown>>,
  fills: ReadonlyMap<string, Fill>,
): boolean {
  const frame = ctx.top;
  if (frame?.kind !== 'flow') return false;
  const changed = (slot: string): boolean =>
    JSON.stringify(before[slot] ?? null) !== JSON.stringify(ctx.state.slots[slot] ?? null);
  const corrected = frame.filled.filter(changed);
  const answered = changed(asked) && (ctx.state.slots[asked] ?? null) !== null;
  if (corrected.length === 0 && !answered) return false;
  const others = new Map([...fills].filter(([slot]) => !corrected.includes(slot)));
  if (answered) {
    dropPending(ctx);
    ctx.setNow.add(asked);
  }
  const replaced = applyFills(ctx, others, asked);
  rewindTo(ctx, [...corrected, ...replaced]);
  return true;
}

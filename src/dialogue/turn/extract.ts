import { runAction } from './act.js';
import type { TurnContext } from './context.js';
import { questionOf } from './question.js';
import { type FillScope, intentFits, mappingHolds } from './slots.js';

/** Slots whose mapping is an action of the application's own (`type: custom` with `action:`), and Rasa's `action_validate_slot_mappings`. */
export async function extractByActions(ctx: TurnContext): Promise<void> {
  const { extractors } = ctx.deps;
  if (extractors.length === 0) return;
  const scope = fillScope(ctx);
  const intent = ctx.parse?.intent.name ?? '';
  const names = extractors.filter(
    ({ mapping }) => mapping === undefined || (intentFits(mapping, intent) && mappingHolds(mapping, scope)),
  );
  for (const name of new Set(names.map(({ action }) => action))) if (!ctx.ended) await runAction(ctx, name, 'extract');
}

/** What is open, for whatever reads slots out of a message. */
export function fillScope(ctx: TurnContext): FillScope {
  return { loop: ctx.loop, requested: questionOf(ctx.application, ctx.top)?.slot.name, collected: ctx.deps.collected };
}

import type { SlotDefinition } from '../app/types.js';
import { runAction } from './act.js';
import type { TurnContext } from './context.js';

/** Values that callers give beside what they are asked: whoever asks for them later has them checked and confirmed as if they had been the answer. */

/** Runs `validate_{form}` or `validate_{slot}` where the application has it. False when the turn is over. */
export async function validated(ctx: TurnContext, slot: string): Promise<boolean> {
  const frame = ctx.top;
  if (frame === undefined || frame.kind === 'two_stage' || frame.pending !== undefined) return true;
  const names = [...(frame.kind === 'form' ? [`validate_${frame.form}`] : []), `validate_${slot}`];
  const action = names.find((name) => ctx.application.domain.actions.has(name));
  if (action !== undefined) await runAction(ctx, action, 'form');
  return !ctx.ended;
}

/** True for a slot whose value somebody has to look at before it counts. */
export function isChecked(ctx: TurnContext, name: string): boolean {
  const { slots, actions, forms } = ctx.application.domain;
  if (slots.get(name)?.voice.confirm === 'always' || actions.has(`validate_${name}`)) return true;
  return [...forms].some(
    ([form, { requiredSlots }]) => requiredSlots.includes(name) && actions.has(`validate_${form}`),
  );
}

/** The value that was given in passing has its turn: it is checked, and read back where that is always done. What to do then. */
export async function takePassing(
  ctx: TurnContext,
  slot: SlotDefinition,
  canConfirm: boolean,
): Promise<'known' | 'gone' | 'read back' | 'over'> {
  const value = ctx.state.slots[slot.name] ?? null;
  // From here on it counts, unless the check says something else.
  ctx.emit({ event: 'slot', name: slot.name, value });
  if (!(await validated(ctx, slot.name))) return 'over';
  const checked = ctx.state.slots[slot.name] ?? null;
  if (checked === null) {
    ctx.setNow.delete(slot.name);
    return 'gone';
  }
  const frame = ctx.top;
  if (slot.voice.confirm !== 'always' || !canConfirm || frame === undefined || frame.kind === 'two_stage')
    return 'known';
  ctx.emit({ event: 'slot', name: slot.name, value: null });
  ctx.replace({ ...frame, pending: { slot: slot.name, value: checked, confidence: 1 } });
  return 'read back';
}

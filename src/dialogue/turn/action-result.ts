import type { ActionReply, ActionResult } from '../actions/api.js';
import { RESULT_KEYS, SAY_KEYS } from '../actions/result.js';
import { BUILT_IN_SLOTS, fitted, READY_SLOTS, whatFits } from '../app/slot-values.js';
import type { TurnContext } from './context.js';

/** Does what an action gave back. What can't be used of it is left out and told: the rest still counts. Returns the action that comes next. */
export function applyResult(ctx: TurnContext, action: string, result: ActionResult): string | undefined {
  tellUnknownKeys(ctx, action, result, RESULT_KEYS);
  const given = Object.entries(result.slots ?? {});
  const together = new Set(given.map(([name]) => name));
  for (const [name, value] of given) applySlot(ctx, action, name, value ?? null, together);
  for (const reply of result.say ?? []) applyReply(ctx, action, reply);
  if (result.handOff !== undefined) ctx.handOff(result.handOff.reason, result.handOff.target);
  if (result.hangUp !== undefined) ctx.hangUp(result.hangUp.reason);
  if (result.followUp?.startsWith('utter_')) tellUnknown(ctx, action, result.followUp);
  return result.followUp;
}

function applySlot(
  ctx: TurnContext,
  action: string,
  name: string,
  value: unknown,
  together: ReadonlySet<string>,
): void {
  const slot = ctx.application.domain.slots.get(name);
  if (slot === undefined && !BUILT_IN_SLOTS.has(name) && !READY_SLOTS.has(name)) {
    tell(ctx, action, `sets the slot "${name}", which there is not: it was not stored`, ADD_SLOT);
    return;
  }
  const fitting = slot === undefined ? value : fitted(slot, value);
  if (slot !== undefined && fitting === undefined) {
    tell(
      ctx,
      action,
      `sets the ${slot.type} slot "${name}" to ${kindOf(value)} that does not fit it: it was not stored`,
      `Give back ${whatFits(slot)}, or give the slot another type.`,
    );
    return;
  }
  ctx.setSlot(name, fitting, { together });
  if (name === 'requested_slot') ctx.requested = typeof value === 'string' ? value : null;
}

function applyReply(ctx: TurnContext, action: string, reply: string | ActionReply): void {
  if (typeof reply === 'string') {
    if (ctx.say(reply)) return;
    if (reply.startsWith('utter_')) tellUnknown(ctx, action, reply);
    else ctx.sayText(reply);
    return;
  }
  tellUnknownKeys(ctx, action, reply, SAY_KEYS);
  if (reply.response !== undefined) {
    if (!ctx.say(reply.response, reply.values)) tellUnknown(ctx, action, reply.response);
  } else if (reply.text !== undefined) ctx.sayText(reply.text, reply.speech);
}

/** A response that has variations, and none for now, says nothing on purpose. */
function tellUnknown(ctx: TurnContext, action: string, response: string): void {
  if (ctx.knows(response)) return;
  tell(ctx, action, `says the response "${response}", which there is not: nothing was said`, ADD_RESPONSE);
}

function tellUnknownKeys(ctx: TurnContext, action: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  const names = unknown.map((key) => `"${key.slice(0, 50)}"`).join(', ');
  tell(ctx, action, `gives back ${names}, which nothing is done with`, `Use ${known.join(', ')}.`);
}

const ADD_SLOT = 'Add it to "slots:" of the domain, or correct the name.';
const ADD_RESPONSE = 'Add it to "responses:" of the domain, or correct the name.';
/** What kind of thing it is: the value itself may be a caller's, and does not belong into a log. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'number' ? 'a number' : 'a text';
}

/** A turn that is only tried out tells nothing: the real one will. */
function tell(ctx: TurnContext, action: string, what: string, hint: string): void {
  if (ctx.mode.rehearsal !== true) ctx.deps.onActionMisfit(action, `The action ${action} ${what}.`, hint);
}

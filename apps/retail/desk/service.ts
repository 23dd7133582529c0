import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { readCallbackTime } from './callback-time.js';
import { send, shopAction } from './shop-client.js';

/** Call-backs, and what the shop's accounts team has to look at. */

export const serviceActions: readonly ActionDefinition[] = [
  shopAction('action_create_payment_ticket', async (context) => {
    const text = `paid twice, one payment found: order ${String(context.slots.order_key)}`;
    const { status, body } = await send(context, 'POST', '/tickets', {
      text,
      order: context.slots.order_key,
      kind: 'payment',
    });
    return { slots: { ticket_number: status === 201 ? String(body.number) : null } };
  }),

  // Somebody who rings from a telephone need not say its number.
  {
    name: 'action_note_caller_number',
    lookup: true,
    run: (context) => {
      const number = callerNumber(context.sender);
      return { slots: { caller_number: number ?? null, caller_number_tail: number?.slice(-4) ?? null } };
    },
  },
  {
    name: 'action_use_caller_number',
    lookup: true,
    run: (context) => ({ slots: { callback_phone: context.slots.caller_number } }),
  },
  // Who says another number, asked whether this one will do, has said no.
  {
    name: 'action_read_other_number',
    lookup: true,
    run: ({ latest }) =>
      latest.entities.some(({ entity }) => entity === 'phone_number') ? { slots: { callback_same_number: false } } : {},
  },
  { name: 'action_read_callback_time', lookup: true, run: (context) => readTime(context) },
];

/** `sip:13800138000@…`, `+86 138…`: the mobile number in it, where there is one. */
function callerNumber(sender: string | undefined): string | undefined {
  return /(?:^|[:+]|\D)(?:0086|86)?(1[3-9]\d{9})(?=\D|$)/.exec(sender ?? '')?.[1];
}

function readTime(context: ActionContext): ActionResult {
  const time = readCallbackTime(context.slots.callback_time, context.nowMs, context.language);
  if (time.ok) return { slots: { callback_at: time.at, callback_when: time.words } };
  return { slots: { callback_time: null }, say: [`utter_callback_${time.why}`] };
}

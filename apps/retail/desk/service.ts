import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { readCallbackTime } from './callback-time.js';
import { send, shopAction } from './shop-client.js';

/** Complaints and call-backs. */

export const serviceActions: readonly ActionDefinition[] = [
  shopAction('action_create_ticket', async (context) => {
    const { status, body } = await send(context, 'POST', '/tickets', {
      text: context.slots.complaint_text,
      order: context.slots.order_key,
      kind: 'complaint',
    });
    return { slots: { ticket_number: status === 201 ? String(body.number) : null } };
  }),

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
    run: (context) => {
      const number = callerNumber(context.sender);
      return { slots: { caller_number: number ?? null, caller_number_tail: number?.slice(-4) ?? null } };
    },
  },
  {
    name: 'action_use_caller_number',
    run: (context) => ({ slots: { callback_phone: context.slots.caller_number } }),
  },
  { name: 'action_read_callback_time', run: (context) => readTime(context) },

  shopAction('action_create_callback', async (context) => {
    const { status } = await send(context, 'POST', '/callbacks', {
      phone: context.slots.callback_phone,
      at: context.slots.callback_at,
    });
    return { slots: { callback_created: status === 201 } };
  }),
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

import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { readCallbackTime } from './callback-time.js';
import { changedPhone } from './phone-change.js';
import { saysOtherNumber, saysThisNumber } from './said.js';
import { send, shopAction, textSlot } from './shop-client.js';
import { isChinese } from './words.js';

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
      return {
        slots: { caller_number: number ?? null, caller_number_tail: number?.slice(-4) ?? null, callback_day: null },
      };
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
    run: ({ latest }) => {
      const other = latest.entities.some(({ entity }) => entity === 'phone_number') || saysOtherNumber(latest.text);
      if (other) return { slots: { callback_same_number: false } };
      return saysThisNumber(latest.text) ? { slots: { callback_same_number: true } } : {};
    },
  },
  { name: 'action_read_number_change', lookup: true, run: (context) => readNumberChange(context) },
  { name: 'action_read_callback_time', lookup: true, run: (context) => readTime(context) },
];

/** `sip:13800138000@…`, `+86 138…`: the mobile number in it, where there is one. */
function callerNumber(sender: string | undefined): string | undefined {
  return /(?:^|[:+]|\D)(?:0086|86)?(1[3-9]\d{9})(?=\D|$)/.exec(sender ?? '')?.[1];
}

/** Some digits of the number put right, or the number asked for again; whole numbers are read as such. */
function readNumberChange(context: ActionContext): ActionResult {
  const known = textSlot(context, 'callback_phone');
  if (known === '' || context.latest.entities.some(({ value }) => /^\d{10,}$/.test(String(value)))) return {};
  const change = changedPhone(known, context.latest.text, isChinese(context.language));
  if (change === undefined) return {};
  if (change === 'other') return { slots: { callback_phone: null } };
  return { slots: { callback_phone: change.number }, say: ['utter_callback_phone_changed'] };
}

function readTime(context: ActionContext): ActionResult {
  const day = textSlot(context, 'callback_day');
  const time = readCallbackTime(context.slots.callback_time, context.nowMs, context.language, day);
  if (!time.ok) return { slots: { callback_time: null }, say: [`utter_callback_${time.why}`] };
  const tail = textSlot(context, 'callback_phone').slice(-4);
  return {
    slots: { callback_at: time.at, callback_when: time.words, callback_day: time.at.slice(0, 10), callback_tail: tail },
  };
}

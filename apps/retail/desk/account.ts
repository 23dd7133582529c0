import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { taxNumberOf } from '../shop/checks.js';
import { companyAfterKind, companyNamed, isOnlyKind, saysCodeIsMissing } from './said.js';
import { get, orderPath, send, shopAction, shopLookup, textSlot } from './shop-client.js';
import { inFigures } from './spoken-digits.js';
import { isChinese, levelName } from './words.js';

/** Invoices, points, passwords, payments. */

const order = (context: ActionContext): unknown => context.slots.order_key;

export const accountActions: readonly ActionDefinition[] = [
  shopLookup('action_check_invoice', async (context) => {
    const { body } = await get(context, orderPath(context, 'invoice'));
    return { slots: { invoice_state: body.state, invoice_issued_to: body.title ?? null } };
  }),

  // "公司的，杭州云启科技有限公司": who says the kind and the name together need not say the name again.
  {
    name: 'action_read_invoice_title',
    lookup: true,
    run: ({ latest }) => {
      const title = companyAfterKind(latest.text);
      return title === undefined ? {} : { slots: { invoice_title: title }, say: ['utter_invoice_title_noted'] };
    },
  },

  {
    name: 'action_read_no_title',
    lookup: true,
    run: ({ latest }) => (isOnlyKind(latest.text) ? { slots: { invoice_title: null } } : {}),
  },

  {
    name: 'action_read_other_title',
    lookup: true,
    run: ({ latest }) => {
      const title = companyNamed(latest.text);
      return title === undefined ? {} : { slots: { invoice_title: title }, say: ['utter_invoice_title_noted'] };
    },
  },

  { name: 'action_read_tax_number', lookup: true, run: (context) => readTaxNumber(context) },

  shopAction('action_create_invoice', async (context) => {
    const kind = context.slots.invoice_kind;
    const taxNumber = textSlot(context, 'tax_number');
    const later = taxNumber === 'later';
    const { status } = await send(context, 'POST', '/invoices', {
      order: order(context),
      kind,
      email: context.slots.invoice_email,
      ...(kind === 'company' ? { title: context.slots.invoice_title } : {}),
      ...(taxNumber === '' || later ? {} : { taxNumber }),
      taxNumberLater: later,
    });
    if (status === 201 && later) await send(context, 'POST', '/messages', { order: order(context), kind: 'tax_form' });
    return { slots: { invoice_created: status === 201 } };
  }),

  shopAction('action_resend_invoice', async (context) => {
    const { status } = await send(context, 'POST', '/messages', { order: order(context), kind: 'invoice' });
    return { slots: { invoice_created: status === 201 } };
  }),

  shopLookup('action_look_up_member', async (context) => {
    const phone = encodeURIComponent(textSlot(context, 'account_phone'));
    const { status, body } = await get(context, `/members/${phone}`);
    if (status !== 200) return { slots: { member_found: false } };
    const expiring = Number(body.expiring ?? 0);
    return {
      slots: {
        member_found: true,
        member_level: levelName(body.level, context.language),
        member_points: body.points,
        member_expiring: expiring > 0 ? expiring : null,
        member_next: body.nextLevel === undefined ? null : levelName(body.nextLevel, context.language),
        member_to_next: body.pointsToNext ?? null,
      },
    };
  }),

  shopAction('action_send_code', async (context) => {
    const { status, body } = await send(context, 'POST', '/codes', { phone: context.slots.account_phone });
    return { slots: { code_sent: status === 202, code_token: body.token ?? null } };
  }),

  {
    name: 'action_read_code_missing',
    lookup: true,
    run: ({ latest }) => (saysCodeIsMissing(latest.text) ? { slots: { reset_code: 'again' } } : {}),
  },

  shopAction('action_reset_password', async (context) => {
    const { account_phone: phone, reset_code: code, code_token: token } = context.slots;
    const { status } = await send(context, 'POST', '/password-resets', { phone, code, token });
    const failures = Number(context.slots.code_failures ?? 0) + (status === 201 ? 0 : 1);
    const outcome =
      status === 201 ? 'done' : status === 429 || failures > 2 ? 'locked' : status === 410 ? 'old' : 'wrong';
    return { slots: { reset_outcome: outcome, code_failures: outcome === 'done' ? 0 : failures } };
  }),

  shopLookup('action_check_payments', async (context) => {
    const { body } = await get(context, orderPath(context, 'payments'));
    const times = Number(body.times ?? 0);
    if (body.cancelled === true) return { slots: { payment_found: 'cancelled', payment_amount: body.amountYuan } };
    const found = body.refunded === true ? 'refunded' : times === 0 ? 'unpaid' : times === 1 ? 'once' : 'twice';
    return { slots: { payment_found: found, payment_amount: body.amountYuan } };
  }),

  shopAction('action_send_payment_link', async (context) => {
    const { status } = await send(context, 'POST', '/messages', { order: order(context), kind: 'payment_link' });
    return { slots: { link_sent: status === 201 } };
  }),

  shopAction('action_refund_double', async (context) => {
    const { status, body } = await send(context, 'POST', '/refunds', { order: order(context) });
    return { slots: { refund_number: status === 201 ? String(body.number) : null } };
  }),
];

/**
 * A tax number has eighteen letters and digits with a check character: one wrong sound and it does not fit. After two tries on the phone the caller gets a text
 * message to type it in ("later").
 */
function readTaxNumber(context: ActionContext): ActionResult {
  const number = taxNumberOf(spokenCode(textSlot(context, 'tax_number'), context.language));
  if (number !== undefined) return { slots: { tax_number: number, tax_failures: 0 } };
  const failures = Number(context.slots.tax_failures ?? 0) + 1;
  if (failures > 1)
    return { slots: { tax_number: 'later', tax_failures: failures }, say: ['utter_tax_number_by_message'] };
  return { slots: { tax_number: null, tax_failures: failures }, say: ['utter_tax_number_wrong'] };
}

function spokenCode(said: string, language: string): string {
  return inFigures(said, isChinese(language)).replace(/[^0-9a-z]/gi, '');
}

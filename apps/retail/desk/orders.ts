import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { get, orderPath, type ShopAnswer, send, shopAction, shopLookup, textSlot } from './shop-client.js';
import { dayCount, daysAgo, inWords } from './words.js';

/** Which order it is, where it is, and whether the caller is its owner. */

export const orderActions: readonly ActionDefinition[] = [
  shopLookup('action_look_up_order', async (context) => {
    const said = textSlot(context, 'order_number');
    // Looked up a moment ago, in the same conversation and language.
    const known = context.slots.order_found === true && textSlot(context, 'order_key').endsWith(said);
    if (known && textSlot(context, 'order_language') === context.language) return {};
    const { status, body } = await orderOf(context, said);
    const order_part = status !== 200 && said.length === 4 ? said : null;
    if (status === 409) return { slots: { order_found: false, order_lookup: 'several', order_part } };
    if (status !== 200)
      return { slots: { order_found: false, order_lookup: 'unknown', order_part, ...failure(context) } };
    const days = Number(body.days ?? 0);
    const where = inWords(body.where, context.language);
    return {
      slots: {
        ...(String(body.number).endsWith(said) ? {} : { order_number: body.number }),
        order_part: null,
        order_found: true,
        order_lookup: 'found',
        lookup_failures: 0,
        order_key: body.number,
        order_language: context.language,
        order_state: body.state,
        order_item: inWords(body.item, context.language),
        order_in: dayCount(days, context.language),
        order_when: body.state === 'delivered' ? daysAgo(days, context.language) : null,
        order_where: where === '' ? null : where,
        order_paid: body.paid !== false,
        order_amount: body.amountYuan,
        order_size: body.size ?? null,
        order_colour: body.colour ?? null,
        order_sizes: body.sizes,
        order_colours: body.colours,
      },
    };
  }),

  // Whoever knows the number of an order hears how it stands. What is personal (address, money, invoices) is for its owner only.
  shopAction('action_check_identity', async (context) => {
    const phoneTail = textSlot(context, 'phone_tail');
    const { status } = await send(context, 'POST', orderPath(context, 'identity'), { phoneTail });
    if (status === 200) return { slots: { identity: 'confirmed', identity_failures: 0 } };
    const failures = Number(context.slots.identity_failures ?? 0) + 1;
    const identity = status === 429 || failures > 2 ? 'locked' : 'wrong';
    return { slots: { identity, identity_failures: failures, phone_tail: null } };
  }),

  { name: 'action_match_item', lookup: true, run: (context) => matchItem(context) },
];

/** "另外那个耳机我想退", where the order known is one of shoes: it is another order, and it is asked which. */
function matchItem(context: ActionContext): ActionResult {
  const item = textSlot(context, 'order_item');
  const { entities, text } = context.latest;
  const numbered = entities.some(({ entity }) => entity === 'order_number' || entity === 'digits');
  if (item === '' || numbered || textSlot(context, 'order_language') !== context.language) return {};
  // What it shall be changed for is no part of the order.
  if (/成|\bfor an?\b/i.test(text)) return {};
  const named = entities.flatMap(({ entity, value }) => (entity === 'product' ? [String(value)] : []));
  if (named.length === 0 || named.some((name) => isSameItem(name, item))) return {};
  return {
    slots: { order_number: null },
    say: [{ response: 'utter_other_item', values: { named_item: named[0] } }],
  };
}

/** Callers say 衣服 of any garment, 鞋 of 皮鞋, 裙子 of 连衣裙, "shoes" of a pair of running shoes. */
export function isSameItem(named: string, item: string): boolean {
  if (
    /^(?:衣服|clothes|coat|jacket|外套)$/i.test(named) &&
    /外套|羽绒服|衬衫|裙|睡衣|coat|jacket|shirt|dress/i.test(item)
  )
    return true;
  if (/^[a-z]/i.test(named)) return ` ${item} `.toLowerCase().includes(` ${named.toLowerCase()} `);
  return item.includes(named.replace(/子$/u, '')) || named.includes(item);
}

/** Four digits that led to no order may have been half of the number: with the four said now they are tried first, and the four alone after that. */
async function orderOf(context: ActionContext, said: string): Promise<ShopAnswer> {
  const part = textSlot(context, 'order_part');
  const joined = said.length !== 4 || part === '' || part === said ? [] : [`${part}${said}`];
  // Who was told that several orders end like this says the digits before them.
  if (joined.length > 0 && context.slots.order_lookup === 'several') joined.push(`${said}${part}`);
  for (const number of joined) {
    const answer = await get(context, `/orders/${number}`);
    if (answer.status === 200) return answer;
  }
  return get(context, `/orders/${encodeURIComponent(said)}`);
}

function failure(context: ActionContext): ActionResult['slots'] {
  return { lookup_failures: Number(context.slots.lookup_failures ?? 0) + 1 };
}

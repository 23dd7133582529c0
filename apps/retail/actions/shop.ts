import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import type { Order } from '../shop/data.js';
import { type Shop, startShop } from '../shop/server.js';

/** What the retail dialogue does in the shop's back end. */

const RETURN_DAYS = 7;
const TIMEOUT_MS = 4000;

let sample: Promise<Shop> | undefined;

/** The shop named in endpoints.yml, else the sample one, started when it is first needed. */
async function shopUrl(context: ActionContext): Promise<string> {
  const url = context.endpoints.shop?.url;
  if (typeof url === 'string') return url.replace(/\/$/, '');
  sample ??= startShop();
  return (await sample).url;
}

export async function close(): Promise<void> {
  const running = sample;
  sample = undefined;
  await (await running)?.stop();
}

async function findOrder(context: ActionContext): Promise<Order | undefined> {
  const number = encodeURIComponent(String(context.slots.order_number ?? ''));
  const response = await fetch(`${await shopUrl(context)}/orders/${number}`, { signal: context.signal });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`the shop answered ${response.status}`);
  return (await response.json()) as Order;
}

async function create(context: ActionContext, path: string, body: Record<string, unknown>): Promise<string> {
  const response = await fetch(`${await shopUrl(context)}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, key: `${context.conversationId}-${context.turn}` }),
    signal: context.signal,
  });
  if (!response.ok) throw new Error(`the shop answered ${response.status}`);
  return String(((await response.json()) as { number: unknown }).number);
}

const lookUpOrder: ActionDefinition = {
  name: 'action_look_up_order',
  timeoutMs: TIMEOUT_MS,
  async run(context): Promise<ActionResult> {
    const order = await findOrder(context);
    if (order === undefined) {
      return { slots: { order_found: false, lookup_failures: Number(context.slots.lookup_failures ?? 0) + 1 } };
    }
    const item = context.language.startsWith('zh') ? order.item['zh-CN'] : order.item.en;
    return {
      slots: {
        order_found: true,
        order_state: order.state,
        order_item: item,
        order_days: order.days,
        lookup_failures: 0,
      },
    };
  },
};

const checkReturn: ActionDefinition = {
  name: 'action_check_return',
  timeoutMs: TIMEOUT_MS,
  run: (context) => ({ slots: { return_problem: returnProblem(context.slots) } }),
};

function returnProblem(slots: Readonly<Record<string, unknown>>): string {
  if (slots.order_state === 'cancelled') return 'cancelled';
  if (slots.order_state !== 'delivered') return 'not_delivered';
  return Number(slots.order_days) > RETURN_DAYS ? 'too_late' : 'none';
}

const createReturn: ActionDefinition = {
  name: 'action_create_return',
  timeoutMs: TIMEOUT_MS,
  run: async (context) => ({
    slots: { return_number: await create(context, '/returns', { order: context.slots.order_number }) },
  }),
};

const createTicket: ActionDefinition = {
  name: 'action_create_ticket',
  timeoutMs: TIMEOUT_MS,
  run: async (context) => ({
    slots: { ticket_number: await create(context, '/tickets', { text: context.slots.complaint_text }) },
  }),
};

export default [lookUpOrder, checkReturn, createReturn, createTicket];

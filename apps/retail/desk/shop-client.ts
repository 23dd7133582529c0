import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { type Shop, startShop } from '../shop/server.js';
import { askJson, KeptSilent } from './http.js';

/** How actions talk to the shop's back end, and what becomes of it when the shop is slow, out of order or says no. */

export interface ShopAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The shop gave no answer that could be used. The flows go on with `shop_trouble`. */
export class ShopTrouble extends Error {}

/** A caller waits at most this long for one answer of the shop (`timeout_ms` of endpoints.yml makes it shorter); they hear "one moment" meanwhile. */
const ANSWER_LIMIT_MS = 4000;
const PAUSE_BEFORE_RETRY_MS = 200;

/** The sample shop; while recordings are replayed each conversation has its own, so that none feels what another one did. */
const samples = new Map<string, Promise<Shop>>();
const OWN_SHOPS = process.env.APP_REPLAY !== undefined;
/** Conversations that are under way at once are fewer. */
const MOST_SAMPLES = 200;

/** The shop that the environment names (tests and simulated callers do), else that of endpoints.yml, else the sample one, started when it is first needed. */
async function shopUrl(context: ActionContext): Promise<string> {
  const { url: named, port } = context.endpoints.shop ?? {};
  const url = process.env.APP_SHOP_URL ?? named;
  if (typeof url === 'string') return url.replace(/\/$/, '');
  const owner = OWN_SHOPS ? context.conversationId : '';
  const sample = samples.get(owner) ?? startShop(shopOptions(context, port));
  samples.set(owner, sample);
  const [oldest] = samples;
  if (oldest !== undefined && samples.size > MOST_SAMPLES) {
    samples.delete(oldest[0]);
    void oldest[1].then((shop) => shop.stop());
  }
  return (await sample).url;
}

function shopOptions(context: ActionContext, port: unknown): Parameters<typeof startShop>[0] {
  // The numbers it gives out hold the date: in a replay that of the call.
  if (OWN_SHOPS) return { now: () => context.nowMs };
  return typeof port === 'number' ? { port } : {};
}

export async function closeSampleShop(): Promise<void> {
  const running = [...samples.values()];
  samples.clear();
  for (const shop of running) await (await shop).stop();
}

/** Asks for something. A shop that stumbles is asked once more; one that keeps silent is not. */
export async function get(context: ActionContext, path: string): Promise<ShopAnswer> {
  try {
    const answer = await once(context, 'GET', path);
    if (answer.status < 500) return answer;
  } catch (error) {
    if (error instanceof ShopTrouble) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, PAUSE_BEFORE_RETRY_MS));
  return usable(await once(context, 'GET', path));
}

/** Does something. The key makes sure that the same turn does it once, however often it is sent. */
export async function send(
  context: ActionContext,
  method: 'POST' | 'PUT',
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<ShopAnswer> {
  const key = `${context.conversationId}-${context.turn}-${path}`;
  return usable(await once(context, method, path, { ...body, key }));
}

async function once(
  context: ActionContext,
  method: string,
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<ShopAnswer> {
  const wanted = context.endpoints.shop?.timeout_ms;
  const limitMs = typeof wanted === 'number' ? Math.min(wanted, ANSWER_LIMIT_MS) : ANSWER_LIMIT_MS;
  try {
    const url = `${await shopUrl(context)}${path}`;
    const answer = await askJson(url, { method, body, limitMs, signal: context.signal });
    return { status: answer.status, body: isRecord(answer.body) ? answer.body : {} };
  } catch (error) {
    if (error instanceof KeptSilent) throw new ShopTrouble('the shop kept silent', { cause: error });
    throw error;
  }
}

function usable(answer: ShopAnswer): ShopAnswer {
  if (answer.status >= 500) throw new ShopTrouble(`the shop answered ${answer.status}`);
  return answer;
}

/** An action that needs the shop: what goes wrong there is told by the slot `shop_trouble`, for the flow to say something sensible. */
export function shopAction(
  name: string,
  run: (context: ActionContext) => Promise<ActionResult>,
  { lookup = false }: Pick<ActionDefinition, 'lookup'> = {},
): ActionDefinition {
  return {
    name,
    lookup,
    timeoutMs: 2 * ANSWER_LIMIT_MS + 1000,
    async run(context) {
      try {
        const result = await run(context);
        return { ...result, slots: { shop_trouble: false, ...result.slots } };
      } catch (error) {
        if (context.signal.aborted) throw error;
        return { slots: { shop_trouble: true } };
      }
    },
  };
}

/** The same for one that only asks and changes nothing: it may be run while the caller is still talking. */
export function shopLookup(name: string, run: (context: ActionContext) => Promise<ActionResult>): ActionDefinition {
  return shopAction(name, run, { lookup: true });
}

/** Path of the order that is being talked about. */
export function orderPath(context: ActionContext, part = ''): string {
  const number = String(context.slots.order_key ?? context.slots.order_number ?? '');
  return `/orders/${encodeURIComponent(number)}${part === '' ? '' : `/${part}`}`;
}

export function textSlot(context: ActionContext, name: string): string {
  const value = context.slots[name];
  return typeof value === 'string' ? value : '';
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

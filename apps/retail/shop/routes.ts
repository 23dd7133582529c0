import { createHmac } from 'node:crypto';
import { CATALOGUE } from './catalogue.js';
import { emailOf, oneOf, phoneOf, taxNumberOf, textOf } from './checks.js';
import { CurrentOrders, priceYuan, timesPaid } from './current-orders.js';
import { LEVELS, MEMBERS } from './members.js';
import { ORDERS } from './orders.js';
import { cancelVerdict, exchangeProblem, inStock, returnVerdict } from './policy.js';
import { type Entry, type Records, Tries } from './records.js';
import type { Address, Invoice, Member, Order } from './types.js';

/** What the shop answers. Pure HTTP in, HTTP out; the server around it reads and writes the bytes. */

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined when there was none or it was no JSON object. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** Wrong last digits of a phone number, and wrong codes, until nobody is let in any more. */
const MOST_TRIES = 5;
const CODE_LIVES_MS = 5 * 60_000;
const REFUND_DAYS = 3;

export class Routes {
  readonly #records: Records;
  readonly #now: () => number;
  readonly #code: string;
  readonly #orders = new CurrentOrders();
  readonly #tries = new Tries();
  readonly #addresses = new Map<string, Address>();
  readonly #invoices = new Map<string, Invoice>();

  /** `code`: what the sample sends as a text message every time, for there is no phone to send it to. */
  constructor(records: Records, now: () => number, code: string) {
    this.#records = records;
    this.#now = now;
    this.#code = code;
  }

  answer(ask: Ask): Answer {
    const [, first = '', second = '', third = ''] = ask.path.split('/').map(decode);
    if (ask.method === 'GET' && first === 'health') return ok({ orders: ORDERS.length, members: MEMBERS.length });
    if (first === 'orders') return this.#order(ask, second, third);
    if (ask.method === 'GET' && first === 'members') return member(second);
    if (ask.method === 'GET' && first === 'written') return this.#written(second, ask.query.get('key') ?? '');
    if (ask.method !== 'POST') return problem(404, 'not found');
    const { body } = ask;
    const key = textOf(body?.key, 200);
    if (body === undefined || key === undefined) return problem(400, 'send a JSON object with a key');
    switch (first) {
      case 'returns':
        return this.#return(body, key);
      case 'exchanges':
        return this.#exchange(body, key);
      case 'cancellations':
        return this.#cancel(body, key);
      case 'invoices':
        return this.#invoice(body, key);
      case 'refunds':
        return this.#refundTwice(body, key);
      case 'messages':
        return this.#message(body, key);
      case 'codes':
        return this.#sendCode(body, key);
      case 'password-resets':
        return this.#reset(body, key);
      case 'tickets': {
        const text = textOf(body.text, 2000);
        return text === undefined ? problem(400, 'text is missing') : this.#write('ticket', key, { ...body, text });
      }
      default:
        return problem(404, 'not found');
    }
  }

  /** What one conversation brought about; whoever does not know its id learns nothing. */
  #written(kind: string, key: string): Answer {
    if (key.length < 8) return problem(400, 'key must be the beginning of a key, at least 8 characters');
    const entries = this.#records.under(kind, key).map(({ number, data }) => ({ ...data, number }));
    return ok({ entries });
  }

  #order({ method, query, body }: Ask, number: string, part: string): Answer {
    if (!/^(?:\d{4}|\d{8})$/.test(number)) return problem(404, 'no such order');
    const found = this.#orders.ending(number);
    const [order] = found;
    if (order === undefined) return problem(404, 'no such order');
    if (found.length > 1) return problem(409, 'several orders end in these digits');
    if (method === 'PUT' && part === 'address') return this.#changeAddress(order, body);
    if (method === 'POST' && part === 'identity') return this.#identify(order, body);
    if (method !== 'GET') return problem(404, 'not found');
    switch (part) {
      case '':
        return ok(view(order));
      case 'cancellation':
        return ok({ ...cancelVerdict(order) });
      case 'return':
        return ok({ ...returnVerdict(order) });
      case 'refund':
        return ok({ state: 'none', amountYuan: 0, days: 0, ...this.#refundOf(order), bankDays: REFUND_DAYS });
      case 'exchange': {
        const size = query.get('size') ?? undefined;
        const colour = query.get('colour') ?? undefined;
        const [ofSize, ofColour] = [size ?? order.size, colour ?? order.colour];
        const { sizes = [], colours = [] } = CATALOGUE[order.sku] ?? {};
        return ok({
          problem: exchangeProblem(order),
          inStock: inStock(order.sku, ofSize, ofColour),
          sizesLeft: sizes.filter((each) => inStock(order.sku, each, ofColour)),
          coloursLeft: colours.filter((each) => inStock(order.sku, ofSize, each)),
        });
      }
      case 'invoice': {
        const possible = order.state !== 'cancelled' && order.state !== 'unpaid';
        // One that was sent before the order was cancelled is void.
        const issued = possible ? (this.#invoices.get(order.number) ?? order.invoice) : undefined;
        return ok(
          issued === undefined
            ? { state: possible ? 'none' : 'impossible' }
            : { state: 'issued', kind: issued.kind, title: issued.title, email: masked(issued.email) },
        );
      }
      case 'payments': {
        const cancelled = order.state === 'cancelled';
        const refunded = this.#isRefunded(order);
        return ok({ times: timesPaid(order), amountYuan: priceYuan(order), refunded, cancelled });
      }
      default:
        return problem(404, 'not found');
    }
  }

  /** The last four digits of the phone number that the order was placed with. The number itself is never given out. */
  #identify(order: Order, body: Ask['body']): Answer {
    const said = textOf(body?.phoneTail, 20);
    if (said === undefined || !/^\d{4,11}$/.test(said))
      return problem(400, 'phoneTail must be four digits, or the whole number');
    if (this.#tries.count(order.number) > MOST_TRIES) return problem(429, 'too many tries');
    const phone = MEMBERS.find((each) => each.id === order.member)?.phone ?? '';
    if (!phone.endsWith(said)) return problem(403, 'these are not the digits');
    this.#tries.clear(order.number);
    return ok({ ok: true });
  }

  #changeAddress(order: Order, body: Ask['body']): Answer {
    const area = textOf(body?.area, 200);
    const detail = textOf(body?.detail, 200);
    if (area === undefined || detail === undefined) return problem(400, 'area or detail is missing');
    if (order.state !== 'preparing' && order.state !== 'unpaid') return problem(409, 'it has left already');
    if (this.#addresses.size < 10_000) this.#addresses.set(order.number, { area, detail });
    return ok({ area, detail });
  }

  /** Only for its owner: it can't be taken back. The same key again has the same answer, although the order is cancelled by then. */
  #cancel(body: Record<string, unknown>, key: string): Answer {
    const order = this.#orders.of(body.order);
    if (order === undefined) return problem(404, 'no such order');
    const owner = this.#identify(order, body);
    if (owner.status !== 200) return owner;
    const done = this.#records.find('cancellation', key);
    if (done?.data.order === order.number) return cancelled(done);
    const verdict = cancelVerdict(order);
    if (done !== undefined) return problem(409, 'this key was for another order');
    if (verdict.problem !== 'none') return problem(409, verdict.problem);
    const times = timesPaid(order) - (this.#isRefunded(order) ? 1 : 0);
    const refundYuan = times * priceYuan(order);
    this.#orders.cancel(order, refundYuan);
    return cancelled(this.#records.add('cancellation', key, { order: order.number, refundYuan }));
  }

  /** A return that was arranged brings the money back, as soon as the parcel is there. */
  #refundOf(order: Order): Order['refund'] {
    const returned = this.#records.all('return').some((entry) => entry.data.order === order.number);
    const refused = order.refund === undefined || order.refund.state === 'refused';
    return returned && refused ? { state: 'waiting', amountYuan: priceYuan(order), days: 0 } : order.refund;
  }

  /** What was paid a second time has gone back. */
  #isRefunded(order: Order): boolean {
    return this.#records.all('refund').some((entry) => entry.data.order === order.number);
  }

  #return(body: Record<string, unknown>, key: string): Answer {
    const order = this.#orders.of(body.order);
    if (order === undefined) return problem(404, 'no such order');
    const verdict = returnVerdict(order);
    if (verdict.problem !== 'none' && !(verdict.problem === 'only_if_faulty' && body.faulty === true))
      return problem(409, verdict.problem);
    return this.#write('return', key, { order: order.number, faulty: body.faulty === true });
  }

  #exchange(body: Record<string, unknown>, key: string): Answer {
    const order = this.#orders.of(body.order);
    if (order === undefined) return problem(404, 'no such order');
    const size = textOf(body.size, 10);
    const colour = textOf(body.colour, 20);
    if (exchangeProblem(order) !== 'none') return problem(409, exchangeProblem(order));
    if (!inStock(order.sku, size ?? order.size, colour ?? order.colour)) return problem(409, 'sold_out');
    return this.#write('exchange', key, { order: order.number, size, colour, faulty: body.faulty === true });
  }

  #invoice(body: Record<string, unknown>, key: string): Answer {
    const order = this.#orders.of(body.order);
    if (order === undefined) return problem(404, 'no such order');
    if (order.state === 'cancelled' || order.state === 'unpaid') return problem(409, 'nothing was paid');
    const kind = oneOf(body.kind, ['personal', 'company'] as const);
    const title =
      textOf(body.title, 100) ??
      (kind === 'personal' ? (MEMBERS.find((each) => each.id === order.member)?.name ?? '') : undefined);
    const email = emailOf(body.email);
    const taxNumber = taxNumberOf(body.taxNumber);
    if (kind === undefined || title === undefined) return problem(400, 'kind or title is wrong');
    if (email === undefined) return problem(400, 'email is wrong');
    if (kind === 'company' && taxNumber === undefined && body.taxNumberLater !== true)
      return problem(400, 'taxNumber is wrong');
    if (this.#invoices.size < 10_000) this.#invoices.set(order.number, { kind, title, email });
    return this.#write('invoice', key, { order: order.number, kind, title, email, taxNumber });
  }

  #refundTwice(body: Record<string, unknown>, key: string): Answer {
    const order = this.#orders.of(body.order);
    if (order === undefined) return problem(404, 'no such order');
    if (timesPaid(order) < 2) return problem(409, 'it was paid once');
    const known = this.#records.find('refund', key) !== undefined;
    if (order.state === 'cancelled' && !known) return problem(409, 'it was cancelled, all of it goes back');
    return this.#write('refund', key, { order: order.number, amountYuan: priceYuan(order) });
  }

  /** A text message to the phone number of an order: a link to pay, the invoice once more, or a form for what can't be spoken. */
  #message(body: Record<string, unknown>, key: string): Answer {
    const order = this.#orders.of(body.order);
    const kind = oneOf(body.kind, ['payment_link', 'invoice', 'tax_form', 'return_label'] as const);
    if (order === undefined || kind === undefined) return problem(400, 'order or kind is wrong');
    if (kind === 'payment_link' && order.state === 'cancelled') return problem(409, 'it was cancelled');
    return this.#write('message', key, { order: order.number, kind });
  }

  /** The answer is the same whether anybody has this number: a stranger learns nothing. The token says when the code was sent, and to whom. */
  #sendCode(body: Record<string, unknown>, key: string): Answer {
    const phone = phoneOf(body.phone);
    if (phone === undefined) return problem(400, 'phone is wrong');
    if (MEMBERS.some((each) => each.phone === phone))
      this.#records.add('message', `code:${key}`, { phone, kind: 'code' });
    return { status: 202, body: { token: signed(`${phone}.${this.#now()}`) } };
  }

  #reset(body: Record<string, unknown>, key: string): Answer {
    const phone = phoneOf(body.phone);
    if (phone === undefined) return problem(400, 'phone is wrong');
    if (this.#tries.count(`code:${phone}`) > MOST_TRIES) return problem(429, 'too many tries');
    const token = textOf(body.token, 200) ?? '';
    const [of, sent] = token.split('.');
    if (of !== phone || signed(`${of}.${sent}`) !== token) return problem(400, 'token is wrong');
    if (this.#now() - Number(sent) > CODE_LIVES_MS) return problem(410, 'the code is too old');
    if (body.code !== this.#code || !MEMBERS.some((each) => each.phone === phone)) return problem(403, 'wrong code');
    this.#tries.clear(`code:${phone}`);
    return this.#write('password-reset', key, { phone });
  }

  #write(kind: string, key: string, data: Readonly<Record<string, unknown>>): Answer {
    return { status: 201, body: { number: this.#records.add(kind, key, data).number } };
  }
}

function view(order: Order): Readonly<Record<string, unknown>> {
  const product = CATALOGUE[order.sku];
  return {
    number: order.number,
    item: product?.name,
    category: product?.category,
    amountYuan: product?.priceYuan,
    state: order.state,
    paid: timesPaid(order) > 0,
    days: order.days,
    size: order.size,
    colour: order.colour,
    sizes: product?.sizes ?? [],
    colours: product?.colours ?? [],
    where: order.where,
  };
}

function member(phone: string): Answer {
  const found = phoneOf(phone) === undefined ? undefined : MEMBERS.find((each) => each.phone === phone);
  if (found === undefined) return problem(404, 'no such member');
  return ok({ level: found.level, points: found.points, expiring: found.expiring, ...next(found) });
}

function next(found: Member): { readonly nextLevel?: string; readonly pointsToNext?: number } {
  const level = LEVELS[LEVELS.findIndex(([name]) => name === found.level) + 1];
  return level === undefined ? {} : { nextLevel: level[0], pointsToNext: Math.max(0, level[1] - found.points) };
}

function cancelled({ number, data }: Entry): Answer {
  return { status: 201, body: { number, refundYuan: data.refundYuan } };
}

/** l***@post.example */
function masked(email: string): string {
  return `${email.slice(0, 1)}***${email.slice(email.indexOf('@'))}`;
}

/** What the shop gave out itself it knows again, in whichever process it runs. */
function signed(text: string): string {
  return `${text}.${createHmac('sha256', 'the sample shop').update(text).digest('hex').slice(0, 16)}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function ok(body: Readonly<Record<string, unknown>>): Answer {
  return { status: 200, body };
}

function problem(status: number, error: string): Answer {
  return { status, body: { error } };
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emailOf, phoneOf, taxNumberOf } from '../../../../apps/retail/shop/checks.js';
import { MEMBERS } from '../../../../apps/retail/shop/members.js';
import { ORDERS } from '../../../../apps/retail/shop/orders.js';
import { cancelVerdict, exchangeProblem, returnVerdict } from '../../../../apps/retail/shop/policy.js';
import { type Shop, startShop } from '../../../../apps/retail/shop/server.js';
import type { Order } from '../../../../apps/retail/shop/types.js';

let shop: Shop;
let nowMs = Date.parse('2026-11-21T02:00:00Z');
beforeAll(async () => {
  shop = await startShop({ now: () => nowMs });
});
afterAll(() => shop?.stop());

async function get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${shop.url}${path}`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function send(path: string, body: unknown, method = 'POST') {
  const response = await fetch(`${shop.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const order = (sku: string, days: number, state: Order['state'] = 'delivered'): Order => ({
  number: '00000000',
  sku,
  member: 'm01',
  state,
  days,
});

describe('the sample shop’s data', () => {
  it('has orders of every state, each of a customer and an article that exist, none twice', () => {
    expect(ORDERS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(ORDERS.map(({ number }) => number)).size).toBe(ORDERS.length);
    expect(new Set(ORDERS.map(({ state }) => state)).size).toBe(6);
    for (const { member } of ORDERS) expect(MEMBERS.map(({ id }) => id)).toContain(member);
    expect(new Set(MEMBERS.map(({ phone }) => phone.slice(-4))).size).toBe(MEMBERS.length);
    for (const { phone } of MEMBERS) expect(phoneOf(phone)).toBe(phone);
  });
});

describe('what may go back', () => {
  it.each([
    ['jacket', 7, 'none'],
    ['jacket', 8, 'only_if_faulty'],
    ['jacket', 15, 'only_if_faulty'],
    ['jacket', 16, 'too_late'],
    ['crab', 1, 'only_if_faulty'],
    ['crab', 3, 'too_late'],
    ['socks', 1, 'only_if_faulty'],
    ['mug-named', 4, 'only_if_faulty'],
    ['phone', 0, 'none'],
  ])('%s, %i days after delivery: %s', (sku, days, problem) => {
    expect(returnVerdict(order(sku, days)).problem).toBe(problem);
  });

  it('nothing that has not come, was cancelled or is on its way back already', () => {
    expect(returnVerdict(order('jacket', 2, 'shipped')).problem).toBe('not_delivered');
    expect(returnVerdict(order('jacket', 0, 'cancelled')).problem).toBe('cancelled');
    const waiting = { ...order('jacket', 2), refund: { state: 'waiting', amountYuan: 1, days: 0 } } as const;
    expect(returnVerdict(waiting).problem).toBe('already_returned');
  });

  it.each([
    ['unpaid', 'none'],
    ['preparing', 'none'],
    ['shipped', 'on_its_way'],
    ['arriving', 'on_its_way'],
    ['delivered', 'delivered'],
    ['cancelled', 'cancelled'],
  ] as const)('an order that is %s, cancelled: %s', (state, problem) => {
    expect(cancelVerdict(order('jacket', 0, state))).toEqual({ problem, goesBack: 'seven_days' });
    expect(cancelVerdict(order('crab', 0, state)).goesBack).toBe('only_if_faulty');
  });

  it('exchanges take fifteen days, food none', () => {
    expect(exchangeProblem(order('shoes-run', 15))).toBe('none');
    expect(exchangeProblem(order('shoes-run', 16))).toBe('too_late');
    expect(exchangeProblem(order('tea', 1))).toBe('not_exchangeable');
  });
});

describe('what the shop takes', () => {
  it('tax numbers with the right check character, fifteen digits, and nothing else', () => {
    expect(taxNumberOf('91330100ma27x1234d')).toBe('91330100MA27X1234D');
    expect(taxNumberOf('9133 0100 MA27 X123 4D')).toBe('91330100MA27X1234D');
    expect(taxNumberOf('91330100MA27X1234E')).toBeUndefined();
    expect(taxNumberOf('330100271234567')).toBe('330100271234567');
    expect(taxNumberOf('12345')).toBeUndefined();
    expect(taxNumberOf(42)).toBeUndefined();
  });

  it('e-mail addresses and phone numbers that can exist', () => {
    expect(emailOf(' Li.Lei@163.com ')).toBe('li.lei@163.com');
    for (const wrong of ['li', 'li@', 'li@host', '<b>@x.com', `${'a'.repeat(300)}@x.com`, null])
      expect(emailOf(wrong)).toBeUndefined();
    for (const wrong of ['1234', '23800138000', '138001380001', 13_800_138_000]) expect(phoneOf(wrong)).toBeUndefined();
  });
});

describe('the shop over HTTP', () => {
  it('finds an order by eight digits or the last four, unless several end in them', async () => {
    expect((await get('/orders/20250415')).body).toMatchObject({ number: '20250415', state: 'shipped', days: 2 });
    expect((await get('/orders/0415')).body).toMatchObject({ number: '20250415' });
    expect((await get('/orders/0044')).status).toBe(409);
    for (const path of ['/orders/99999999', '/orders/abc', '/orders/%00', '/orders/%E0%A4%A', '/nowhere', '/'])
      expect((await get(path)).status, path).toBe(404);
  });

  it('never gives a phone number or an address out', async () => {
    const answers = await Promise.all(
      ['', '/return', '/refund', '/exchange', '/invoice', '/payments'].map((part) => get(`/orders/61103737${part}`)),
    );
    const text = JSON.stringify(answers);
    expect(text).not.toContain('13200028866');
    expect(text).not.toContain('体育西路');
    expect(text).toContain('z***@post.example');
  });

  it('knows the owner by the last four digits, and lets nobody guess for long', async () => {
    expect((await send('/orders/20250415/identity', { phoneTail: '2468' })).status).toBe(200);
    expect((await send('/orders/20250415/identity', { phoneTail: '13000012468' })).status).toBe(200);
    expect((await send('/orders/20250415/identity', { phoneTail: '' })).status).toBe(400);
    const tries = [];
    for (let count = 0; count < 6; count++)
      tries.push((await send('/orders/61104040/identity', { phoneTail: '0000' })).status);
    expect(tries).toEqual([403, 403, 403, 403, 403, 429]);
    expect((await send('/orders/61104040/identity', { phoneTail: '3344' })).status).toBe(429);
  });

  it('does a thing once, however often it is sent', async () => {
    const body = { text: '坏了', key: 'once' };
    const [first, second] = [await send('/tickets', body), await send('/tickets', body)];
    expect(first.status).toBe(201);
    expect(first.body.number).toMatch(/^1121\d{4}$/);
    expect(second.body).toEqual(first.body);
    expect(shop.written('ticket')).toHaveLength(1);
  });

  it('refuses returns that its own rules do not allow', async () => {
    expect((await send('/returns', { order: '33057781', key: 'r1' })).status).toBe(409);
    expect((await send('/returns', { order: '70110077', key: 'r2' })).status).toBe(409);
    expect((await send('/returns', { order: '70110077', faulty: true, key: 'r3' })).status).toBe(201);
  });

  it('refuses exchanges for what is not there', async () => {
    expect((await get('/orders/70110042/exchange?size=44')).body.inStock).toBe(false);
    expect((await get('/orders/70110042/exchange?size=50')).body.inStock).toBe(false);
    expect((await send('/exchanges', { order: '70110042', size: '44', key: 'e1' })).status).toBe(409);
    expect((await send('/exchanges', { order: '70110042', size: '43', key: 'e2' })).status).toBe(201);
  });

  it('changes an address only before the parcel has left', async () => {
    const address = { area: '广州天河区', detail: '体育西路一百号', key: 'a' };
    expect((await send('/orders/12345678/address', address, 'PUT')).status).toBe(200);
    expect((await send('/orders/20250415/address', address, 'PUT')).status).toBe(409);
    expect((await send('/orders/12345678/address', { area: '', key: 'a' }, 'PUT')).status).toBe(400);
  });

  it('cancels an order once, for its owner, and knows from then on that it is cancelled and where the money is', async () => {
    const cancel = (phoneTail: string, key: string) => send('/cancellations', { order: '61100404', phoneTail, key });
    expect((await get('/orders/61100404/cancellation')).body).toEqual({ problem: 'none', goesBack: 'seven_days' });
    expect((await cancel('0000', 'x1')).status).toBe(403);
    expect((await cancel('', 'x1')).status).toBe(400);
    expect((await get('/orders/61100404')).body).toMatchObject({ state: 'preparing', paid: true });
    const first = await cancel('1357', 'x1');
    expect(first).toMatchObject({ status: 201, body: { number: expect.stringMatching(/^\d{8}$/), refundYuan: 329 } });
    // Sent again because the answer was lost: the same one.
    expect(await cancel('1357', 'x1')).toEqual(first);
    expect(await cancel('1357', 'x2')).toEqual({ status: 409, body: { error: 'cancelled' } });
    expect(shop.written('cancellation')).toHaveLength(1);
    expect((await get('/orders/0404')).body).toMatchObject({ number: '61100404', state: 'cancelled', paid: true });
    expect((await get('/orders/61100404/cancellation')).body.problem).toBe('cancelled');
    expect((await get('/orders/61100404/refund')).body).toMatchObject({ state: 'paid', amountYuan: 329, days: 0 });
    expect((await get('/orders/61100404/return')).body.problem).toBe('cancelled');
    expect((await get('/orders/61100404/exchange')).body.problem).toBe('cancelled');
    expect((await get('/orders/61100404/invoice')).body.state).toBe('impossible');
    const address = { area: '广州天河区', detail: '体育西路一百号', key: 'x3' };
    expect((await send('/orders/61100404/address', address, 'PUT')).status).toBe(409);
  });

  it('cancels nothing that has left, was delivered or is not there, nor with the key of another order', async () => {
    const cancel = (order: unknown, phoneTail: string, key: string) =>
      send('/cancellations', { order, phoneTail, key });
    expect(await cancel('20250415', '2468', 'y1')).toEqual({ status: 409, body: { error: 'on_its_way' } });
    expect(await cancel('70220044', '0909', 'y2')).toEqual({ status: 409, body: { error: 'on_its_way' } });
    expect(await cancel('98765432', '1357', 'y3')).toEqual({ status: 409, body: { error: 'delivered' } });
    expect(await cancel('60721345', '1122', 'y4')).toEqual({ status: 409, body: { error: 'cancelled' } });
    for (const order of ['99999999', '0415', null, {}, '__proto__'])
      expect((await cancel(order, '2468', 'y5')).status, String(order)).toBe(404);
    expect((await send('/cancellations', { order: '61100505', phoneTail: '4455' })).status).toBe(400);
    expect((await cancel('61100606', '0606', 'y6')).status).toBe(201);
    expect((await cancel('61100505', '4455', 'y6')).status).toBe(409);
    expect((await get('/orders/61100505')).body.state).toBe('preparing');
  });

  it('lets nobody guess the owner of an order to cancel it', async () => {
    const cancel = (phoneTail: string) => send('/cancellations', { order: '61100707', phoneTail, key: 'z' });
    const tries = [];
    for (let count = 0; count < 6; count++) tries.push((await cancel('0000')).status);
    expect(tries).toEqual([403, 403, 403, 403, 403, 429]);
    expect((await cancel('2233')).status).toBe(429);
    expect((await get('/orders/61100707')).body.state).toBe('preparing');
  });

  it('sends back what was paid, and not twice what went back before', async () => {
    const cancel = async (order: string, phoneTail: string) =>
      (await send('/cancellations', { order, phoneTail, key: `paid-${order}` })).body.refundYuan;
    expect(await cancel('61100202', '6655')).toBe(0);
    expect((await get('/orders/61100202')).body).toMatchObject({ state: 'cancelled', paid: false });
    expect((await get('/orders/61100202/refund')).body.state).toBe('none');
    expect((await get('/orders/61100202/payments')).body).toMatchObject({ times: 0, cancelled: true });
    const link = { order: '61100202', kind: 'payment_link', key: 'link' };
    expect((await send('/messages', link)).status).toBe(409);
    // Paid twice: all of it; or what is left, once the second payment has gone back.
    const price = Number((await get('/orders/70220022')).body.amountYuan);
    expect(await cancel('70220022', '6262')).toBe(2 * price);
    expect((await send('/refunds', { order: '70220022', key: 'twice' })).status).toBe(409);
    const other = Number((await get('/orders/61100808')).body.amountYuan);
    expect((await send('/refunds', { order: '61100808', key: 'first' })).status).toBe(201);
    expect(await cancel('61100808', '7373')).toBe(other);
    expect((await send('/refunds', { order: '61100808', key: 'first' })).status).toBe(201);
  });

  it('resets a password with a code that is right, in time, and of this phone', async () => {
    const phone = '13000012468';
    const sent = (await send('/codes', { phone, key: 'c1' })).body.token;
    const reset = (code: string, token: unknown, of = phone) =>
      send('/password-resets', { phone: of, code, token, key: 'p' }).then(({ status }) => status);
    expect(await reset('111111', sent)).toBe(403);
    expect(await reset('246810', 'forged')).toBe(400);
    expect(await reset('246810', sent, '13100011357')).toBe(400);
    nowMs += 6 * 60_000;
    expect(await reset('246810', sent)).toBe(410);
    expect(await reset('246810', (await send('/codes', { phone, key: 'c2' })).body.token)).toBe(201);
    // A number that nobody has gets the same answer, and no way in.
    const stranger = await send('/codes', { phone: '13999999999', key: 'c3' });
    expect(stranger.status).toBe(202);
    expect(await reset('246810', stranger.body.token, '13999999999')).toBe(403);
  });

  it('answers what is no JSON, too long or without a key with an error, and lives', async () => {
    for (const body of ['{', '[]', '"x"', 'x'.repeat(100_000), '{"text":"no key"}'])
      expect((await send('/tickets', body)).status, body.slice(0, 20)).toBe(400);
    expect((await get('/health')).body).toMatchObject({ orders: ORDERS.length });
  });

  it('can be made slow and broken, to try how conversations take it', async () => {
    shop.behave({ status: 503 });
    expect((await get('/orders/20250415')).status).toBe(503);
    shop.behave({ delayMs: 60_000 });
    await expect(fetch(`${shop.url}/health`, { signal: AbortSignal.timeout(100) })).rejects.toThrow();
    shop.behave({});
    expect((await get('/orders/20250415')).status).toBe(200);
    expect((await get('/orders/90000500')).status).toBe(500);
  });
});

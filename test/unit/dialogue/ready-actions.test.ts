import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { guardedRequest, isPrivateAddress } from '../../../src/dialogue/actions/ready/guarded-request.js';
import { atPath } from '../../../src/dialogue/actions/ready/http.js';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import type { TurnResult, UserInput } from '../../../src/dialogue/brain.js';
import { FileDeskStore } from '../../../src/handoff/file-desk-store.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
let server: Server | undefined;
afterEach(async () => {
  await house.close();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
type Answer = {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly hang?: boolean;
};

async function shop(
  answer: (asked: Asked, count: number) => Answer,
): Promise<{ readonly port: number; readonly asked: Asked[] }> {
  const asked: Asked[] = [];
  const started = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    asked.push(one);
    const { status = 200, body = {}, headers = {}, hang } = answer(one, asked.length);
    if (hang) return;
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server = started;
  started.listen(0, '127.0.0.1');
  await once(started, 'listening');
  return { port: (started.address() as AddressInfo).port, asked };
}

const files = (port: number, actions: string) => ({
  'config.yml': 'language: en\n',
  'endpoints.yml': `shop: {url: "http://127.0.0.1:${port}/api"}\n`,
  'domain.yml': `intents: [look, tell]
entities: [order_number]
slots:
  order_number: {type: text, mappings: [{type: from_entity, entity: order_number}]}
  state: {type: text, mappings: [{type: custom}]}
  found: {type: bool, mappings: [{type: custom}]}
  call_back_phone: {type: text, mappings: [{type: custom}]}
  call_back_number: {type: text, mappings: [{type: custom}]}
  call_back_time: {type: text, mappings: [{type: custom}]}
  ticket_number: {type: text, mappings: [{type: custom}]}
responses:
  utter_state: [{text: "It is {state}."}]
  utter_unknown: [{text: "I don't know it."}]
  utter_away: [{text: "The shop is away."}]
  utter_action_failed: [{text: "Sorry."}]
  utter_ticket: [{text: "Your ticket is {ticket_number}."}]
  utter_call_back: [{text: "We call you."}]
`,
  'rules.yml': 'rules:\n  - rule: look\n    steps: [{intent: look}, {action: action_do}]\n',
  'ready.yml': actions,
});
const LOOK = `ready_actions:
  action_do:
    type: http
    url: "{endpoint.shop}/orders/{order_number}"
    query: {lang: "{language}"}
    headers: {Authorization: "Bearer {secret.APP_TOKEN}"}
    timeout_ms: 700
    answer:
      2xx:
        slots:
          state: {path: "order.states[0].{language}", map: {S: shipped}, otherwise: unknown}
          found: {value: true}
        say: utter_state
      404: {slots: {found: {value: false}}, say: utter_unknown}
      failed: {say: utter_away}
`;

async function ask(actions: string, port: number, number: unknown = '8765', options: object = {}): Promise<TurnResult> {
  const brain = await house.brain(
    files(port, actions),
    { look: { intent: 'look', entities: [{ entity: 'order_number', value: number }] } },
    { privateHosts: ['127.0.0.1'], environment: { APP_TOKEN: 'secret-token' }, ...options },
  );
  return brain.handle({
    conversationId: randomUUID(),
    messageId: 'm1',
    channel: 'voice',
    language: 'en',
    sender: '+8613800138000',
    input: { type: 'text', text: 'look', confidence: 1 },
  });
}
const words = (result: TurnResult): string[] =>
  result.actions.flatMap((each) => (each.type === 'say' ? [each.text] : []));

describe('an HTTP request described in a file', () => {
  it('sends slots and secrets and puts the answer into slots', async () => {
    const { port, asked } = await shop(() => ({ body: { order: { states: [{ en: 'S' }] } } }));
    const result = await ask(LOOK, port);
    expect(words(result)).toEqual(['It is shipped.']);
    expect(result.slots).toMatchObject({ state: 'shipped', found: true });
    expect(asked[0]).toMatchObject({ method: 'GET', url: '/api/orders/8765?lang=en' });
    expect(asked[0]?.headers.authorization).toBe('Bearer secret-token');
  });

  it('takes for unknown what its map has no entry for, whatever the server calls it', async () => {
    const { port } = await shop(() => ({ body: { order: { states: [{ en: 'constructor' }] } } }));
    expect((await ask(LOOK, port)).slots).toMatchObject({ state: 'unknown', found: true });
  });

  it('keeps what a caller said inside one part of the address', async () => {
    const { port, asked } = await shop(() => ({ status: 404 }));
    expect(words(await ask(LOOK, port, 'a/../../admin?x=1#y'))).toEqual(["I don't know it."]);
    expect(asked[0]?.url).toBe('/api/orders/a%2F..%2F..%2Fadmin%3Fx%3D1%23y?lang=en');
    expect(words(await ask(LOOK, port, '..'))).toEqual(['The shop is away.']);
    expect(asked).toHaveLength(1);
  });

  it('is tried again while the server is not there, and told as failed when it stays away', async () => {
    const { port, asked } = await shop((_, count) =>
      count < 3 ? { status: 503 } : { body: { order: { states: [] } } },
    );
    expect(words(await ask(LOOK, port))).toEqual(['It is unknown.']);
    expect(asked).toHaveLength(3);
    expect(new Set(asked.map((each) => each.headers['idempotency-key'])).size).toBe(1);
  });

  it('tells whoever runs the line why it failed, though the application has words for it', async () => {
    const told: string[] = [];
    const options = { onActionTrouble: (what: string) => told.push(what) };
    const { port } = await shop(() => ({ status: 500 }));
    expect(words(await ask(LOOK, port, '8765', options))).toEqual(['The shop is away.']);
    expect(words(await ask(LOOK, port, '8765', { ...options, privateHosts: [] }))).toEqual(['The shop is away.']);
    expect(told).toEqual([
      expect.stringMatching(/^The action action_do failed: the server answered 500\./),
      expect.stringMatching(/^The action action_do failed: .*127\.0\.0\.1.*app\.privateHosts/),
    ]);
  });

  it('gives up in time and says so', async () => {
    const { port } = await shop(() => ({ hang: true }));
    const began = performance.now();
    expect(words(await ask(LOOK, port))).toEqual(['The shop is away.']);
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it('is not sent twice when it changes something', async () => {
    const { port, asked } = await shop(() => ({ status: 503 }));
    const post = `ready_actions:
  action_do: {type: http, method: POST, url: "{endpoint.shop}/returns", body: {order: "{order_number}", more: ["{turn}", null]}}
`;
    const result = await ask(post, port);
    expect(words(result)).toEqual(['Sorry.']);
    expect(result.actions.some((each) => each.type === 'transfer')).toBe(true);
    expect(asked).toHaveLength(1);
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({ order: '8765', more: [1, null] });
  });

  it('does not follow a redirect, and does not read an endless or broken answer', async () => {
    const { port, asked } = await shop((_, count) =>
      count === 1
        ? { status: 302, headers: { location: 'http://169.254.169.254/' } }
        : { body: count === 2 ? '<html>' : 'x'.repeat(1_100_000) },
    );
    for (let time = 0; time < 3; time++)
      expect(words(await ask(LOOK.replace('timeout_ms: 700', 'retries: 0'), port))).toEqual(['The shop is away.']);
    expect(asked).toHaveLength(3);
  });

  it('leaves a server alone that has failed five times in a row', async () => {
    const { port, asked } = await shop(() => ({ status: 500 }));
    const brain = await house.brain(
      files(port, LOOK),
      { look: { intent: 'look', entities: [{ entity: 'order_number', value: '1' }] } },
      { privateHosts: ['127.0.0.1'], environment: { APP_TOKEN: 't' } },
    );
    for (let time = 0; time < 7; time++)
      await brain.handle({
        conversationId: 'c',
        messageId: `${time}`,
        channel: 'text',
        input: { type: 'text', text: 'look', confidence: 1 },
      });
    expect(asked).toHaveLength(5);
  });
});

it('a flow whose action failed does not go on as if it had been done', async () => {
  const { port } = await shop(() => ({ status: 500 }));
  const flow = `flows:
  book:
    description: book
    nlu_trigger: [{intent: look}]
    steps: [{action: action_do}, {action: utter_ticket}]
`;
  const post = 'ready_actions:\n  action_do: {type: http, method: POST, url: "{endpoint.shop}/returns"}\n';
  const brain = await house.brain(
    { ...files(port, post), 'rules.yml': '', 'flows.yml': flow },
    { look: 'look' },
    { privateHosts: ['127.0.0.1'] },
  );
  const send = (messageId: string, input: UserInput) =>
    brain.handle({ conversationId: 'c', messageId, channel: 'voice', input });
  const failed = await send('1', { type: 'text', text: 'look', confidence: 1 });
  expect(failed.actions.map((each) => each.type)).toEqual(['say', 'transfer']);
  const after = await send('2', { type: 'event', name: 'transfer_failed', attempt: 1 });
  expect(words(after).join()).not.toContain('ticket');
  expect(after.actions.at(-1)).toMatchObject({ type: 'expect', expectation: { type: 'open' } });
});

describe('the guard around requests', () => {
  it('refuses addresses inside this network unless they are listed', async () => {
    const { port, asked } = await shop(() => ({}));
    expect(words(await ask(LOOK, port, '1', { privateHosts: [] }))).toEqual(['The shop is away.']);
    expect(words(await ask(LOOK, port, '1', { allowedHosts: ['*.example.com'] }))).toEqual(['The shop is away.']);
    expect(asked).toHaveLength(0);
    expect(words(await ask(LOOK, port, '1', { privateHosts: [`127.0.0.1:${port}`] }))).toEqual(['It is unknown.']);
  });

  it('looks at what a name resolves to', async () => {
    const { port, asked } = await shop(() => ({}));
    const request = { method: 'GET', headers: {}, body: undefined, signal: AbortSignal.timeout(3000) };
    const url = new URL(`http://localhost:${port}/`);
    await expect(guardedRequest({ privateHosts: [], allowedHosts: [] }, { ...request, url })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(asked).toHaveLength(0);
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    'fd00::1',
    'fe80::1',
    'fec0::1',
    '::127.0.0.1',
    '2001::7f00:1',
    '0.0.0.0',
    'nonsense',
  ])('knows that %s is not public', (address) => expect(isPrivateAddress(address)).toBe(true));

  it.each(['8.8.8.8', '2606:4700::1111', '2001:4860:4860::8888', '::ffff:8.8.8.8'])('knows that %s is', (address) =>
    expect(isPrivateAddress(address)).toBe(false),
  );
});

describe('a promise made to a caller', () => {
  const DESK = `ready_actions:
  action_do: {type: ticket, subject: "Order {order_number}", priority: high, say: utter_ticket}
`;

  it('is on the disk before its number is told, once for a message that comes twice', async () => {
    const path = join(await house.folder({}), 'desk.jsonl');
    const desk = await FileDeskStore.open(path);
    const result = await ask(DESK, 1, '8765', { desk });
    const number = String(result.slots.ticket_number);
    expect(words(result)).toEqual([`Your ticket is ${number}.`]);
    await desk.close();
    const again = await FileDeskStore.open(path);
    expect(await again.list({ kind: 'ticket', status: 'open' })).toMatchObject([
      {
        number,
        subject: 'Order 8765',
        priority: 'high',
        sender: '+8613800138000',
        text: 'look',
        slots: { order_number: '8765' },
      },
    ]);
    expect(await again.update(number, { status: 'done', by: 'Li', note: 'sent anew' })).toMatchObject({
      status: 'done',
    });
    expect(await again.list({ status: 'open' })).toEqual([]);
    await again.close();
  });

  it('to call back is kept with the number the caller rang from', async () => {
    const desk = await FileDeskStore.open(join(await house.folder({}), 'desk.jsonl'));
    const actions = 'ready_actions:\n  action_other: {type: hang_up}\n';
    const rules =
      'rules:\n  - rule: look\n    steps: [{intent: look}, {action: action_schedule_call_back}, {action: utter_call_back}]\n';
    const brain = await house.brain({ ...files(1, actions), 'rules.yml': rules }, { look: 'look' }, { desk });
    await brain.handle({
      conversationId: 'c',
      messageId: 'm',
      channel: 'voice',
      sender: '+86 138 0013 8000',
      input: { type: 'text', text: 'look', confidence: 1 },
    });
    expect(await desk.list()).toMatchObject([{ kind: 'call_back', phone: '+8613800138000', when: '' }]);
    await desk.close();
  });
});

it('mistakes in ready actions are told with their place', async () => {
  const folder = await house.folder(
    files(
      1,
      `ready_actions:
  action_do:
    type: http
    url: "http://{order_number}/x"
  action_b:
    type: http
    url: https://api.example.com/x
    answers: {}
    answer:
      2yy: {}
      200: {slots: {nothing: a}, say: utter_nothing}
  action_c: {type: magic}
`,
    ),
  );
  const { problems } = await loadApplication(folder);
  expect(problems.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([
    'ready.yml:4 the address must begin with a host that no caller can change',
    'ready.yml:5 there is no slot "nothing"',
    'ready.yml:5 there is no response "utter_nothing"',
    'ready.yml:8 "answers" is no key of a ready action of type http',
    'ready.yml:10 "2yy" is no answer that can come',
    'ready.yml:12 the ready action "action_c" has no type that is known',
    'rules.yml:3 there is no action "action_do"',
  ]);
});

it('a way into an answer never leaves it', () => {
  expect(atPath({ a: [{ b: 1 }] }, 'a[0].b')).toBe(1);
  expect(atPath({ a: 1 }, 'constructor.name')).toBeUndefined();
  expect(atPath(null, 'a')).toBeUndefined();
  expect(atPath({ a: 1 }, '')).toEqual({ a: 1 });
});

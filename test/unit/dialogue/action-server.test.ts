import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../../src/dialogue/actions/circuit-breaker.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { FakeIntentModel } from '../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';

type Answer = {
  readonly status?: number;
  readonly location?: string;
  readonly body?: unknown;
  readonly hang?: boolean;
};

let server: Server | undefined;
let folder: string | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

async function talk(answers: readonly Answer[]) {
  const requests: Record<string, never>[] = [];
  const started = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    requests.push(JSON.parse(Buffer.concat(chunks).toString()));
    const answer = answers[Math.min(requests.length, answers.length) - 1] ?? {};
    if (answer.hang) return;
    response
      .writeHead(answer.status ?? 200, {
        'content-type': 'application/json',
        ...(answer.location === undefined ? {} : { location: answer.location }),
      })
      .end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
  });
  server = started;
  started.listen(0, '127.0.0.1');
  await once(started, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'hearken-server-'));
  await writeFile(
    join(folder, 'endpoints.yml'),
    `action_endpoint:\n  url: http://127.0.0.1:${(started.address() as AddressInfo).port}/webhook\n`,
  );
  await writeFile(
    join(folder, 'domain.yml'),
    `intents: [go, tell]
entities: [size]
slots:
  size: {type: text, mappings: [{type: from_entity, entity: size}]}
  price: {type: float, mappings: [{type: custom}]}
forms:
  order_form: {required_slots: [size]}
actions: [action_price, validate_order_form]
responses:
  utter_ask_size: [{text: Which size?}]
  utter_price: [{text: "{price} for {who}."}]
  utter_done: [{text: Done.}]
  utter_action_failed: [{text: Sorry.}]
`,
  );
  await writeFile(
    join(folder, 'rules.yml'),
    `rules:
- rule: price
  steps: [{intent: go}, {action: action_price}, {action: utter_done}]
- rule: order
  steps: [{intent: tell}, {action: order_form}, {active_loop: order_form}]
`,
  );
  const brain = await createBrain({
    appFolder: folder,
    cacheFolder: join(folder, 'cache'),
    intentModel: new FakeIntentModel({
      go: 'go',
      tell: 'tell',
      huge: { intent: 'tell', entities: [{ entity: 'size', value: 'huge' }] },
    }),
    sessions: new MemorySessionStore({ ttlMs: 60_000 }),
    log: new MemoryConversationLog(),
    logger: pino({ level: 'silent' }),
  });
  let count = 0;
  const say = (text: string) =>
    brain.handle({
      conversationId: 'c',
      messageId: `m${count++}`,
      channel: 'text',
      input: { type: 'text', text, confidence: 1 },
    });
  return { say, requests };
}

const words = (result: Awaited<ReturnType<Awaited<ReturnType<typeof talk>>['say']>>) =>
  result.actions.flatMap((action) =>
    action.type === 'say' ? [action.text] : action.type === 'transfer' ? ['(a person)'] : [],
  );

describe('an action server in Rasa’s protocol', () => {
  it('sets slots, says responses with values, and the rule goes on', async () => {
    const { say, requests } = await talk([
      {
        body: {
          events: [{ event: 'slot', name: 'price', value: 12.5 }],
          responses: [{ response: 'utter_price', who: 'you' }, { text: 'Plain.' }],
        },
      },
    ]);
    expect(words(await say('go'))).toEqual(['12.5 for you.', 'Plain.', 'Done.']);
    expect(requests[0]).toMatchObject({
      next_action: 'action_price',
      sender_id: 'c',
      tracker: { latest_message: { intent: { name: 'go' } }, active_loop: {} },
      domain: { forms: { order_form: { required_slots: ['size'] } } },
    });
  });

  it('validates a form: the slots to validate are the last events, and what it refuses is asked again', async () => {
    const { say, requests } = await talk([
      {
        body: { events: [{ event: 'slot', name: 'size', value: null }], responses: [{ text: 'We do not have that.' }] },
      },
    ]);
    await say('tell');
    expect(words(await say('huge'))).toEqual(['We do not have that.', 'Which size?']);
    const { tracker } = requests[0] as unknown as { tracker: { events: unknown[]; active_loop: unknown } };
    expect(tracker.events.filter((event) => (event as { event: string }).event !== 'action').at(-1)).toMatchObject({
      event: 'slot',
      name: 'size',
      value: 'huge',
    });
    expect(tracker.active_loop).toEqual({ name: 'order_form' });
  });

  it('is asked again when it was not there, and the caller hears an apology when it stays away', async () => {
    const { say, requests } = await talk([
      { status: 503 },
      { status: 502 },
      { body: { responses: [{ text: 'There.' }] } },
    ]);
    expect(words(await say('go'))).toEqual(['There.', 'Done.']);
    expect(requests).toHaveLength(3);
    server?.closeAllConnections();
    server?.close();
    expect(words(await say('go'))).toEqual(['Sorry.', '(a person)']);
  });

  it('that sends us elsewhere is not followed', async () => {
    let elsewhere = 0;
    const other = createServer((_request, response) => {
      elsewhere++;
      response.end('{}');
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { say } = await talk([
      { status: 307, location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/` },
    ]);
    expect(words(await say('go'))).toEqual(['Sorry.', '(a person)']);
    expect(elsewhere).toBe(0);
    other.close();
  });

  it('may send nonsense: the caller hears an apology', async () => {
    for (const body of ['not json', '{"events": 5, "responses": "x"}', '[]']) {
      const { say } = await talk([{ body }]);
      expect(words(await say('go'))).toEqual(body === 'not json' ? ['Sorry.', '(a person)'] : ['Done.']);
      server?.close();
    }
  });
});

describe('the circuit breaker', () => {
  it('opens after failures in a row, lets one through afterwards, and closes when that works', async () => {
    let nowMs = 0;
    let works = false;
    let calls = 0;
    const breaker = new CircuitBreaker({ failures: 2, openMs: 1000, now: () => nowMs });
    const ask = () =>
      breaker.run('x', async () => {
        calls++;
        if (!works) throw new Error('down');
        return 'up';
      });
    await expect(ask()).rejects.toThrow('down');
    await expect(ask()).rejects.toThrow('down');
    await expect(ask()).rejects.toMatchObject({ code: 'ACTION_FAILED' });
    expect(calls).toBe(2);
    nowMs = 1001;
    works = true;
    expect(await Promise.allSettled([ask(), ask()])).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected' }]);
    expect(await ask()).toBe('up');
  });
});

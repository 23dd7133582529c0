import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import type { Brain } from '../../../src/dialogue/brain.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import type { SessionStore } from '../../../src/store/session-store.js';
import { FakeIntentModel } from '../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';

const WORDS = {
  查订单: 'order_status',
  '87654321': { intent: 'inform', entities: [{ entity: 'order_number', value: '87654321' }] },
};

/** A store whose locks are given out when the test says so. */
function slowStore(sessions: SessionStore): { readonly store: SessionStore; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const withLock: SessionStore['withLock'] = async (key, waitMs, work) => {
    await opened;
    return sessions.withLock(key, waitMs, work);
  };
  const store = new Proxy(sessions, {
    get: (target, name) => {
      if (name === 'withLock') return withLock;
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { store, open };
}

const brains: Brain[] = [];
afterEach(async () => {
  for (const brain of brains.splice(0)) await brain.close();
});

async function instance(sessions: SessionStore): Promise<{ brain: Brain; model: FakeIntentModel }> {
  const model = new FakeIntentModel(WORDS);
  const brain = await createBrain({
    appFolder: 'test/fixtures/dialogue/shop',
    intentModel: model,
    sessions,
    log: new MemoryConversationLog(),
    logger: pino({ level: 'silent' }),
  });
  brains.push(brain);
  return { brain, model };
}

const said = (messageId: string, text: string) =>
  ({ conversationId: 'c', messageId, channel: 'text', input: { type: 'text', text, confidence: 1 } }) as const;

describe('the words of a message', () => {
  it('are read while the conversation is still locked and fetched, and read once', async () => {
    const sessions = new MemorySessionStore({ ttlMs: 60_000 });
    const { store, open } = slowStore(sessions);
    const { brain, model } = await instance(store);
    const turn = brain.handle(said('1', '查订单'));
    expect(model.asked.map(({ text }) => text)).toEqual(['查订单']);
    open();
    expect((await turn).parse?.intent.name).toBe('order_status');
    await brain.handle(said('2', '87654321'));
    expect(model.asked.map(({ text, options }) => [text, options?.expectedSlot])).toEqual([
      ['查订单', undefined],
      ['87654321', 'order_number'],
    ]);
  });

  it('are read anew where another instance has asked something since', async () => {
    const sessions = new MemorySessionStore({ ttlMs: 60_000 });
    const [here, there] = [await instance(sessions), await instance(sessions)];
    await there.brain.handle(said('1', '查订单'));
    const { slots } = await here.brain.handle(said('2', '87654321'));
    expect(here.model.asked.map(({ options }) => options?.expectedSlot)).toEqual([undefined, 'order_number']);
    expect(slots.order_number).toBe('87654321');
  });

  it('are lost on nobody when the reading breaks: the turn is refused, and the next one is read', async () => {
    const sessions = new MemorySessionStore({ ttlMs: 60_000 });
    const { brain, model } = await instance(sessions);
    const parse = model.parse.bind(model);
    model.parse = async () => {
      throw new Error('broken');
    };
    await expect(brain.handle(said('1', '查订单'))).rejects.toThrow('broken');
    model.parse = parse;
    expect((await brain.handle(said('1', '查订单'))).repeated).toBe(false);
  });
});

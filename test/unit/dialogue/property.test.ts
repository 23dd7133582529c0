import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Brain, TurnResult, UserInput } from '../../../src/dialogue/brain.js';
import { createBrain } from '../../../src/dialogue/create-brain.js';
import { readTracker } from '../../../src/dialogue/tracker/stored.js';
import type { Tracker } from '../../../src/dialogue/tracker/tracker.js';
import { commandOf } from '../../../src/dialogue/turn/commands.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { FakeIntentModel } from '../../../src/testing/fake-intent-model.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';
import { SEED } from '../../support/seed.js';
import { AppHouse } from './app-house.js';
import { DESK_FILES, DESK_WORDS } from './voice-desk.js';

const number = (value: string) => ({ intent: 'inform', entities: [{ entity: 'order_number', value }] });
const model = new FakeIntentModel({
  查订单: 'order_status',
  退货: 'return_request',
  投诉: 'complaint',
  几点下班: 'opening_hours',
  多久送到: 'delivery_time',
  你好: 'greet',
  对: 'affirm',
  不对: 'deny',
  说错了: 'correct',
  返回: 'go_back',
  算了: 'cancel',
  重来: 'start_over',
  再说一遍: 'repeat',
  慢一点: 'slower',
  能做什么: 'what_can_you_do',
  谢谢: 'thanks',
  '20250415': number('20250415'),
  '98765432': number('98765432'),
  '33057781': number('33057781'),
  不是是八七六五: { intent: 'correct', entities: [{ entity: 'order_number', value: '8765' }] },
});

const said = fc.constantFrom(
  ...'查订单 退货 投诉 几点下班 多久送到 你好 对 不对 说错了 返回 算了 重来 再说一遍 慢一点 能做什么 谢谢 20250415 98765432 33057781 不是是八七六五 莫名其妙'.split(
    ' ',
  ),
);
const input: fc.Arbitrary<UserInput> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant('text' as const), text: said, confidence: fc.constantFrom(0.1, 0.6, 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('dtmf' as const),
      digits: fc.constantFrom('1', '2', '3', '*', '#', '20250415', '98765432', '77', ''),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('event' as const),
      name: fc.constantFrom('no_input' as const, 'no_match' as const, 'start' as const, 'transfer_failed' as const),
      attempt: fc.constantFrom(1, 2),
    }),
  },
);

let brain: Brain;
const sessions = new MemorySessionStore({ ttlMs: 600_000 });
beforeAll(async () => {
  brain = await createBrain({
    appFolder: 'test/fixtures/dialogue/shop',
    intentModel: model,
    sessions,
    log: new MemoryConversationLog(),
    logger: pino({ level: 'silent' }),
  });
});
afterAll(() => brain?.close());

let conversations = 0;

async function talk(
  inputs: readonly UserInput[],
  each: (result: TurnResult, before: Tracker | undefined, after: Tracker, input: UserInput) => void,
) {
  const id = `p${conversations++}`;
  let before: Tracker | undefined;
  for (const [index, one] of inputs.entries()) {
    const result = await brain.handle({ conversationId: id, messageId: `${index}`, channel: 'voice', input: one });
    const after = (await sessions.get(id))?.value as Tracker;
    each(result, before, after, one);
    before = after;
  }
}

describe('any order of wishes, answers, digressions, corrections and keys', () => {
  it('leaves a valid tracker and always says or does something, once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(input, { minLength: 1, maxLength: 25 }), (inputs) =>
        talk(inputs, (result, _before, after) => {
          expect(readTracker(JSON.parse(JSON.stringify(after)), after.conversationId, {})).toEqual(after);
          expect(after.state.stack.length).toBeLessThanOrEqual(5);
          // A flow is open at most once.
          const open = after.state.stack.map((frame) => (frame.kind === 'flow' ? frame.flow : frame.kind));
          expect(new Set(open).size).toBe(open.length);
          const types = result.actions.map((action) => action.type);
          expect(types.some((type) => type === 'say' || type === 'transfer' || type === 'hangup')).toBe(true);
          // Either the conversation is over or the channel knows what to expect, last.
          expect(types.filter((type) => type === 'expect' || type === 'transfer' || type === 'hangup')).toHaveLength(1);
          expect(['expect', 'transfer', 'hangup']).toContain(types.at(-1));
          // No sentence twice in one turn, unless the caller asked to hear it again.
          const words = result.actions.flatMap((action) => (action.type === 'say' ? [action.speech] : []));
          expect(new Set(words).size, words.join(' | ')).toBe(words.length);
          expect(words.join(' ')).not.toMatch(/undefined|null|\{|NaN/);
        }),
      ),
      { numRuns: 150, seed: SEED },
    );
  }, 180_000);

  it('never asks for an order number that is known', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(input, { minLength: 1, maxLength: 20 }), (inputs) =>
        talk(inputs, (result, _before, after) => {
          const asks = result.actions.some(
            (action) => action.type === 'say' && action.response?.startsWith('utter_ask_order_number'),
          );
          if (asks) expect(after.state.slots.order_number).toBeUndefined();
        }),
      ),
      { numRuns: 100, seed: SEED },
    );
  }, 180_000);

  it('comes to an end when the caller answers what is asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(input, { minLength: 0, maxLength: 12 }), async (inputs) => {
        const id = `e${conversations++}`;
        let count = 0;
        let last: TurnResult | undefined;
        const send = async (one: UserInput): Promise<void> => {
          last = await brain.handle({ conversationId: id, messageId: `${count++}`, channel: 'voice', input: one });
        };
        for (const one of inputs) await send(one);
        for (let answers = 0; answers < 15; answers++) {
          const expects = last?.actions.find((action) => action.type === 'expect');
          if (expects?.type !== 'expect') break;
          const { slot, type } = expects.expectation;
          if (slot === undefined) break;
          const yes = type === 'confirm' && slot !== 'more_help';
          await send(
            slot === 'more_help'
              ? { type: 'dtmf', digits: '2' }
              : yes
                ? { type: 'dtmf', digits: '1' }
                : slot === 'complaint_text'
                  ? { type: 'text', text: '坏了', confidence: 1 }
                  : { type: 'dtmf', digits: '98765432' },
          );
        }
        const tracker = (await sessions.get(id))?.value as Tracker | undefined;
        const open = tracker?.state.ended === undefined ? (tracker?.state.stack ?? []) : [];
        expect(open).toEqual([]);
      }),
      { numRuns: 100, seed: SEED },
    );
  }, 180_000);
});

/** The desk has a slot of every kind; what it asks is checked for all of them. */
describe('at a desk that asks for many things, any order of answers, corrections, digressions and commands', () => {
  const words = Object.keys(DESK_WORDS).concat('再说一遍 慢一点 返回 你能做什么 从头再来 没听清 听不懂的话'.split(' '));
  const deskInput: fc.Arbitrary<UserInput> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant('text' as const),
        text: fc.constantFrom(...words),
        confidence: fc.constantFrom(0.2, 0.6, 1),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('dtmf' as const),
        digits: fc.constantFrom('1', '2', '4', '*', '#', '20250415', '13800138000', '1122', '1500', '99'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('event' as const),
        name: fc.constant('no_input' as const),
        attempt: fc.constantFrom(1, 2),
      }),
    },
  );
  const house = new AppHouse();
  const store = new MemorySessionStore({ ttlMs: 600_000 });
  let desk: Brain;
  beforeAll(async () => {
    desk = await house.brain(DESK_FILES, DESK_WORDS, { sessions: store });
  });
  afterAll(() => house.close());

  it('asks nothing that is known, leaves a valid tracker, and each flow ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deskInput, { maxLength: 20 }), async (inputs) => {
        const id = `d${conversations++}`;
        let count = 0;
        let last: TurnResult | undefined;
        const send = async (one: UserInput): Promise<void> => {
          last = await desk.handle({ conversationId: id, messageId: `${count++}`, channel: 'voice', input: one });
          const tracker = (await store.get(id))?.value as Tracker;
          expect(readTracker(JSON.parse(JSON.stringify(tracker)), id, {})).toEqual(tracker);
          const command =
            one.type === 'dtmf' ? one.digits === '*' : one.type === 'text' && commandOf(one.text) !== undefined;
          for (const action of last.actions) {
            const asked =
              action.type === 'say' ? /^utter_ask_(\w+?)(?:_retry_\d)?$/.exec(action.response ?? '')?.[1] : undefined;
            // "sure" is asked anew each time, for it is the yes to something.
            if (asked !== undefined && asked !== 'sure' && !command)
              expect(tracker.state.slots[asked] ?? null, asked).toBeNull();
          }
          const words = last.actions.flatMap((action) => (action.type === 'say' ? [action.speech] : []));
          expect(words.join(' ')).not.toMatch(/undefined|null|\{|NaN/);
          expect(words.length + last.actions.filter((action) => action.type === 'transfer').length).toBeGreaterThan(0);
        };
        for (const one of inputs) await send(one);
        // From here on the caller answers what is asked: by keys alone it comes to its end.
        const keys: Readonly<Record<string, string>> = {
          order_number: '20250415',
          phone: '13800138000',
          city: '2',
          day: '1122',
          clock: '1500',
          seats: '4',
          sure: '1',
          trouble: '1',
        };
        for (let answers = 0; answers < 20; answers++) {
          const expects = last?.actions.find((action) => action.type === 'expect');
          if (expects?.type !== 'expect' || expects.expectation.slot === undefined) break;
          const { slot, type } = expects.expectation;
          await send({ type: 'dtmf', digits: type === 'confirm' ? '1' : (keys[slot] ?? '1') });
        }
        const tracker = (await store.get(id))?.value as Tracker | undefined;
        if (tracker?.state.ended === undefined) expect(tracker?.state.stack ?? []).toEqual([]);
        if (tracker?.state.ended === undefined) expect(tracker?.state.later ?? []).toEqual([]);
      }),
      { numRuns: 200, seed: SEED },
    );
  }, 180_000);
});

describe('a Rasa form, in any order of answers, refusals and questions in between', () => {
  const house = new AppHouse();
  afterAll(() => house.close());
  const FORM = {
    'config.yml': 'language: en\n',
    'domain.yml': `intents: [book, affirm, deny, hours, inform, stop]
entities: [cuisine, number]
slots:
  cuisine: {type: text, mappings: [{type: from_entity, entity: cuisine}]}
  people: {type: float, mappings: [{type: from_entity, entity: number}]}
  outside: {type: bool, mappings: [{type: from_intent, intent: affirm, value: true, conditions: [{active_loop: table_form, requested_slot: outside}]}, {type: from_intent, intent: deny, value: false, conditions: [{active_loop: table_form, requested_slot: outside}]}]}
forms:
  table_form: {ignored_intents: [hours], required_slots: [cuisine, people, outside]}
responses:
  utter_ask_cuisine: [{text: Which cuisine?}]
  utter_ask_people: [{text: How many?}]
  utter_ask_outside: [{text: Outside?}]
  utter_hours: [{text: From noon.}]
  utter_done: [{text: Booked.}]
  utter_sure: [{text: Stop?}]
`,
    'rules.yml': `rules:
  - rule: book
    steps: [{intent: book}, {action: table_form}, {active_loop: table_form}]
  - rule: done
    condition: [{active_loop: table_form}]
    steps: [{action: table_form}, {active_loop: null}, {action: utter_done}]
  - rule: hours
    steps: [{intent: hours}, {action: utter_hours}]
  - rule: stop
    steps: [{intent: stop}, {action: action_deactivate_loop}, {active_loop: null}, {action: utter_sure}]
`,
  };
  const say = (intent: string, entity?: string, value?: unknown) =>
    entity === undefined ? intent : { intent, entities: [{ entity, value }] };
  const WORDS = {
    'a table': 'book',
    yes: 'affirm',
    no: 'deny',
    'when are you open': 'hours',
    'never mind then': 'stop',
    thai: say('inform', 'cuisine', 'thai'),
    greek: say('inform', 'cuisine', 'greek'),
    four: say('inform', 'number', 4),
    'six please': say('inform', 'number', 6),
  };
  it('ends, and asks for nothing that it knows', async () => {
    const store = new MemorySessionStore({ ttlMs: 600_000 });
    const brain = await house.brain(FORM, WORDS, { sessions: store });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...Object.keys(WORDS), 'hm what'), { maxLength: 15 }),
        async (texts) => {
          const id = `f${conversations++}`;
          let count = 0;
          const send = async (text: string): Promise<Tracker> => {
            const result = await brain.handle({
              conversationId: id,
              messageId: `${count++}`,
              channel: 'text',
              input: { type: 'text', text, confidence: 1 },
            });
            const tracker = (await store.get(id))?.value as Tracker;
            for (const action of result.actions) {
              const asked = action.type === 'say' ? /^utter_ask_(\w+)$/.exec(action.response ?? '')?.[1] : undefined;
              if (asked !== undefined) expect(tracker.state.slots[asked] ?? null).toBeNull();
            }
            return tracker;
          };
          for (const text of texts) await send(text);
          let tracker = await send('a table');
          const answers: Readonly<Record<string, string>> = { cuisine: 'thai', people: 'four', outside: 'no' };
          for (let turn = 0; turn < 5 && tracker.state.stack.length > 0; turn++)
            tracker = await send(answers[String(tracker.state.slots.requested_slot)] ?? 'no');
          expect(tracker.state.stack).toEqual([]);
        },
      ),
      { numRuns: 150, seed: SEED },
    );
  }, 180_000);
});

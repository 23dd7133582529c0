import { afterEach, describe, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [return, track, ring, inform, affirm, deny, correct]
entities: [order_number, phone_number]
slots:
  order_number: { type: text, mappings: [{ type: from_entity, entity: order_number }], voice: { type: digits, confirm: never } }
  looked_up: { type: bool, mappings: [{ type: custom }], depends_on: [order_number] }
  sure: { type: bool, mappings: [{ type: from_intent, intent: affirm, value: true }, { type: from_intent, intent: deny, value: false }] }
  phone: { type: text, mappings: [{ type: from_entity, entity: phone_number }], voice: { type: digits, length: 6, confirm: always } }
responses:
  utter_ask_order_number: [{ text: Which order? }]
  utter_checked: [{ text: "Looked at {order_number}." }]
  utter_ask_sure: [{ text: "Return {order_number}?" }]
  utter_returned: [{ text: "Returned {order_number}." }]
  utter_kept: [{ text: Kept. }]
  utter_where: [{ text: "{order_number} is in Rome." }]
  utter_ask_phone: [{ text: Your number? }]
  utter_confirm_phone: [{ text: "{phone}, right?" }]
  utter_ringing: [{ text: "We ring {phone}." }]
`,
  'flows.yml': `flows:
  return:
    nlu_trigger: [{ intent: return }]
    persisted_slots: [order_number]
    steps:
      - collect: order_number
      - action: utter_checked
      - collect: sure
        ask_before_filling: true
        next: [{ if: slots.sure, then: done }, { else: kept }]
      - id: done
        action: utter_returned
        next: END
      - id: kept
        action: utter_kept
  track:
    nlu_trigger: [{ intent: track }]
    persisted_slots: [order_number]
    steps: [{ collect: order_number }, { action: utter_where }]
  ring:
    nlu_trigger: [{ intent: ring }]
    steps: [{ collect: phone }, { action: utter_ringing }]
`,
};
const order = (intent: string, value: string, confidence = 0.97) => ({
  intent,
  confidence,
  entities: [{ entity: 'order_number', value, words: value }],
});
const KNOWN = {
  'return 1111 please': order('return', '1111'),
  'where is my order 2222 now': order('track', '2222'),
  'perhaps order 2222': order('track', '2222', 0.8),
  'no i meant 3333': { ...order('correct', '3333') },
  'ring me': 'ring',
  '555077': { intent: 'inform', entities: [{ entity: 'phone_number', value: '555077' }] },
  yes: 'affirm',
};
const caller = async () => new DeskCaller(await house.brain(FILES, KNOWN), undefined, 'text');

describe('another wish with a value of its own, in the middle of something', () => {
  it('is answered for its value, and what was under way goes on with the one it had', async () => {
    const visitor = await caller();
    expect((await visitor.say('return 1111 please')).texts).toEqual(['Looked at 1111.', 'Return 1111?']);
    const other = await visitor.say('where is my order 2222 now');
    expect(other.texts[0]).toBe('2222 is in Rome.');
    // What was found out of the first is found out anew: the second has been in between.
    expect(other.texts.slice(-2)).toEqual(['Looked at 1111.', 'Return 1111?']);
    expect((await visitor.say('yes')).texts).toEqual(['Returned 1111.']);
  });

  it('said to a read-back, it has its value too', async () => {
    const visitor = await caller();
    await visitor.say('ring me');
    expect((await visitor.say('555077')).texts).toEqual(['555077, right?']);
    const other = await visitor.say('where is my order 2222 now');
    expect(other.texts[0]).toBe('2222 is in Rome.');
    expect(other.texts.at(-1)).toBe('555077, right?');
    expect((await visitor.say('yes')).texts).toEqual(['We ring 555077.']);
  });

  it('is a new value for what is under way where the wish is not sure, or something is taken back', async () => {
    for (const words of ['perhaps order 2222', 'no i meant 3333']) {
      const visitor = await caller();
      await visitor.say('return 1111 please');
      const value = words.slice(-4);
      expect((await visitor.say(words)).texts).toEqual([`Looked at ${value}.`, `Return ${value}?`]);
    }
  });
});

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

describe('what is always to be asked before it counts', () => {
  const ASKED = {
    'config.yml': 'language: en\n',
    'domain.yml': `intents: [send, inform, affirm, deny, correct]
entities: [city]
slots:
  city: { type: text, mappings: [{ type: from_entity, entity: city }] }
  street: { type: text, mappings: [{ type: from_text, conditions: [{ active_loop: send, requested_slot: street }] }] }
  fragile: { type: bool, mappings: [&yes { type: from_intent, intent: affirm, value: true }, &no { type: from_intent, intent: deny, value: false }] }
  right: { type: bool, mappings: [*yes, *no] }
responses:
  utter_ask_city: [{ text: Which city? }]
  utter_ask_street: [{ text: Which street? }]
  utter_ask_fragile: [{ text: Fragile? }]
  utter_ask_right: [{ text: "{street} in {city}?" }]
  utter_sent: [{ text: Sent. }]
`,
    'flows.yml': `flows:
  send:
    nlu_trigger: [{ intent: send }]
    steps:
      - id: where
        collect: city
      - collect: fragile
        ask_before_filling: true
      - collect: street
      - collect: right
        ask_before_filling: true
        next:
          - if: slots.right
            then: sent
          - else:
              - set_slots: [{ city: null }, { street: null }]
                next: where
      - id: sent
        action: utter_sent
`,
  };
  const city = (intent: string, value: string) => ({ intent, entities: [{ entity: 'city', value }] });
  const words = {
    send: 'send',
    yes: 'affirm',
    no: 'deny',
    rome: city('inform', 'Rome'),
    oslo: city('inform', 'Oslo'),
    'no, oslo': city('correct', 'Oslo'),
  };

  it('is asked again when the flow takes back what it was about', async () => {
    const visitor = new DeskCaller(await house.brain(ASKED, words), undefined, 'text');
    for (const said of ['send', 'rome', 'yes']) await visitor.say(said);
    expect((await visitor.say('First Street')).texts).toEqual(['First Street in Rome?']);
    expect((await visitor.say('no')).texts).toEqual(['Which city?']);
    expect((await visitor.say('oslo')).texts).toEqual(['Fragile?']);
    expect((await visitor.say('no')).texts).toEqual(['Which street?']);
    expect((await visitor.say('Second Street')).texts).toEqual(['Second Street in Oslo?']);
    expect((await visitor.say('yes')).texts).toEqual(['Sent.']);
  });

  it('is asked again when the caller corrects what it was about', async () => {
    const visitor = new DeskCaller(await house.brain(ASKED, words), undefined, 'text');
    for (const said of ['send', 'rome', 'yes', 'First Street']) await visitor.say(said);
    expect((await visitor.say('no, oslo')).texts).toEqual(['Fragile?']);
  });
});

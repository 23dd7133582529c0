import { afterEach, describe, expect, it } from 'vitest';
import type { IntentModel } from '../../../src/nlu/index.js';
import { FakeIntentModel } from '../../../src/testing/fake-intent-model.js';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [pay, hours, cancel, deny, inform, correct]
entities: [amount_word, pin_word, colour]
slots:
  amount: { type: text, mappings: [{ type: from_entity, entity: amount_word }] }
  pin: { type: text, mappings: [{ type: from_entity, entity: pin_word }] }
  colour: { type: text, mappings: [{ type: from_entity, entity: colour }] }
responses:
  utter_ask_amount: [{ text: How much? }]
  utter_ask_pin: [{ text: Your PIN? }]
  utter_ask_colour: [{ text: Which colour? }]
  utter_paid: [{ text: Paid. }]
  utter_hours: [{ text: Nine to six. }]
  utter_cancelled: [{ text: Dropped. }]
  utter_no_match_1: [{ text: Pardon? }]
`,
  'rules.yml': `rules:
  - rule: hours
    steps: [{ intent: hours }, { action: utter_hours }]
  - rule: cancel
    steps: [{ intent: cancel }, { action: action_cancel }]
`,
  'flows.yml': `flows:
  pay:
    nlu_trigger: [{ intent: pay }]
    steps:
      - collect: amount
      - call: who
      - action: utter_paid
  who:
    steps:
      - collect: pin
`,
};
const KNOWN = {
  pay: 'pay',
  hours: 'hours',
  'never mind': 'cancel',
  'do not pay': 'deny',
  ten: { intent: 'inform', entities: [{ entity: 'amount_word', value: 'ten' }] },
  secret: { intent: 'inform', entities: [{ entity: 'pin_word', value: 'secret' }] },
};

/** Knows what "not" is said of. */
const model = new FakeIntentModel(KNOWN);
const intentModel: IntentModel = {
  labels: model.labels,
  close: () => model.close(),
  parse: async (text, options) => ({
    ...(await model.parse(text, options)),
    ...(text === 'do not pay' ? { negated: { name: 'pay', confidence: 0.9 } } : {}),
  }),
};

/** At the PIN, which a flow asks for that paying has called. */
async function atPin(): Promise<DeskCaller> {
  const caller = new DeskCaller(await house.brain(FILES, KNOWN, { intentModel }), undefined, 'text');
  await caller.say('pay');
  expect((await caller.say('ten')).texts).toEqual(['Your PIN?']);
  return caller;
}

describe('what a flow has called is part of it', () => {
  it('given up there, it does not go on as if that had been done', async () => {
    const caller = await atPin();
    expect((await caller.say('never mind')).texts).toEqual(['Dropped.']);
    expect((await caller.say('secret')).texts).not.toContain('Paid.');
  });

  it('not wanted any more, it is given up from there too', async () => {
    const caller = await atPin();
    expect((await caller.say('do not pay')).texts).toEqual(['Dropped.']);
  });

  it('named once more, it does not leave out what is asked there', async () => {
    const caller = await atPin();
    const again = await caller.say('pay');
    expect(again.texts).not.toContain('Paid.');
    expect(again.texts.at(-1)).toBe('Your PIN?');
    expect((await caller.say('secret')).texts).toEqual(['Paid.']);
  });

  it('one step back from its first question is to the last answer before it', async () => {
    const caller = await atPin();
    expect((await caller.say('go back')).texts).toEqual(['How much?']);
    expect((await caller.say('ten')).texts).toEqual(['Your PIN?']);
  });

  it('and a digression comes back to it', async () => {
    const caller = await atPin();
    expect((await caller.say('hours')).texts).toEqual(['Nine to six.', 'Your PIN?']);
    expect((await caller.say('secret')).texts).toEqual(['Paid.']);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

/** Any words answer the question for the street; the application takes those that name one. */
const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [send, price, track, inform]
entities: [city, order_number]
slots:
  city: { type: text, mappings: [{ type: from_entity, entity: city }] }
  kind_of_city: { type: text, mappings: [{ type: custom }], depends_on: [city] }
  order_number: { type: text, mappings: [{ type: from_entity, entity: order_number }] }
  street: { type: text, depends_on: [city], mappings: [{ type: from_text, conditions: [{ active_loop: send, requested_slot: street }] }] }
responses:
  utter_ask_city: [{ text: Which city? }]
  utter_ask_street: [{ text: Which street? }]
  utter_ask_street_retry_1: [{ text: Street and number? }]
  utter_ask_street_retry_2: [{ text: Spell the street. }]
  utter_ask_order_number: [{ text: Which order? }]
  utter_price: [{ text: It is free. }]
  utter_short: [{ text: That is short. }]
  utter_where: [{ text: "{order_number} is in Rome." }]
  utter_sent: [{ text: "{street}, {city}, {kind_of_city}." }]
actions: [validate_street, action_see_city]
`,
  'rules.yml': `rules:
  - rule: price
    steps: [{ intent: price }, { action: utter_price }]
`,
  'flows.yml': `flows:
  send:
    nlu_trigger: [{ intent: send }]
    steps:
      - collect: city
      - action: action_see_city
      - collect: street
      - action: utter_sent
  track:
    nlu_trigger: [{ intent: track }]
    steps: [{ collect: order_number }, { action: utter_where }]
`,
  'actions/street.js': `export default [
  { name: 'action_see_city', lookup: true, run: async ({ slots }) => ({ slots: { kind_of_city: slots.city.length > 4 ? 'long' : 'short' } }) },
  { name: 'validate_street', lookup: true, run: async ({ slots }) => {
      const { street } = slots;
      if (street.length < 3) return { slots: { street: null }, say: ['utter_short'] };
      return street.includes('Street') ? {} : { slots: { street: null } };
  } },
];
`,
};
const KNOWN = {
  send: 'send',
  'is it free': { intent: 'price', confidence: 0.97 },
  'where is my order 2222': {
    intent: 'track',
    confidence: 0.97,
    entities: [{ entity: 'order_number', value: '2222', words: '2222' }],
  },
  Rome: { intent: 'inform', entities: [{ entity: 'city', value: 'Rome', words: 'Rome' }] },
  '5 Main Street Boston': { intent: 'inform', entities: [{ entity: 'city', value: 'Boston', words: 'Boston' }] },
  '5 Main Street': 'inform',
  'the blue one': { intent: 'inform', confidence: 0.2 },
  ab: 'inform',
};

async function asked(): Promise<DeskCaller> {
  const visitor = new DeskCaller(await house.brain(FILES, KNOWN), undefined, 'text');
  await visitor.say('send');
  expect((await visitor.say('Rome')).texts).toEqual(['Which street?']);
  return visitor;
}

describe('words that a validating action turns down', () => {
  it('are a question of their own where they are one, and the open one is put again', async () => {
    const visitor = await asked();
    expect((await visitor.say('is it free')).texts).toEqual(['It is free.', 'Which street?']);
    expect((await visitor.say('5 Main Street')).texts).toEqual(['5 Main Street, Rome, short.']);
  });

  it('are another wish with its values, that is gone back from', async () => {
    const visitor = await asked();
    const other = await visitor.say('where is my order 2222');
    expect(other.texts[0]).toBe('2222 is in Rome.');
    expect(other.texts.at(-1)).toBe('Which street?');
  });

  it('are not understood otherwise: it is asked in other words each time', async () => {
    const visitor = await asked();
    expect((await visitor.say('the blue one')).texts).toEqual(['Street and number?']);
    expect((await visitor.say('the blue one')).texts).toEqual(['Spell the street.']);
  });

  it('are answered by the action where it says something', async () => {
    const visitor = await asked();
    expect((await visitor.say('ab')).texts).toEqual(['That is short.', 'Which street?']);
  });
});

it('an answer in any words that holds another value for an earlier question has what depends on that done again', async () => {
  const visitor = await asked();
  expect((await visitor.say('5 Main Street Boston')).texts).toEqual(['5 Main Street Boston, Boston, long.']);
});

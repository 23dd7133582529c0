import { afterEach, describe, expect, it } from 'vitest';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { MemoryConversationLog } from '../../../src/testing/memory-conversation-log.js';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `version: "3.1"
intents: [book, inform, password]
entities: [city, clock, number]
slots:
  city: { type: text, mappings: [{ type: from_entity, entity: city }] }
  seats: { type: float, mappings: [{ type: from_entity, entity: number }] }
  clock: { type: text, mappings: [{ type: from_entity, entity: clock }] }
  secret: { type: text, mappings: [{ type: from_entity, entity: secret }] }
responses:
  utter_ask_city: [{ text: Which city? }]
  utter_ask_city_retry_1: [{ text: "Sorry, which city was it?" }]
  utter_ask_seats: [{ text: How many seats? }]
  utter_ask_clock: [{ text: When? }]
  utter_ask_secret: [{ text: Which password? }]
  utter_booked: [{ text: "{seats} seats in {city} at {clock}." }]
`,
  'flows.yml': `version: "3.1"
flows:
  book:
    description: A table.
    nlu_trigger: [{ intent: book }]
    steps:
      - collect: city
      - collect: seats
      - collect: clock
      - action: utter_booked
  password:
    description: A password.
    nlu_trigger: [{ intent: password }]
    steps:
      - collect: secret
`,
};

const KNOWN = {
  book: 'book',
  // What a model may well think of a word that it only knows from another wish.
  '19:00': { intent: 'password', entities: [{ entity: 'clock', value: '19:00' }] },
  'well, at seven then': { intent: 'inform', entities: [{ entity: 'clock', value: '19:00', words: 'seven' }] },
  'my password, and seven': { intent: 'password', entities: [{ entity: 'clock', value: '19:00', words: 'seven' }] },
  rome: { intent: 'inform', entities: [{ entity: 'city', value: 'rome' }] },
  'three people': { intent: 'inform', entities: [{ entity: 'quantity', value: { amount: 3, unit: 'person' } }] },
};

const house = new AppHouse();
afterEach(() => house.close());

const open = async (log = new MemoryConversationLog()) =>
  new DeskCaller(await house.brain(FILES, KNOWN, { log }), undefined, 'text');

describe('a value that is asked for later, given now', () => {
  it('is kept, is no misunderstanding, and is not asked for again', async () => {
    const caller = await open();
    await caller.say('book');
    const early = await caller.say('well, at seven then');
    expect(early.texts).toEqual(['Which city?']);
    expect(early.result.noMatch).toBe(false);
    await caller.say('rome');
    expect((await caller.say('three people')).texts).toEqual(['3 seats in rome at 19:00.']);
  });

  it('starts nothing else where the message is nothing but the value', async () => {
    const caller = await open();
    await caller.say('book');
    expect((await caller.say('19:00')).texts).toEqual(['Which city?']);
    // The same once more tells nothing new: asked in other words.
    const again = await caller.say('19:00');
    expect(again.texts).toEqual(['Sorry, which city was it?']);
    expect(again.result.noMatch).toBe(true);
  });

  it('does not hide another wish', async () => {
    const caller = await open();
    await caller.say('book');
    expect((await caller.say('my password, and seven')).texts).toEqual(['Which password?']);
  });
});

it('the same wish said again is asked in other words, then counts as not understood', async () => {
  const caller = await open();
  expect((await caller.say('book')).texts).toEqual(['Which city?']);
  const second = await caller.say('book');
  expect(second.texts).toEqual(['Sorry, which city was it?']);
  expect(second.result.noMatch).toBe(false);
  expect((await caller.say('book')).result.noMatch).toBe(true);
});

it('“three people” answers a question for a number', async () => {
  const caller = await open();
  await caller.say('book');
  await caller.say('rome');
  expect((await caller.say('three people')).result.slots.seats).toBe(3);
});

it('a key that the question names may be typed too', async () => {
  const files = {
    'config.yml': 'language: en\n',
    'domain.yml': `intents: [go]
slots: { sure: { type: bool, mappings: [{ type: from_intent, intent: affirm, value: true }] } }
responses: { utter_ask_sure: [{ text: Sure? Press one for yes. }], utter_yes: [{ text: Fine. }], utter_no: [{ text: Pity. }] }
`,
    'flows.yml': `flows:
  go:
    nlu_trigger: [{ intent: go }]
    steps:
      - collect: sure
        next: [{ if: slots.sure, then: [{ action: utter_yes, next: END }] }, { else: [{ action: utter_no, next: END }] }]
`,
  };
  for (const [key, words] of [
    ['1', 'Fine.'],
    [' 2 ', 'Pity.'],
  ] as const) {
    const caller = new DeskCaller(await house.brain(files, { go: 'go' }), undefined, 'text');
    await caller.say('go');
    expect((await caller.say(key)).texts).toEqual([words]);
  }
});

it('each turn tells which model understood it, in the log of what was said and in the tracker', async () => {
  const log = new MemoryConversationLog();
  const caller = await open(log);
  await caller.say('book');
  const turn = log.events.find((event) => event.type === 'turn');
  expect(turn?.data.model).toBe('fake');
});

it('an entity that the domain does not list is a warning, as in Rasa: ready extractors need no listing', async () => {
  const { problems } = await loadApplication(await house.folder(FILES));
  const about = problems.filter((problem) => problem.message.includes('"secret"'));
  expect(about.map(({ severity }) => severity)).toEqual(['warning']);
});

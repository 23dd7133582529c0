import { afterEach, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [move, read, inform]
entities: [date, digits]
slots:
  day: { type: text, mappings: [{ type: from_entity, entity: date }], voice: { type: date, confirm: never } }
  meter: { type: text, mappings: [{ type: from_entity, entity: digits }], voice: { type: digits, confirm: never } }
responses:
  utter_ask_day: [{ text: Which day? }]
  utter_ask_meter: [{ text: Which meter? }]
  utter_moved: [{ text: "You move on {day}." }]
  utter_read: [{ text: "Meter {meter}." }]
`,
  'flows.yml': `flows:
  move:
    nlu_trigger: [{ intent: move }]
    steps: [{ collect: day }, { action: utter_moved }]
  read:
    nlu_trigger: [{ intent: read }]
    steps: [{ collect: meter }, { action: utter_read }]
`,
};
const day = (intent: string, confidence: number, value = '2026-12-01') => ({
  intent,
  confidence,
  entities: [{ entity: 'date', value }],
});
const KNOWN = {
  'i am moving': 'move',
  tomorrow: day('inform', 0.9),
  'the first': day('nlu_fallback', 0.2),
  friday: day('inform', 0.9, '2026-12-04'),
  '12345678': { intent: 'inform', entities: [{ entity: 'digits', value: '12345678' }] },
};
const caller = async (rules = '') =>
  new DeskCaller(await house.brain({ ...FILES, ...(rules && { 'rules.yml': rules }) }, KNOWN), undefined, 'text');

it.each(['tomorrow', 'the first'])('"%s" alone begins nothing, and is known when the wish comes', async (words) => {
  const visitor = await caller();
  expect((await visitor.say(words)).texts).toEqual(['What would you like to do?']);
  expect((await visitor.say('i am moving')).texts).toEqual(['You move on 2026-12-01.']);
});

it('after a flow that asked for it, it puts that flow right', async () => {
  const visitor = await caller();
  await visitor.say('i am moving');
  await visitor.say('tomorrow');
  expect((await visitor.say('friday')).texts).toEqual(['You move on 2026-12-04.']);
});

it('an application says in a rule where a value alone is a wish', async () => {
  const visitor = await caller(`rules:
  - rule: a meter's number alone
    condition: [{ active_loop: null }]
    steps: [{ intent: inform, entities: [digits] }, { action: read }]
`);
  expect((await visitor.say('tomorrow')).texts).toEqual(['What would you like to do?']);
  expect((await visitor.say('12345678')).texts).toEqual(['Meter 12345678.']);
});

it('what was not understood goes to the rule for it, as in Rasa', async () => {
  const visitor = await caller(`rules:
  - rule: not understood
    steps: [{ intent: nlu_fallback }, { action: utter_default }]
`);
  expect((await visitor.say('the first')).texts[0]).toMatch(/^Sorry/);
});

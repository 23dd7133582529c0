import { afterEach, expect, it } from 'vitest';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { lostCommands } from '../../../src/dialogue/app/own-commands.js';
import { loadAppData } from '../../../src/nlu/corpus/load.js';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [start_service, persons, human]
slots:
  street: { type: text, mappings: [{ type: from_text }] }
responses:
  utter_ask_street: [{ text: Which street? }]
  utter_persons: [{ text: How many live there does not matter. }]
  utter_person: [{ text: Anna takes over. }]
  utter_restart: [{ text: From the beginning. }]
  utter_hand_off: [{ text: A colleague takes over. }]
`,
  'flows.yml': `flows:
  start:
    nlu_trigger: [{ intent: start_service }]
    steps: [{ collect: street }]
`,
  'rules.yml': `rules:
  - rule: persons
    steps: [{ intent: persons }, { action: utter_persons }]
  - rule: human
    steps: [{ intent: human }, { action: utter_person }, { action: action_hand_off }]
`,
};
const nlu = (intent: string, example: string) =>
  `nlu:\n  - intent: ${intent}\n    examples: |\n      - begin\n      - ${example}\n`;
const KNOWN = {
  begin: 'start_service',
  'start over': { intent: 'start_service', confidence: 0.97 },
  person: { intent: 'persons', confidence: 0.97 },
  'a human please': { intent: 'human', confidence: 0.6 },
};
const caller = async (examples: string) =>
  new DeskCaller(await house.brain({ ...FILES, 'nlu.yml': examples }, KNOWN), undefined, 'text');

it('a command wins over an intent that only has similar examples, also at a question', async () => {
  const visitor = await caller(nlu('start_service', 'start my service'));
  expect((await visitor.say('begin')).texts).toEqual(['Which street?']);
  expect((await visitor.say('start over')).texts).toEqual(['From the beginning.']);
  expect((await visitor.say('begin')).texts).toEqual(['Which street?']);
  expect((await visitor.say('person')).texts).toEqual(['A colleague takes over.']);
});

it('an intent that has the command itself among its examples wins', async () => {
  const visitor = await caller(nlu('start_service', 'start over'));
  expect((await visitor.say('start over')).texts).toEqual(['Which street?']);
  // Another command than that is none of its examples.
  expect((await visitor.say('person')).texts).toEqual(['A colleague takes over.']);
});

it('a rule that does what the command does has the word, however sure it is', async () => {
  expect((await (await caller(nlu('persons', 'how many'))).say('a human please')).texts).toEqual(['Anna takes over.']);
});

it('examples that take a command away are told, those of a rule that does the same are not', async () => {
  const told = async (examples: string) => {
    const folder = await house.folder({ ...FILES, 'nlu.yml': examples });
    const { application } = await loadApplication(folder);
    const { data } = await loadAppData(folder);
    return lostCommands(application, data.examples).map(({ line, message, hint }) => `${line} ${message} | ${hint}`);
  };
  expect(await told(nlu('start_service', 'start over'))).toEqual([
    '5 "start over" of the intent "start_service" would be the built-in action_restart, and what the application does for "start_service" is done instead | Take such words out of the examples, or let the rule for "start_service" end with action_restart.',
  ]);
  expect(await told(nlu('persons', 'a person'))).toHaveLength(1);
  expect(await told(nlu('human', 'a person'))).toEqual([]);
  expect(await told(nlu('start_service', 'start my service over there'))).toEqual([]);
  // Nothing follows on it: the command works.
  expect(await told(nlu('other', 'a person'))).toEqual([]);
});

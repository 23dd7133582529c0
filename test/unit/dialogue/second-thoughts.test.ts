import { afterEach, describe, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [ring, track, name, bye, again, inform, affirm, deny]
entities: [order_number, time, colour]
slots:
  same_phone: { type: bool, mappings: [&yes { type: from_intent, intent: affirm, value: true }, &no { type: from_intent, intent: deny, value: false }] }
  clock: { type: text, mappings: [{ type: from_entity, entity: time }], voice: { type: time, confirm: never } }
  day_known: { type: bool, mappings: [{ type: custom }], depends_on: [clock] }
  sure: { type: bool, mappings: [*yes, *no] }
  order_number: { type: text, mappings: [{ type: from_entity, entity: order_number }], voice: { type: digits, confirm: never } }
  title:
    type: text
    mappings: [{ type: from_text, not_intent: [affirm, deny], conditions: [{ active_loop: name, requested_slot: title }] }]
    voice: { type: text, confirm: always }
responses:
  utter_ask_same_phone: [{ text: This phone? }]
  utter_ask_clock: [{ text: When? }]
  utter_ask_sure: [{ text: "At {clock}?" }]
  utter_rung: [{ text: "We ring at {clock}." }]
  utter_ask_order_number: [{ text: Which order? }]
  utter_where: [{ text: "{order_number} is in Rome." }]
  utter_ask_title: [{ text: Which name? }]
  utter_confirm_title: [{ text: "{title}, right?" }]
  utter_named: [{ text: "It is {title}." }]
  utter_goodbye: [{ text: Bye. }]
  utter_no_match_1: [{ text: Pardon? }]
`,
  'rules.yml': `rules:
  - rule: bye
    steps: [{ intent: bye }, { action: utter_goodbye }, { action: action_hang_up }]
  - rule: again
    steps: [{ intent: again }, { action: action_restart }]
`,
  'flows.yml': `flows:
  ring:
    nlu_trigger: [{ intent: ring }]
    steps:
      - collect: same_phone
      - collect: clock
      - collect: sure
        ask_before_filling: true
      - action: utter_rung
  track:
    nlu_trigger: [{ intent: track }]
    persisted_slots: [order_number]
    steps: [{ collect: order_number }, { collect: sure, ask_before_filling: true }, { action: utter_where }]
  name:
    nlu_trigger: [{ intent: name }]
    steps: [{ collect: order_number }, { collect: title }, { action: utter_named }]
`,
};
const order = (value: string) => ({ intent: 'inform', entities: [{ entity: 'order_number', value }] });
const KNOWN = {
  'ring me at three in the afternoon': {
    intent: 'ring',
    entities: [{ entity: 'time', value: '15:00', words: 'three' }],
  },
  'yes but make it four': 'affirm',
  'yes but do not make it five': 'affirm',
  'where is it': 'track',
  'name it': 'name',
  '1111': order('1111'),
  '2222': order('2222'),
  yes: 'affirm',
  'back to it then': { intent: 'bye', confidence: 0.4 },
  bye: 'bye',
  'Again Ltd': { intent: 'again', confidence: 0.97 },
};
const caller = async () => new DeskCaller(await house.brain(FILES, KNOWN), undefined, 'text');

describe('a yes with something else', () => {
  it('is a yes to the open question, and the time told before is another one', async () => {
    const visitor = await caller();
    expect((await visitor.say('ring me at three in the afternoon')).texts).toEqual(['This phone?']);
    expect((await visitor.say('yes but make it four')).texts).toEqual(['At 16:00?']);
  });

  it('changes what was read back, and is read back again', async () => {
    const visitor = await caller();
    await visitor.say('ring me at three in the afternoon');
    await visitor.say('yes');
    expect((await visitor.say('yes but make it four')).texts).toEqual(['At 16:00?']);
    expect((await visitor.say('yes but do not make it five')).texts.at(-1)).toBe('At 16:00?');
    expect((await visitor.say('yes')).texts).toEqual(['We ring at 16:00.']);
  });
});

describe('words that end or undo much', () => {
  it('hang up only when they are surely a goodbye', async () => {
    const visitor = await caller();
    const unsure = await visitor.say('back to it then');
    expect(unsure.texts).toEqual(['Pardon?']);
    expect(unsure.types).not.toContain('hangup');
    expect((await visitor.say('bye')).types).toContain('hangup');
  });

  it('are the answer where any words are, and are not put as a request', async () => {
    const visitor = await caller();
    await visitor.say('name it');
    await visitor.say('1111');
    expect((await visitor.say('Again Ltd')).texts).toEqual(['Again Ltd, right?']);
  });
});

describe('words that are read back', () => {
  it('are replaced by other words that say nothing else', async () => {
    const visitor = await caller();
    await visitor.say('name it');
    await visitor.say('1111');
    expect((await visitor.say('Acme')).texts).toEqual(['Acme, right?']);
    expect((await visitor.say('Acme Trading')).texts).toEqual(['Acme Trading, right?']);
    expect((await visitor.say('yes')).texts).toEqual(['It is Acme Trading.']);
  });
});

describe('another wish in between that asks for the same', () => {
  it('leaves what was begun with what it was told', async () => {
    const visitor = await caller();
    for (const words of ['name it', '2222', 'Acme', 'yes']) await visitor.say(words);
    await visitor.say('where is it');
    expect((await visitor.say('2222')).texts).toEqual(['At ?']);
    expect((await visitor.say('name it')).texts).toEqual(['Which order?']);
    await visitor.say('1111');
    await visitor.say('Acme');
    expect((await visitor.say('yes')).texts[0]).toBe('It is Acme.');
    expect((await visitor.say('yes')).texts).toEqual(['2222 is in Rome.']);
  });
});

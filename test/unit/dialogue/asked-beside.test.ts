import { afterEach, describe, expect, it } from 'vitest';
import { isPutAsQuestion } from '../../../src/dialogue/turn/requests.js';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [complain, ask, write, write_form, hours, bill, thanks]
slots:
  what: { type: text, mappings: [{ type: from_text }] }
  text: { type: text, mappings: [{ type: from_text, conditions: [{ active_loop: letter, requested_slot: text }] }] }
forms:
  letter: { required_slots: [text] }
responses:
  utter_ask_what: [{ text: What happened? }]
  utter_ask_text: [{ text: What shall I write? }]
  utter_hours: [{ text: From nine to five. }]
  utter_bill: [{ text: It is 20 yuan. }]
  utter_noted: [{ text: "Noted: {what}." }]
  utter_sent: [{ text: "Sent: {text}." }]
`,
  'rules.yml': `rules:
  - rule: hours
    steps: [{ intent: hours }, { action: utter_hours }]
  - rule: thanks
    steps: [{ intent: thanks }, { action: bill }]
  - rule: letter
    steps: [{ intent: write }, { action: letter }, { active_loop: letter }]
  - rule: letter is done
    condition: [{ active_loop: letter }]
    steps: [{ action: letter }, { active_loop: null }, { action: utter_sent }]
`,
  'flows.yml': `flows:
  complaint:
    nlu_trigger: [{ intent: complain }]
    steps: [{ collect: what }, { action: utter_noted }]
  question:
    nlu_trigger: [{ intent: ask }]
    steps: [{ collect: what, force_slot_filling: true }, { action: utter_noted }]
  bill:
    nlu_trigger: [{ intent: bill }]
    steps: [{ action: utter_bill }]
`,
};
const sure = (intent: string) => ({ intent, confidence: 0.97 });
const KNOWN = {
  complain: 'complain',
  ask: 'ask',
  write: 'write',
  'when are you open': sure('hours'),
  'so when are you open then': { intent: 'hours', confidence: 0.8 },
  'nobody was there in the opening hours': sure('hours'),
  'why is my bill so high': sure('bill'),
  'is that all': sure('thanks'),
};
const caller = async () => new DeskCaller(await house.brain(FILES, KNOWN), undefined, 'text');

describe('a question, said where any words would be the answer of a flow', () => {
  it('is answered, and what was asked is asked again', async () => {
    const visitor = await caller();
    await visitor.say('complain');
    expect((await visitor.say('when are you open')).texts).toEqual(['From nine to five.', 'What happened?']);
    expect((await visitor.say('the lamp broke')).texts).toEqual(['Noted: the lamp broke.']);
  });

  it.each([
    ['so when are you open then', 'it is not sure'],
    ['nobody was there in the opening hours', 'it asks nothing'],
    ['why is my bill so high', 'it would begin a flow'],
    ['is that all', 'its rule would begin a flow'],
  ])('"%s" is the answer: %s', async (words) => {
    const visitor = await caller();
    await visitor.say('complain');
    expect((await visitor.say(words)).texts).toEqual([`Noted: ${words}.`]);
  });

  it('is the answer where the flow wants it (force_slot_filling)', async () => {
    const visitor = await caller();
    await visitor.say('ask');
    expect((await visitor.say('when are you open')).texts).toEqual(['Noted: when are you open.']);
  });

  it('is the answer in a form, as in Rasa', async () => {
    const visitor = await caller();
    await visitor.say('write');
    expect((await visitor.say('when are you open')).texts).toEqual(['Sent: when are you open.']);
  });
});

describe('being put as a question', () => {
  it.each([
    '你们几点开门',
    '请问营业时间是什么时候',
    '上门要收费吗',
    '多少钱一度',
    '在哪里交电费',
    'When are you open?',
    'um, how much is it',
    'and do you charge for that',
    'opening hours?',
  ])('%s', (text) => expect(isPutAsQuestion(text)).toBe(true));

  it.each([
    '灯坏了',
    '昨天晚上开始停电',
    '没有人来',
    'the lamp broke',
    'nobody told me when you are open',
    'whatever',
    'island street 5',
  ])('%s is not', (text) => expect(isPutAsQuestion(text)).toBe(false));
});

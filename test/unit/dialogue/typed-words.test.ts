import { afterEach, describe, expect, it } from 'vitest';
import { putInstead } from '../../../src/dialogue/turn/requests.js';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [move, complain, bill, affirm, deny, inform]
entities: [address]
slots:
  where: { type: text, mappings: [{ type: from_entity, entity: address }, { type: from_text }], voice: { type: address, confirm: always } }
  what: { type: text, mappings: [{ type: from_text }] }
responses:
  utter_ask_where: [{ text: Where to? }]
  utter_ask_where_retry_1: [{ text: Street and number? }]
  utter_confirm_where: [{ text: "{where}?" }]
  utter_ask_what: [{ text: What happened? }]
  utter_bill: [{ text: It is 20 yuan. }]
  utter_moved: [{ text: "Moved to {where}." }]
  utter_noted: [{ text: "Noted: {what}." }]
  utter_cancelled: [{ text: Left. }]
`,
  'flows.yml': `flows:
  move:
    nlu_trigger: [{ intent: move }]
    steps: [{ collect: where }, { action: utter_moved }]
  complaint:
    nlu_trigger: [{ intent: complain }]
    steps: [{ collect: what }, { action: utter_noted }]
  bill:
    nlu_trigger: [{ intent: bill }]
    steps: [{ action: utter_bill }]
`,
};
const KNOWN = {
  moving: 'move',
  complaint: 'complain',
  'my bill': { intent: 'bill', confidence: 0.97 },
  'bill street': { intent: 'bill', confidence: 0.7 },
  'never mind': { intent: 'move', confidence: 0.44 },
  'Hangzhou, West Lake, 8 Wensan Road': {
    intent: 'inform',
    entities: [{ entity: 'address', value: { city: 'Hangzhou', detail: '8 Wensan Road' } }],
  },
  yes: 'affirm',
  'no, it is not': 'deny',
};
const caller = async () => new DeskCaller(await house.brain(FILES, KNOWN), undefined, 'text');

describe('a question for a kind of thing that also takes any words', () => {
  it('keeps what has parts in the words it was said in', async () => {
    const visitor = await caller();
    await visitor.say('moving');
    expect((await visitor.say('Hangzhou, West Lake, 8 Wensan Road')).texts).toEqual([
      'Hangzhou, West Lake, 8 Wensan Road?',
    ]);
  });

  it('is no place for a wish that is surely another one', async () => {
    const visitor = await caller();
    await visitor.say('moving');
    expect((await visitor.say('my bill')).texts).toEqual(['It is 20 yuan.', 'Where to?']);
    expect((await visitor.say('bill street')).texts).toEqual(['bill street?']);
  });

  it('where words are asked for, they may sound like a wish', async () => {
    const visitor = await caller();
    await visitor.say('complaint');
    expect((await visitor.say('my bill')).texts).toEqual(['Noted: my bill.']);
  });

  it('is given up at a word that is nothing else for sure', async () => {
    const visitor = await caller();
    await visitor.say('moving');
    expect((await visitor.say('never mind')).texts).toEqual(['Left.']);
  });

  it('takes what is right instead of what was read back', async () => {
    const visitor = await caller();
    await visitor.say('moving');
    await visitor.say('12 Lake Street');
    expect((await visitor.say('no, 14 Lake Street')).texts).toEqual(['14 Lake Street?']);
    expect((await visitor.say('no, it is not')).texts).toEqual(['Street and number?']);
  });
});

describe('what is right instead', () => {
  it.each([
    ['不对，是文三路66号', '文三路66号'],
    ['不是，应该是西湖区', '西湖区'],
    ['不对文三路66号。', '文三路66号'],
    ["no, it's Hill Road", 'Hill Road'],
    ['no, 14 Lake Street', '14 Lake Street'],
    ['sorry, number 14 b', 'number 14 b'],
  ])('%s', (text, right) => expect(putInstead(text)).toBe(right));

  it.each([
    '不对',
    '不是的',
    '不是这个地址',
    '是文三路',
    'no',
    "no that's wrong",
    "no, it's wrong",
    'no it is not',
    'wrong',
  ])('%s names nothing', (text) => expect(putInstead(text)).toBeUndefined());
});

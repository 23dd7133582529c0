import { afterEach, describe, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [go, pick, note, menu, affirm, deny, size, left, right]
entities: [size, word]
slots:
  sure: { type: bool, mappings: [{ type: from_intent, intent: affirm, value: true }, { type: from_intent, intent: deny, value: false }] }
  size: { type: categorical, values: [small, medium, large], mappings: [{ type: from_entity, entity: size }] }
  word: { type: text, mappings: [{ type: from_entity, entity: word }, { type: from_text, conditions: [{ active_loop: note, requested_slot: word }] }] }
responses:
  utter_ask_sure:
    - { text: Sure?, buttons: [{ title: "No", payload: /deny }, { title: "Yes", payload: /affirm }] }
  utter_yes: [{ text: Fine. }]
  utter_no: [{ text: Pity. }]
  utter_ask_size:
    - { text: Which size?, buttons: [{ title: Large, payload: '/size{"size": "large"}' }, { title: Small, payload: '/size{"size": "small"}' }] }
  utter_sized: [{ text: "A {size} one." }]
  utter_ask_word:
    - { text: Which word?, buttons: [{ title: Hello, payload: '/note{"word": "hello"}' }, { title: Bye, payload: bye bye }] }
  utter_noted: [{ text: "Noted {word}." }]
  utter_left_menu: [{ text: Left, buttons: [{ title: L1, payload: /left }, { title: L2, payload: /left }] }]
  utter_right_menu: [{ text: Right, buttons: [{ title: R1, payload: /right }, { title: "7", payload: /left }] }]
  utter_left: [{ text: Went left. }]
  utter_right: [{ text: Went right. }]
`,
  'rules.yml': `rules:
  - rule: menu
    steps: [{ intent: menu }, { action: utter_left_menu }, { action: utter_right_menu }]
  - rule: left
    steps: [{ intent: left }, { action: utter_left }]
  - rule: right
    steps: [{ intent: right }, { action: utter_right }]
`,
  'flows.yml': `flows:
  go:
    nlu_trigger: [{ intent: go }]
    steps:
      - collect: sure
        next: [{ if: slots.sure, then: [{ action: utter_yes, next: END }] }, { else: [{ action: utter_no, next: END }] }]
  pick:
    nlu_trigger: [{ intent: pick }]
    steps: [{ collect: size }, { action: utter_sized }]
  note:
    nlu_trigger: [{ intent: note }]
    steps: [{ collect: word }, { action: utter_noted }]
`,
};
const KNOWN = { go: 'go', pick: 'pick', note: 'note', menu: 'menu' };

const house = new AppHouse();
afterEach(() => house.close());
const open = async (channel: 'text' | 'voice' = 'text') =>
  new DeskCaller(await house.brain(FILES, KNOWN), undefined, channel);

describe('a typed number takes the choice that stands there under it', () => {
  const cases: readonly [string, string, string, string][] = [
    ['of a question for yes or no whose buttons begin with no', 'go', '1', 'Pity.'],
    ['of a question for yes or no whose buttons end with yes', 'go', '２', 'Fine.'],
    ['of a question whose values are in another order', 'pick', '1', 'A large one.'],
    ['of a question whose buttons are some of its values', 'pick', ' 2 ', 'A small one.'],
    ['of a question for any text', 'note', '1', 'Noted hello.'],
    ['that sends plain words', 'note', '2', 'Noted bye bye.'],
    ['of the second of two menus in one turn', 'menu', '3', 'Went right.'],
    ['of the first of two menus in one turn', 'menu', '2', 'Went left.'],
    ['that is called by a number itself', 'menu', '7', 'Went left.'],
  ];
  for (const [name, wish, typed, reply] of cases)
    it(name, async () => {
      const caller = await open();
      await caller.say(wish);
      expect((await caller.say(typed)).texts[0]).toBe(reply);
    });

  it('and where no choice has it, what it means to the question', async () => {
    const caller = await open();
    await caller.say('pick');
    expect((await caller.say('3')).texts).toEqual(['A large one.']);
  });

  it('but not on the phone, where keys mean what the question says', async () => {
    const caller = await open('voice');
    await caller.say('go');
    expect((await caller.key('1')).texts).toEqual(['Fine.']);
  });

  it('for one turn: after that it is a number again', async () => {
    const caller = await open();
    await caller.say('menu');
    await caller.say('2');
    expect((await caller.say('2')).result.noMatch).toBe(true);
  });
});

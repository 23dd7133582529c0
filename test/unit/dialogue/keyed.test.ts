import { afterEach, describe, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const MENU = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [menu, find, left, faq]
entities: [order_number]
slots:
  order_number: { type: text, mappings: [{ type: from_entity, entity: order_number }], voice: { type: digits, confirm: never } }
responses:
  utter_menu:
    - text: Press one to four.
      buttons:
        - { title: That order, payload: '/find{"order_number": "8765"}' }
        - { title: Left, payload: /left }
        - { title: Plain, payload: to the left please }
        - { title: Hours, payload: /faq/hours }
  utter_found: [{ text: "It is {order_number}." }]
  utter_left: [{ text: Went left. }]
  utter_faq/hours: [{ text: At nine. }]
  utter_hand_off: [{ text: A person comes. }]
`,
  'rules.yml': `rules:
  - rule: menu
    steps: [{ intent: menu }, { action: utter_menu }]
  - rule: find
    steps: [{ intent: find }, { action: utter_found }]
  - rule: left
    steps: [{ intent: left }, { action: utter_left }]
  - rule: faq
    steps: [{ intent: faq }, { action: utter_faq }]
`,
};
const caller = async (channel: 'voice' | 'text' = 'voice') =>
  new DeskCaller(await house.brain(MENU, { menu: 'menu', 'to the left please': 'left' }), undefined, channel);

describe('a choice that is keyed', () => {
  it.each([
    ['takes what its button tells besides the wish', '1', 'It is 8765.'],
    ['is the wish of its button', '2', 'Went left.'],
    ['is said where its button sends plain words', '3', 'Went left.'],
    ['may be a question of a retrieval intent', '4', 'At nine.'],
  ])('%s', async (_name, key, reply) => {
    const phone = await caller();
    await phone.say('menu');
    expect((await phone.key(key)).texts).toEqual([reply]);
    const typed = await caller('text');
    await typed.say('menu');
    expect((await typed.say(key)).texts).toEqual([reply]);
  });

  it('can still be taken when the menu was heard once more', async () => {
    const phone = await caller();
    await phone.say('menu');
    expect((await phone.key('*')).texts).toEqual(['Press one to four.']);
    expect((await phone.key('2')).texts).toEqual(['Went left.']);
  });

  it('is in sight again when a typed menu is repeated', async () => {
    const typed = await caller('text');
    const menu = await typed.say('menu');
    const again = await typed.say('say that again');
    const buttonsOf = ({ result }: typeof menu) =>
      result.actions.flatMap((action) => (action.type === 'say' ? [action.buttons] : []));
    expect(buttonsOf(again)).toEqual(buttonsOf(menu));
    expect((await typed.say('2')).texts).toEqual(['Went left.']);
  });

  it('is known to people by its title, pressed, typed or keyed', async () => {
    for (const [channel, take] of [
      ['text', (who: DeskCaller) => who.say('/left')],
      ['text', (who: DeskCaller) => who.say('2')],
      ['voice', (who: DeskCaller) => who.key('2')],
    ] as const) {
      const who = await caller(channel);
      await who.say('menu');
      const { result } = await take(who);
      if (channel === 'text') expect(result.shown).toBe('Left');
      const handed = (await who.say('agent')).result.actions.find((action) => action.type === 'transfer');
      expect(handed?.summary).toContain('Left');
      expect(handed?.summary).not.toMatch(/\/left|; 2/);
    }
  });
});

const FORM = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [go, affirm, deny]
slots:
  seats: { type: float, mappings: [{ type: from_entity, entity: number }], voice: { type: number } }
  sure: { type: bool, mappings: [{ type: from_intent, intent: affirm, value: true }, { type: from_intent, intent: deny, value: false }] }
  code: { type: text, mappings: [{ type: from_entity, entity: digits }], voice: { type: digits, length: 4, confirm: always } }
  word: { type: text, mappings: [{ type: from_text }] }
forms:
  table: { required_slots: [seats, sure, code] }
  rest: { required_slots: [word] }
actions: [validate_table]
responses:
  utter_ask_seats: [{ text: How many? }]
  utter_ask_sure: [{ text: Sure? }]
  utter_ask_code: [{ text: Which code? }]
  utter_confirm_code: [{ text: "{code}?" }]
  utter_full: [{ text: Too many. }]
  utter_must: [{ text: You must. }]
  utter_wrong: [{ text: Wrong code. }]
  utter_ask_word: [{ text: One more word? }]
`,
  'rules.yml': `rules:
  - rule: go
    steps: [{ intent: go }, { action: table }, { active_loop: table }]
  - rule: then
    condition: [{ active_loop: table }]
    steps: [{ action: table }, { active_loop: null }, { action: rest }, { active_loop: rest }]
`,
  'actions/all.ts': `export default { name: 'validate_table', run: ({ slots }) => {
    if (slots.seats > 9) return { slots: { seats: null }, say: ['utter_full'] };
    if (slots.sure === false) return { slots: { sure: null }, say: ['utter_must'] };
    if (slots.code === '1111') return { slots: { code: null }, say: ['utter_wrong'] };
    return slots.code ? { slots: { requested_slot: null } } : {};
  } };`,
};

describe('an answer that is keyed', () => {
  it('is looked at by the form like one that is said', async () => {
    const phone = new DeskCaller(await house.brain(FORM, { go: 'go' }));
    await phone.say('go');
    expect((await phone.key('12')).texts).toEqual(['Too many.', 'How many?']);
    expect((await phone.key('4')).texts).toEqual(['Sure?']);
    expect((await phone.key('2')).texts).toEqual(['You must.', 'Sure?']);
    expect((await phone.key('1')).texts).toEqual(['Which code?']);
    expect((await phone.key('1111')).texts).toEqual(['1111?']);
    expect((await phone.key('1')).texts).toEqual(['Wrong code.', 'Which code?']);
    await phone.key('2222');
    // The form is over by its validating action, which has no say in the form that follows.
    expect((await phone.key('1')).texts).toEqual(['One more word?']);
  });
});

it('"did you mean …?" is answered by the keys for yes and no', async () => {
  const files = {
    'config.yml': 'language: en\n',
    'domain.yml': `intents: [left]
responses:
  utter_left: [{ text: Went left. }]
  utter_ask_affirmation: [{ text: "Did you mean {intent_title}?" }]
  utter_ask_rephrase: [{ text: In other words? }]
`,
    'rules.yml': `rules:
  - rule: unclear
    steps: [{ intent: nlu_fallback }, { action: action_two_stage_fallback }]
  - rule: left
    steps: [{ intent: left }, { action: utter_left }]
`,
  };
  const known = {
    mumble: { intent: 'nlu_fallback', confidence: 0.2, others: [{ name: 'left', confidence: 0.15 }] },
  };
  const phone = new DeskCaller(await house.brain(files, known));
  expect((await phone.say('mumble')).texts).toEqual(['Did you mean left?']);
  expect((await phone.key('1')).texts).toEqual(['Went left.']);
  await phone.say('mumble');
  expect((await phone.key('2')).texts).toEqual(['In other words?']);
});

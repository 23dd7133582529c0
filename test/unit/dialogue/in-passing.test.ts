import { afterEach, describe, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [ring, open, move, book, show, leave, inform, affirm, deny]
entities: [phone_number, code, room, day, clock]
actions: [action_read_mood, validate_code, validate_room_form, action_quote, action_both, action_leave]
slots:
  phone: { type: text, mappings: [{ type: from_entity, entity: phone_number }], voice: { type: digits, length: 6, confirm: always } }
  code: { type: text, mappings: [{ type: from_entity, entity: code }], voice: { type: text, confirm: never } }
  room: { type: text, mappings: [{ type: from_entity, entity: room }], voice: { type: text, confirm: never } }
  day: { type: text, mappings: [{ type: from_entity, entity: day }], voice: { type: text, confirm: never } }
  clock: { type: text, mappings: [{ type: from_entity, entity: clock }], voice: { type: text, confirm: never } }
  quote: { type: text, mappings: [{ type: custom }], depends_on: [day, clock] }
  mood: { type: text, mappings: [{ type: custom, action: action_read_mood, intent: [show] }] }
  floor: { type: text, mappings: [{ type: custom }] }
  door: { type: text, mappings: [{ type: custom }], depends_on: [floor] }
  sure: { type: bool, mappings: [{ type: from_intent, intent: affirm, value: true }, { type: from_intent, intent: deny, value: false }] }
forms:
  room_form: { required_slots: [room] }
responses:
  utter_ask_phone: [{ text: Your number? }]
  utter_confirm_phone: [{ text: "{phone}, right?" }]
  utter_ringing: [{ text: "We ring {phone}." }]
  utter_ask_code: [{ text: Your code? }]
  utter_open: [{ text: "Open with {code}." }]
  utter_ask_room: [{ text: Which room? }]
  utter_moved: [{ text: "Moved to {room}." }]
  utter_refused: [{ text: That is none of ours. }]
  utter_ask_day: [{ text: Which day? }]
  utter_ask_clock: [{ text: What time? }]
  utter_ask_sure: [{ text: "{quote}, sure?" }]
  utter_booked: [{ text: "Booked, {quote}." }]
  utter_shown: [{ text: "Floor {floor}, door {door}." }]
  utter_left: [{ text: You have left. }]
`,
  'rules.yml': `rules:
  - rule: somebody moves
    steps: [{ intent: move }, { action: room_form }, { active_loop: room_form }]
  - rule: has moved
    condition: [{ active_loop: room_form }]
    steps: [{ action: room_form }, { active_loop: null }, { slot_was_set: [{ requested_slot: null }] }, { action: utter_moved }]
  - rule: both are shown
    steps: [{ intent: show }, { action: action_both }, { action: utter_shown }]
`,
  'flows.yml': `flows:
  ring:
    nlu_trigger: [{ intent: ring }]
    steps: [{ collect: phone }, { action: utter_ringing }]
  open:
    nlu_trigger: [{ intent: open }]
    steps: [{ collect: code }, { action: utter_open }]
  book:
    nlu_trigger: [{ intent: book }]
    steps:
      - collect: day
      - id: work_out
        action: action_quote
        next: [{ if: slots.clock, then: sure }, { else: time }]
      - id: time
        collect: clock
        next: work_out
      - id: sure
        collect: sure
        ask_before_filling: true
      - action: utter_booked
        next: END
  leave:
    nlu_trigger: [{ intent: leave }]
    steps: [{ action: action_leave }, { action: utter_left }]
`,
  'actions/own.ts': `let floor = 0;
export default [
  { name: 'action_read_mood', lookup: true, run: ({ latest }) => ({ slots: { mood: latest.text } }) },
  { name: 'validate_code', run: ({ slots }) => (slots.code === 'zero' ? { slots: { code: null }, say: ['utter_refused'] } : {}) },
  { name: 'validate_room_form', run: ({ slots }) => (slots.room === 'attic' ? { slots: { room: null }, say: ['utter_refused'] } : {}) },
  { name: 'action_quote', run: ({ slots }) => ({ slots: { quote: slots.day + ' at ' + slots.clock } }) },
  { name: 'action_both', run: () => ({ slots: { door: 'red' + ++floor, floor: String(floor) } }) },
  { name: 'action_leave', run: () => ({ handOff: { reason: 'asked' } }) },
];
`,
};
const said = (intent: string, ...values: [string, string][]) => ({
  intent,
  entities: values.map(([entity, value]) => ({ entity, value, words: value })),
});
const KNOWN = {
  'ring 555077': said('ring', ['phone_number', '555077']),
  '555078': said('inform', ['phone_number', '555078']),
  'open with seven': said('open', ['code', 'seven']),
  'open with zero': said('open', ['code', 'zero']),
  'move to the attic': said('move', ['room', 'attic']),
  'move to the hall': said('move', ['room', 'hall']),
  hall: said('inform', ['room', 'hall']),
  book: 'book',
  'monday at ten': said('inform', ['day', 'monday'], ['clock', 'ten']),
  'make it eleven': said('inform', ['clock', 'eleven']),
  show: 'show',
  leave: 'leave',
  hm: { intent: 'nlu_fallback', confidence: 0.9 },
  yes: 'affirm',
  no: 'deny',
};
const caller = async () => new DeskCaller(await house.brain(FILES, KNOWN), undefined, 'text');

describe('a value said beside what was asked', () => {
  it('is read back where that is always done, and again when it is corrected', async () => {
    const visitor = await caller();
    expect((await visitor.say('ring 555077')).texts).toEqual(['555077, right?']);
    expect((await visitor.say('no')).texts).toEqual(['Your number?']);
    expect((await visitor.say('555078')).texts).toEqual(['555078, right?']);
    expect((await visitor.say('yes')).texts).toEqual(['We ring 555078.']);
  });

  it('is checked by the slot’s own action', async () => {
    const visitor = await caller();
    expect((await visitor.say('open with zero')).texts).toEqual(['That is none of ours.', 'Your code?']);
    expect((await visitor.say('open with seven')).texts).toEqual(['Open with seven.']);
  });

  it('is checked by the form that needs it', async () => {
    const visitor = await caller();
    expect((await visitor.say('move to the attic')).texts).toEqual(['That is none of ours.', 'Which room?']);
    expect((await visitor.say('hall')).texts).toEqual(['Moved to hall.']);
    expect((await (await caller()).say('move to the hall')).texts).toEqual(['Moved to hall.']);
  });

  it('has what depends on it worked out anew when it is replaced, though its own question was never put', async () => {
    const visitor = await caller();
    await visitor.say('book');
    expect((await visitor.say('monday at ten')).texts).toEqual(['monday at ten, sure?']);
    expect((await visitor.say('make it eleven')).texts).toEqual(['monday at eleven, sure?']);
    expect((await visitor.say('yes')).texts).toEqual(['Booked, monday at eleven.']);
  });
});

it('an action that reads a message is asked only for the intents of its mapping', async () => {
  const visitor = await caller();
  expect((await visitor.say('leave')).result.slots.mood ?? null).toBeNull();
  expect((await (await caller()).say('show')).result.slots.mood).toBe('show');
});

describe('what an action gives back', () => {
  it('stands together, in whatever order: one of its slots does not empty another', async () => {
    const visitor = await caller();
    expect((await visitor.say('show')).texts).toEqual(['Floor 1, door red1.']);
    expect((await visitor.say('show')).texts).toEqual(['Floor 2, door red2.']);
  });

  it('leaves the flow when it hands off: nobody is told afterwards that all is done', async () => {
    const visitor = await caller();
    expect((await visitor.say('leave')).types).toContain('transfer');
    expect((await visitor.say('hm')).texts).not.toContain('You have left.');
  });
});

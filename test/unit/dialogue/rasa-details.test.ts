import { afterEach, describe, expect, it } from 'vitest';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { AppHouse } from './app-house.js';
import { DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const DOMAIN = `intents: [book, tell, hi]
entities: [city]
slots:
  city: {type: text, mappings: [{type: from_entity, entity: city}]}
  day: {type: text, mappings: [{type: from_entity, entity: day_word}]}
  mood: {type: text, influence_conversation: false, mappings: [{type: custom, action: action_read_mood}]}
  visits: {type: float, initial_value: 0, influence_conversation: false, mappings: [{type: custom}]}
forms: {trip_form: {required_slots: [city, day]}}
responses:
  utter_ask_city: [{text: Which city?}]
  utter_ask_day: [{text: Which day?}]
  utter_done: [{text: Done.}]
  utter_hi: [{text: "Hi, {mood}."}]
actions: [action_read_mood, validate_trip_form, action_session_start]
`.replace('entities: [city]', 'entities: [city, day_word]');
const RULES = `rules:
  - rule: book
    steps: [{intent: book}, {action: trip_form}, {active_loop: trip_form}]
  - rule: done
    condition: [{active_loop: trip_form}]
    steps: [{action: trip_form}, {active_loop: null}, {action: utter_done}]
  - rule: hi
    steps: [{intent: hi}, {action: utter_hi}]
`;
const ACTIONS = `export default [
  { name: 'action_read_mood', run: ({ latest }) => ({ slots: { mood: latest.text.includes('!') ? 'merry one' : 'calm one' } }) },
  { name: 'action_session_start', run: ({ slots }) => ({ slots: { visits: slots.visits + 1 } }) },
  { name: 'validate_trip_form', run: ({ slots }) =>
    slots.city === 'home' ? { slots: { requested_slot: null } } : slots.city === 'nowhere' ? { slots: { city: null } } : {} },
];`;
const KNOWN = {
  trip: 'book',
  'hello!': 'hi',
  hello: 'hi',
  rome: { intent: 'tell', entities: [{ entity: 'city', value: 'rome' }] },
  home: { intent: 'tell', entities: [{ entity: 'city', value: 'home' }] },
  nowhere: { intent: 'tell', entities: [{ entity: 'city', value: 'nowhere' }] },
  monday: { intent: 'tell', entities: [{ entity: 'day_word', value: 'monday' }] },
};
const brain = () =>
  house.brain(
    { 'config.yml': 'language: en\n', 'domain.yml': DOMAIN, 'rules.yml': RULES, 'actions/all.ts': ACTIONS },
    KNOWN,
  );

describe('of Rasa’s finer points', () => {
  it('a slot with a custom mapping is filled by its action, and a session begins with the application’s own', async () => {
    const caller = new DeskCaller(await brain(), undefined, 'text');
    expect((await caller.say('hello!')).texts).toEqual(['Hi, merry one.']);
    const second = await caller.say('hello');
    expect(second.texts).toEqual(['Hi, calm one.']);
    expect(second.result.slots.visits).toBe(1);
  });

  it('a validating action refuses an answer, or ends the form early', async () => {
    const caller = new DeskCaller(await brain(), undefined, 'text');
    await caller.say('trip');
    expect((await caller.say('nowhere')).texts).toEqual(['Which city?']);
    expect((await caller.say('rome')).texts).toEqual(['Which day?']);
    expect((await caller.say('monday')).texts).toEqual(['Done.']);
    const other = new DeskCaller(await brain(), undefined, 'text');
    await other.say('trip');
    expect((await other.say('home')).texts).toEqual(['Done.']);
  });
});

it('stories that are written end to end are understood when the application is opened', async () => {
  const brain = await house.brain(
    {
      'config.yml': 'language: en\n',
      'domain.yml': `intents: [hello, buy]
responses:
  utter_hello: [{text: Hello!}]
`,
      'stories.yml': `stories:
  - story: quoted
    steps:
      - user: "good morning"
      - bot: "Hello!"
      - user: "I'd like one"
      - bot: "Here you are."
  - story: nobody understands
    steps:
      - user: "xyzzy"
      - bot: "Plugh."
`,
    },
    { 'good morning': 'hello', hi: 'hello', "I'd like one": 'buy', 'one please': 'buy' },
  );
  const say = async (text: string) => {
    const { actions } = await brain.handle({
      conversationId: 'e2e',
      messageId: encodeURIComponent(text),
      channel: 'text',
      language: 'en',
      input: { type: 'text', text, confidence: 1 },
    });
    return actions.flatMap((action) => (action.type === 'say' ? [[action.text, action.response]] : []));
  };
  expect(await say('hi')).toEqual([['Hello!', 'utter_hello']]);
  expect(await say('one please')).toEqual([['Here you are.', expect.stringMatching(/^utter_said_/)]]);
});

it('what is not read is told with file, line and what to do', async () => {
  const folder = await house.folder({
    'domain.yml': `intents: [a]
slots:
  s: {type: my_module.MySlot}
responses:
  utter_a:
    - text: A
      condition: [{type: weather, name: x, value: y}]
storys: []
`,
    'rules.yml': `rules:
  - rule: quoted
    steps:
      - user: hello there
      - action: utter_a
`,
  });
  const { problems } = await loadApplication(folder);
  expect(problems.map(({ severity, file, line, message }) => `${severity} ${file}:${line} ${message}`)).toEqual([
    'error domain.yml:3 slot "s" has the type "my_module.MySlot"',
    'error domain.yml:7 only conditions of type slot are known',
    'warning domain.yml:8 nothing is known of "storys"',
    'error rules.yml:4 this step quotes the words of a caller, and rules go by intents',
  ]);
  expect(problems.every(({ hint }) => hint.length > 10)).toBe(true);
});

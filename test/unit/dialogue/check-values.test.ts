import { afterEach, describe, expect, it } from 'vitest';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

async function told(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { problems } = await loadApplication(await house.folder(files));
  return problems.map(({ severity, file, line, message, hint }) => `${severity} ${file}:${line} ${message} | ${hint}`);
}

describe('values in flows', () => {
  const domain = `intents: [go]
slots:
  state: {type: categorical, values: [open, closed]}
  other: {type: categorical, values: [a, __other__]}
  sure: {type: bool}
  amount: {type: float}
  word: {type: text}
responses:
  utter_ask_word: [{text: "Word?"}]
  utter_no: [{text: "No."}]
`;
  const branch = (condition: string) =>
    `flows:\n  f:\n    steps:\n      - collect: word\n        next:\n          - if: ${condition}\n            then: END\n          - else: END\n`;

  it.each([
    ['slots.state is "close"', 'It holds one of open, closed. Did you mean "closed"?'],
    ['slots.state is not "Open"', 'It holds one of open, closed. Did you mean "open"?'],
    ['not ("shut" = slots.state)', 'It holds one of open, closed.'],
    ['slots.word and slots.sure is "yes"', 'It holds true or false.'],
    ['slots.amount is "many"', 'It holds a number.'],
  ])('%s can never be', async (condition, hint) => {
    expect(await told({ 'domain.yml': domain, 'flows.yml': branch(condition) })).toEqual([
      expect.stringMatching(/^warning flows.yml:4 the condition .* compares .*, which it never holds/),
    ]);
    expect((await told({ 'domain.yml': domain, 'flows.yml': branch(condition) }))[0]).toContain(`| ${hint}`);
  });

  it.each([
    'slots.state is "open" or slots.state is null',
    'slots.other is "anything"',
    'slots.sure is true and slots.sure != "false"',
    'slots.amount = 3 or slots.amount is "3"',
    'slots.word is 3',
    'slots.state matches "^op"',
  ])('%s can', async (condition) => {
    expect(await told({ 'domain.yml': domain, 'flows.yml': branch(condition) })).toEqual([]);
  });

  it('guards, rejections and set_slots are read too', async () => {
    const flows = `flows:
  f:
    if: slots.nowhere or slots.state is "shut"
    steps:
      - collect: word
        rejections: [{if: slots.wrd, utter: utter_no}]
      - set_slots: [{state: broken}, {amount: "3"}, {sure: null}]
`;
    expect(await told({ 'domain.yml': domain, 'flows.yml': flows })).toEqual([
      expect.stringContaining(
        'flows.yml:2 the condition "slots.nowhere or slots.state is "shut"" looks at the slot "nowhere"',
      ),
      expect.stringContaining('flows.yml:2 the condition'),
      expect.stringMatching(/flows.yml:5 .* looks at the slot "wrd", which there is not \|.*Did you mean "word"/),
      'warning flows.yml:7 this step sets the categorical slot "state" to "broken", which it never holds | It holds one of open, closed.',
    ]);
  });
});

describe('slots', () => {
  it('an initial value that does not fit is told, and one that clearly means a value becomes it', async () => {
    const folder = await house.folder({
      'domain.yml':
        'intents: [go]\nslots:\n  a: {type: bool, initial_value: maybe}\n  b: {type: float, initial_value: "3"}\n',
    });
    const { problems, application } = await loadApplication(folder);
    expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '3 the bool slot "a" begins with "maybe", which does not fit it',
    ]);
    expect(application.domain.slots.get('b')?.initialValue).toBe(3);
  });

  it('a kind of answer that nothing reads is told; entities of the domain and names that say what they are, are not', async () => {
    const domain = `intents: [go]
entities: [colour]
slots:
  a: {type: text, voice: {type: foo}}
  b: {type: text, voice: {type: colour}}
  c: {type: text, voice: {type: tax_code}}
  d: {type: text, voice: {type: pin}}
`;
    expect(await told({ 'domain.yml': domain })).toEqual([
      expect.stringMatching(
        /^warning domain.yml:4 the slot "a" is asked for as "foo", which is no kind of answer \| .*order_number/,
      ),
    ]);
  });

  it('one that depends on itself is told, alone or in a circle', async () => {
    const domain = `intents: [go]
slots:
  a: {type: text, depends_on: [a]}
  b: {type: text, depends_on: [c]}
  c: {type: text, depends_on: [b]}
  d: {type: text, depends_on: [b]}
`;
    expect((await told({ 'domain.yml': domain })).map((line) => line.split(' | ')[0])).toEqual([
      'warning domain.yml:3 the slot "a" depends on itself',
      'warning domain.yml:4 the slot "b" depends on itself',
      'warning domain.yml:5 the slot "c" depends on itself',
    ]);
  });
});

describe('responses', () => {
  const domain = `intents: [go]
responses:
  utter_both:
    - text: "Hello"
      translation: {de: "Hallo"}
  utter_one:
    - text: "Only here"
  utter_number:
    - text: "{number} – 12"
  utter_third:
    - text: "Hello"
      translation: {de: "Hallo", fr: "Bonjour"}
`;

  it('a channel that is not known is told', async () => {
    const phone =
      'intents: [go]\nresponses:\n  utter_a:\n    - text: "A"\n      channel: phone\n    - {text: "B", channel: voice}\n';
    expect(await told({ 'domain.yml': phone })).toEqual([
      expect.stringMatching(/^warning domain.yml:5 the channel "phone" is not known \| .*voice or text/),
    ]);
  });

  it.each([
    ['eng', 'Write "en".'],
    ['xq', 'Write a tag such as en, de or zh-CN.'],
    ['not a tag', 'Write a tag such as en, de or zh-CN.'],
  ])('a translation into "%s" is told', async (tag, hint) => {
    const wrong = `intents: [go]\nresponses:\n  utter_a:\n    - text: "A"\n      translation:\n        ${tag}: "B"\n        zh-TW: "C"\n`;
    expect(await told({ 'domain.yml': wrong })).toEqual([`warning domain.yml:6 "${tag}" is no language | ${hint}`]);
  });

  it('where an application declares more languages, a response without one of them and one with another are told', async () => {
    const slots = 'slots:\n  number: {type: float}\n';
    expect(await told({ 'domain.yml': domain + slots, 'config.yml': 'language: en\n' })).toEqual([]);
    const more = { 'domain.yml': domain + slots, 'config.yml': 'language: en\nadditional_languages: [de-DE]\n' };
    expect(await told(more)).toEqual([
      'warning domain.yml:6 the response "utter_one" has no words in de-DE | They are said in en. Add "translation: {de-DE: …}" to its text.',
      expect.stringMatching(
        /^warning domain.yml:10 the response "utter_third" has words in "fr", which config.yml does not list/,
      ),
    ]);
  });
});

describe('a slot that looks like a person’s name', () => {
  const slot = (name: string, more: string) => ({
    'domain.yml': `intents: [go]\nentities: [person, title]\nslots:\n  ${name}: {type: text, ${more}}\n`,
  });
  const HOLD = 'looks like a person\'s name, and "my name is Li Wei" would be its value as a whole';

  it.each([
    ['customer_name', 'mappings: [{type: from_text}]'],
    ['name', 'mappings: [{type: from_llm}]'],
    ['contactName', 'voice: {confirm: never}'],
  ])('%s that takes any words is told', async (name, more) => {
    expect(await told(slot(name, more))).toEqual([
      expect.stringContaining(`warning domain.yml:4 the slot "${name}" ${HOLD}`),
    ]);
  });

  it.each([
    ['customer_name', 'mappings: [{type: from_entity, entity: person}, {type: from_text}]'],
    ['customer_name', 'mappings: [{type: from_text}], voice: {type: text}'],
    ['customer_name', 'mappings: [{type: custom}]'],
    ['product_name', 'mappings: [{type: from_text}]'],
    ['filename', 'mappings: [{type: from_text}]'],
  ])('%s with %s is not', async (name, more) => {
    expect(await told(slot(name, more))).toEqual([]);
  });
});

describe('what a slot without "voice: type" is asked for as', () => {
  it.each([
    ['[{type: from_entity, entity: person}]', 'person'],
    ['[{type: from_entity, entity: date}, {type: from_text}]', 'date'],
    ['[{type: from_entity, entity: title}]', 'text'],
    ['[{type: from_entity, entity: date}, {type: from_entity, entity: time}]', 'text'],
    // Letters of an application's own numbers would be lost.
    ['[{type: from_entity, entity: order_number}]', 'text'],
    ['[{type: from_entity, entity: person}], voice: {type: text}', 'text'],
  ])('%s: %s', async (mappings, type) => {
    const folder = await house.folder({
      'domain.yml': `intents: [go]\nslots:\n  who: {type: text, mappings: ${mappings}}\n`,
    });
    expect((await loadApplication(folder)).application.domain.slots.get('who')?.voice.type).toBe(type);
  });
});

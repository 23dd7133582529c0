import { afterEach, expect, it } from 'vitest';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

async function told(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { problems } = await loadApplication(await house.folder(files));
  return problems.map(({ severity, file, line, message, hint }) => `${severity} ${file}:${line} ${message} | ${hint}`);
}

const DOMAIN = `intents: [go]
actions: [action_look]
slots:
  found: {type: bool, mappings: [{type: custom}]}
responses:
  utter_found: [{text: "Found."}]
`;
const rules = (more: string) => `rules:
- rule: first
${more}  steps:
  - intent: go
  - action: action_look
- rule: then
  steps:
  - action: action_look
  - slot_was_set: [{found: true}]
  - action: utter_found
`;

it('a rule that can’t follow on another, which waits for the caller, is told', async () => {
  expect(await told({ 'domain.yml': DOMAIN, 'rules.yml': rules('') })).toEqual([
    'warning rules.yml:5 the rule "first" waits for the caller after action_look, so the rule "then" never follows on it | Add "wait_for_user_input: false" to "first".',
  ]);
  expect(await told({ 'domain.yml': DOMAIN, 'rules.yml': rules('  wait_for_user_input: false\n') })).toEqual([]);
});

it('words that a comma between braces has cut off are told, and mistyped keys of a response', async () => {
  const domain = `intents: [go]
responses:
  utter_one: [{text: Yes, please., chanel: voice}]
  utter_two: [{text: 好的, translation: {en: Thank you, noted.}}]
  utter_three: [{text: "Yes, please.", allow_interruptions: false}]
`;
  expect(await told({ 'domain.yml': domain })).toEqual([
    'warning domain.yml:3 "please." is cut off from the words before it | A comma ends a text between braces: put the whole text in quotes.',
    'warning domain.yml:3 a variation of "utter_one" has the key "chanel", which is not known | It is not read. Did you mean "channel"?',
    'warning domain.yml:4 "noted." is cut off from the words before it | A comma ends a text between braces: put the whole text in quotes.',
  ]);
});

it('the configuration of the service may lie in the application’s folder', async () => {
  expect(await told({ 'domain.yml': DOMAIN, 'hearken.yml': 'app: {privateHosts: [127.0.0.1]}\n' })).toEqual([]);
});

import { afterEach, expect, it } from 'vitest';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

async function told(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { problems } = await loadApplication(await house.folder({ 'domain.yml': DOMAIN, ...files }));
  return problems.map(({ severity, file, line, message, hint }) => `${severity} ${file}:${line} ${message} | ${hint}`);
}

const DOMAIN = `intents: [go]
slots:
  number: {type: text}
responses:
  utter_ask_number: [{text: "Which?"}]
`;

it('a mistyped key of a flow, of a step and of a branch is told, with the one that was meant', async () => {
  const flows = `flows:
  f:
    nlu_triger: [{intent: go}]
    steps:
      - collect: number
        ask_befor_filling: true
        next:
          - if: slots.number
            thn: END
          - else: END
`;
  expect(await told({ 'flows.yml': flows })).toEqual([
    'warning flows.yml:3 flow "f" has the key "nlu_triger", which is not known | It is not read. Did you mean "nlu_trigger"? Keys are name, translation, description, if, nlu_trigger, persisted_slots, instead_of, steps.',
    expect.stringMatching(
      /^warning flows.yml:6 this step of flow "f" has the key "ask_befor_filling".*Did you mean "ask_before_filling"/,
    ),
    expect.stringMatching(/^warning flows.yml:9 this branch has the key "thn".*Did you mean "then"/),
  ]);
});

it('a flow that is named in "instead_of" and is not there is told', async () => {
  const flows = 'flows:\n  f:\n    instead_of: [nowhere]\n    steps: [{ collect: number }]\n';
  expect(await told({ 'flows.yml': flows })).toEqual([
    'error flows.yml:2 there is no flow "nowhere" | Name flows of this application in "instead_of".',
  ]);
});

it('what only Rasa’s language model reads of a flow needs no word; a translation without a name does', async () => {
  const flow = (more: string) => ({
    'flows.yml': `flows:\n  f:\n    name: F\n${more}    steps:\n      - collect: number\n        description: the number\n`,
  });
  expect(await told(flow('    always_include_in_prompt: true\n    run_pattern_completed: false\n'))).toEqual([]);
  expect(await told(flow('    translation: {de: {name: G}, en: H}\n'))).toEqual([]);
  expect(await told(flow('    translation: {de: {title: G}}\n'))).toEqual([
    expect.stringMatching(/^warning flows.yml:4 a translation of flow "f" has no name \| Write "translation:/),
  ]);
});

it('mistyped keys of a slot, of its voice and of its agent are told', async () => {
  const domain = `intents: [go]
slots:
  number:
    type: text
    dependson: [other]
    voice: {type: digits, lenght: [4]}
    agent: {lable: order, translation: {en: {labl: order}}}
  reset: {type: text, value_reset_delay: 3}
`;
  expect(await told({ 'domain.yml': domain })).toEqual([
    expect.stringMatching(/^warning domain.yml:5 slot "number" has the key "dependson".*Did you mean "depends_on"/),
    expect.stringMatching(/^warning domain.yml:6 "voice" has the key "lenght".*Did you mean "length"/),
    expect.stringMatching(/^warning domain.yml:7 "agent" has the key "lable".*Did you mean "label"/),
    expect.stringMatching(/^warning domain.yml:7 this translation has the key "labl"/),
  ]);
});

it('what is only read in config.yml is told elsewhere, and what is not read there is told in it', async () => {
  expect(await told({ 'config.yml': 'language: en\n', 'nlu.yml': 'version: "3.1"\n' })).toEqual([]);
  expect(await told({ 'nlu.yml': 'version: "3.1"\nlanguage: en\ntime_zone: Europe/Berlin\n' })).toEqual([
    'warning nlu.yml:2 "language" is only read in config.yml | Move it there.',
    'warning nlu.yml:3 "time_zone" is only read in config.yml | Move it there.',
  ]);
  const config = 'language: en\ntime_zon: Europe/Berlin\nspaces: []\nintents: [a]\npipeline: []\n';
  expect(await told({ 'config.yml': config })).toEqual([
    'warning config.yml:2 nothing is known of "time_zon" | It is not read. Did you mean "time_zone"?',
    'warning config.yml:4 "intents" is not read in the file of the pipeline | Move it to another file.',
  ]);
});

it('mistyped keys of a ready action’s answers and of its wait are told', async () => {
  const ready = `ready_actions:
  action_go:
    type: http
    url: https://shop.example/x
    wait: {after: 800, say: utter_ask_number}
    answer:
      2xx: {slot: {number: id}}
`;
  expect(await told({ 'ready.yml': ready })).toEqual([
    expect.stringMatching(/^warning ready.yml:5 "wait" has the key "after", which is not known/),
    expect.stringMatching(/^warning ready.yml:7 the answer "2xx" has the key "slot".*Did you mean "slots"/),
  ]);
});

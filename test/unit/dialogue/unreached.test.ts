import { afterEach, expect, it } from 'vitest';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { unreached } from '../../../src/dialogue/app/unreached.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

async function told(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { application } = await loadApplication(await house.folder(files));
  return unreached(application).map(({ file, line, message, hint }) => `${file}:${line} ${message} | ${hint}`);
}
const DOMAIN = `intents: [go, inform]
slots: {word: {type: text}}
forms: {ask_form: {required_slots: [word]}}
responses:
  utter_ask_word: [{text: "Word?", buttons: [{title: a, payload: '/inform{"word": "a"}'}, {title: b, payload: b}]}]
`;
const RULES = 'rules:\n- rule: go\n  steps: [{intent: go}, {action: ask_form}, {active_loop: ask_form}]\n';
const flows = (first: string) => `flows:
  one:
${first}    steps: [{link: two}]
  two:
    steps: [{collect: word}]
`;

it('what a rule, a trigger or another flow begins is told nothing of', async () => {
  const trigger = '    nlu_trigger: [{intent: go}]\n';
  expect(await told({ 'domain.yml': DOMAIN, 'rules.yml': RULES, 'flows.yml': flows(trigger) })).toEqual([]);
});

it('forms and flows that nothing begins are told', async () => {
  const after =
    'rules:\n- rule: after\n  condition: [{active_loop: ask_form}]\n  steps: [{action: ask_form}, {active_loop: null}, {action: two}]\n';
  expect(await told({ 'domain.yml': DOMAIN, 'rules.yml': after, 'flows.yml': flows('') })).toEqual([
    'domain.yml:3 nothing in the files begins the form "ask_form" | Begin it in a rule: "- action: ask_form" and "- active_loop: ask_form".',
    expect.stringMatching(/^flows.yml:2 nothing in the files begins the flow "one" \| Give it "nlu_trigger/),
  ]);
});

it('buttons that send an intent there is not, and endpoints without an address, are told', async () => {
  const files = {
    'domain.yml': DOMAIN.replace('/inform', '/infrm'),
    'rules.yml': RULES,
    'endpoints.yml': `shop: {url: "127.0.0.1:80"}\nother: {url: "\${OTHER_URL}"}\naction_endpoint: {url: "http://a/b"}\n`,
  };
  expect(await told(files)).toEqual([
    expect.stringMatching(/^domain.yml:5 a button of "utter_ask_word" sends the intent "infrm".*Did you mean "inform"/),
    'endpoints.yml:0 the url of the endpoint "shop" is "127.0.0.1:80", which is no address | Write http://127.0.0.1:80, or https://.',
  ]);
});

it('a kind of answer that is mistyped is told, one that is named after its kind is not', async () => {
  const problems = async (type: string) => {
    const files = { 'domain.yml': `intents: [go]\nslots: {n: {type: text, voice: {type: ${type}}}}\n` };
    return (await loadApplication(await house.folder(files))).problems.map(({ hint }) => hint);
  };
  expect(await problems('digit')).toEqual([expect.stringContaining('Did you mean "digits"?')]);
  expect(await problems('departure_date')).toEqual([]);
  expect(await problems('account')).toEqual([]);
});

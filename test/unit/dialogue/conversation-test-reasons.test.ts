import { afterEach, expect, it } from 'vitest';
import { readConversationTests } from '../../../src/dialogue/conversation-tests/read.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

const DOMAIN = `intents: [go]
actions: [action_go]
slots:
  amount: {type: float, mappings: [{type: custom}]}
responses:
  utter_done: [{text: "Done."}]
  utter_action_failed: [{text: "Sorry."}]
`;
const TEST = `test_cases:
- test_case: goes
  steps:
  - user: go
  - utter: utter_done
`;

/** What the test's diff says when action_go does this. */
function diffOf(run: string): Promise<readonly string[]> {
  const files = {
    'config.yml': 'language: en\n',
    'domain.yml': DOMAIN,
    'rules.yml': 'rules:\n- rule: go\n  steps:\n  - intent: go\n  - action: action_go\n',
    'actions/go.ts': `export default { name: 'action_go', timeoutMs: 300, run: ${run} };\n`,
    'tests/one.yml': TEST,
  };
  return house.diffOf(files, { go: 'go' });
}

it('an action that throws, hangs or gives back what can’t be used is told with its name and why', async () => {
  expect(await diffOf("() => { throw new Error('the shop is closed'); }")).toEqual([
    '  user: go',
    '! The action action_go failed: the shop is closed',
    '- utter_done',
    '+ action: action_go',
    '+ utter_action_failed: Sorry.',
  ]);
  expect((await diffOf('() => new Promise(() => {})'))[1]).toMatch(/^! The action action_go took longer than 300 ms\./);
  expect((await diffOf("() => 'done'"))[1]).toMatch(
    /^! The action action_go gave back what can't be used: .*Give back/,
  );
});

it('what an action gives back that does not fit is told where the test fails, and a test that passes is quiet', async () => {
  const diff = await diffOf("() => ({ slots: { amount: 'abc' }, say: ['utter_don'] })");
  expect(diff.filter((line) => line.startsWith('!'))).toEqual([
    expect.stringContaining('sets the float slot "amount" to a text'),
    expect.stringContaining('says the response "utter_don"'),
  ]);
  expect(await diffOf("() => ({ slots: { amount: 'abc' }, say: ['utter_done'] })")).toEqual([]);
});

it('metadata and fixtures that the file does not define are mistakes; those of Rasa’s stories are let be', async () => {
  const tests = `fixtures:
- member: [{amount: 3}]
metadata:
- voice: {channel: voice}
test_cases:
- test_case: a
  metadata: [voic]
  fixtures: [member, membr]
  steps: [{user: go}]
- test_case: b
  metadata: {channel: voice}
  steps: [{user: go}]
- test_case: c
  metadata: voice
  steps: [{user: go}]
stories:
- story: d
  metadata: {author: me}
  steps: [{user: go}]
`;
  const { problems } = await readConversationTests(await house.folder({ 'tests/t.yml': tests }));
  expect(problems.map(({ severity, line, message, hint }) => `${severity} ${line} ${message} | ${hint}`)).toEqual([
    'error 7 "metadata" of a test names "voic", which this file does not define | Write "- voic: {…}" below "metadata:" at the top of the file, and its name here. Did you mean "voice"?',
    expect.stringContaining('error 8 "fixtures" of a test names "membr"'),
    expect.stringMatching(/^error 11 "metadata" of a test names nothing \| Write "- a_name: /),
  ]);
});

import { afterEach, expect, it } from 'vitest';
import { checkActions } from '../../../src/dialogue/actions/check-actions.js';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

async function told(actions: string, code: string, more: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const folder = await house.folder({
    'domain.yml': `intents: [go]\nactions: [${actions}]\n`,
    'actions/go.ts': code,
    ...more,
  });
  const problems = await checkActions((await loadApplication(folder)).application);
  return problems.map(({ severity, message, hint }) => `${severity} ${message} | ${hint}`);
}
const CODE =
  "export default [{ name: 'validate_reading', run: () => ({}) }, { name: 'action_go', run: () => ({}) }];\n";

it('what is written and listed is told nothing of', async () => {
  expect(await told('validate_reading, action_go, action_restart, utter_x', CODE)).toEqual([]);
});

it('an action that the domain does not list, and one that nobody has written, are told', async () => {
  expect(await told('validate_readng, action_go', CODE)).toEqual([
    'warning the action "validate_reading" is written, but the domain does not list it: it is never run | Add it to "actions:" of the domain. Did you mean "validate_readng"?',
    expect.stringMatching(
      /^error the domain lists the action "validate_readng", which nobody has written \| .*Did you mean "validate_reading"\?$/,
    ),
  ]);
  const server = { 'endpoints.yml': 'action_endpoint: {url: "http://127.0.0.1:1/webhook"}\n' };
  expect(await told('validate_reading, action_go, action_elsewhere', CODE, server)).toEqual([]);
});

it('code that can’t be built is told with its file', async () => {
  expect(await told('action_go', 'export default {')).toEqual([expect.stringMatching(/^error .*go\.ts.*built/)]);
});

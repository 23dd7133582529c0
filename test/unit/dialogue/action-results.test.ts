import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import type { Brain } from '../../../src/dialogue/brain.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

const DOMAIN = `intents: [go]
actions: [action_go]
slots:
  amount: {type: float, mappings: [{type: custom}]}
  sure: {type: bool, mappings: [{type: custom}]}
  kind: {type: categorical, values: [Small, large], mappings: [{type: custom}]}
  names: {type: list, mappings: [{type: custom}]}
  word: {type: text, mappings: [{type: custom}]}
responses:
  utter_done: [{text: "Done."}]
  utter_only_small: [{text: "Small.", condition: [{type: slot, name: kind, value: Small}]}]
`;
const RULES = 'rules:\n- rule: go\n  steps:\n  - intent: go\n  - action: action_go\n';

/** A brain whose action_go gives this back, and what is logged of it. */
async function brainOf(result: string, more: Readonly<Record<string, string>> = {}) {
  const logged: { action: string; msg: string; hint: string }[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => logged.push(JSON.parse(line)) });
  const brain = await house.brain(
    {
      'config.yml': 'language: en\n',
      'domain.yml': DOMAIN,
      'rules.yml': RULES,
      'actions/go.ts': `export default { name: 'action_go', run: () => (${result}) };\n`,
      ...more,
    },
    { go: 'go' },
    { logger },
  );
  return { brain, logged };
}

function go(brain: Brain) {
  const input = { type: 'text', text: 'go', confidence: 1 } as const;
  return brain.handle({ conversationId: 'c', messageId: 'm', channel: 'text', input });
}

it('what clearly means a value of the slot’s type is stored as one', async () => {
  const { brain, logged } = await brainOf(
    "{ slots: { amount: '3', sure: 'true', kind: 'small', names: 'Ann', word: 7 } }",
  );
  expect((await go(brain)).slots).toEqual({ amount: 3, sure: true, kind: 'Small', names: ['Ann'], word: 7 });
  expect(logged).toEqual([]);
});

it('a value that does not fit its slot is not stored, and the log names the action and what to do', async () => {
  const { brain, logged } = await brainOf(
    "{ slots: { amount: 'abc', sure: 'maybe', kind: 'z', word: { a: 1 }, names: ['kept'] }, say: ['utter_done'] }",
  );
  const turn = await go(brain);
  expect(turn.slots).toEqual({ names: ['kept'] });
  expect(turn.actions).toContainEqual(expect.objectContaining({ type: 'say', text: 'Done.' }));
  expect(logged.map(({ action, msg, hint }) => [action, msg, hint])).toEqual([
    [
      'action_go',
      'The action action_go sets the float slot "amount" to a text that does not fit it: it was not stored.',
      'Give back a number, or give the slot another type.',
    ],
    [
      'action_go',
      expect.stringContaining('bool slot "sure" to a text'),
      'Give back true or false, or give the slot another type.',
    ],
    [
      'action_go',
      expect.stringContaining('categorical slot "kind"'),
      'Give back one of Small, large, or give the slot another type.',
    ],
    ['action_go', expect.stringContaining('text slot "word" to an object'), expect.stringContaining('text')],
  ]);
});

it('an empty text is no number, and null makes any slot unknown again', async () => {
  const { brain, logged } = await brainOf("{ slots: { amount: ' ', sure: null, word: '' } }");
  expect((await go(brain)).slots).toEqual({ word: '' });
  expect(logged).toHaveLength(1);
});

it('a slot and a response that nobody defined are told, and so are keys that mean nothing', async () => {
  const { brain, logged } = await brainOf(
    "{ slots: { nowhere: 1, ticket_number: 'T1' }, say: ['utter_nope', 'plain words', { respnse: 'utter_done' }], saying: [] }",
  );
  const turn = await go(brain);
  expect(turn.slots).toEqual({ ticket_number: 'T1' });
  expect(turn.actions.flatMap((action) => (action.type === 'say' ? [action.text] : []))).toEqual(['plain words']);
  expect(logged.map(({ msg }) => msg)).toEqual([
    'The action action_go gives back "saying", which nothing is done with.',
    'The action action_go sets the slot "nowhere", which there is not: it was not stored.',
    'The action action_go says the response "utter_nope", which there is not: nothing was said.',
    'The action action_go gives back "respnse", which nothing is done with.',
  ]);
  expect(logged[0]?.hint).toBe('Use slots, say, handOff, hangUp, followUp.');
});

it('a result that holds nothing known is told too', async () => {
  const { brain, logged } = await brainOf('{ slot: { amount: 3 } }');
  expect((await go(brain)).slots).toEqual({});
  expect(logged[0]?.msg).toContain('gives back "slot"');
});

it('a response without a variation for now says nothing, and that is no mistake', async () => {
  const { brain, logged } = await brainOf("{ say: ['utter_only_small'] }");
  await go(brain);
  expect(logged).toEqual([]);
});

it('an action server’s events and responses are held against the domain in the same way', async () => {
  const answer = {
    events: [
      { event: 'slot', name: 'amount', value: '4.5' },
      { event: 'slot', name: 'sure', value: 'perhaps' },
      { event: 'slot', name: 'gone', value: 1 },
    ],
    responses: [{ response: 'utter_gone' }, { text: 'from Python' }],
  };
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end(JSON.stringify(answer)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
    const { brain, logged } = await brainOf('{}', {
      'actions/go.ts': 'export default [];\n',
      'endpoints.yml': `action_endpoint: {url: "${url}"}\n`,
    });
    const turn = await go(brain);
    expect(turn.slots).toEqual({ amount: 4.5 });
    expect(turn.actions).toContainEqual(expect.objectContaining({ text: 'from Python' }));
    expect(logged.map(({ msg }) => msg)).toEqual([
      expect.stringContaining('bool slot "sure"'),
      expect.stringContaining('the slot "gone"'),
      expect.stringContaining('the response "utter_gone"'),
    ]);
  } finally {
    server.close();
  }
});

import { afterEach, expect, it } from 'vitest';
import type { UserInput } from '../../../src/dialogue/brain.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

it('digits that come while a number is read back are put behind it where only both together fit', async () => {
  const brain = await house.brain(
    {
      'config.yml': 'language: en\n',
      'domain.yml': `intents: [look, inform, affirm]
entities: [digits]
slots:
  number:
    type: text
    mappings: [{type: from_entity, entity: digits}]
    voice: {type: digits, length: [6, 8], confirm: always}
responses:
  utter_ask_number: [{text: "Which number?"}]
  utter_confirm_number: [{text: "{number}, right?"}]
  utter_done: [{text: "Done with {number}."}]
`,
      'flows.yml': `flows:
  look:
    nlu_trigger: [{intent: look}]
    steps:
      - collect: number
      - action: utter_done
`,
    },
    { look: 'look', yes: 'affirm', '123456': 'inform', '78': 'inform', '654321': 'inform' },
  );
  let count = 0;
  const send = async (conversationId: string, text: string) => {
    const input: UserInput = { type: 'text', text, confidence: 0.9 };
    const messageId = `${count++}`;
    const turn = await brain.handle({ conversationId, messageId, channel: 'voice', language: 'en', input });
    return turn.actions.flatMap((action) => (action.type === 'say' ? [action.text] : []));
  };
  await send('c', 'look');
  expect(await send('c', '123456')).toEqual(['123456, right?']);
  expect(await send('c', '78')).toEqual(['12345678, right?']);
  expect(await send('c', 'yes')).toEqual(['Done with 12345678.']);
  // What fits by itself is another number.
  await send('d', 'look');
  await send('d', '123456');
  expect(await send('d', '654321')).toEqual(['654321, right?']);
});

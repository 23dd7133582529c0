import { afterEach, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [go]
slots:
  meter: {type: text, initial_value: "20250415", mappings: [{type: custom}], voice: {type: digits}}
responses:
  utter_done:
    - text: "Meter {meter}, read at https://meter.example."
      channel: text
    - text: "Your meter is {meter} (that is all), for 2 days."
      channel: voice
`,
  'rules.yml': 'rules:\n- rule: go\n  steps:\n  - intent: go\n  - action: utter_done\n',
};

/** What the diff of a test with these words of the bot says; empty when it passes. */
function diffOf(channel: string, words: string): Promise<readonly string[]> {
  const test = `metadata: [{here: {channel: ${channel}}}]
test_cases:
- test_case: goes
  metadata: [here]
  steps:
  - user: go
  - bot: "${words}"
`;
  return house.diffOf({ ...FILES, 'tests/one.yml': test }, { go: 'go' });
}

it('a test on the phone is held against what is heard, one in text against what is read', async () => {
  expect(await diffOf('text', 'Meter 20250415, read at https://meter.example.')).toEqual([]);
  expect(await diffOf('voice', 'Your meter is 20250415 (that is all), for 2 days.')).toEqual([]);
  expect(
    await diffOf('voice', 'Your meter is two zero two five, zero four one five (that is all), for 2 days.'),
  ).toEqual([]);
});

it('the words of the other channel, or other digits, are told', async () => {
  const heard = '+ utter_done: Your meter is two zero two five, zero four one five (that is all), for 2 days.';
  const written = '+ utter_done: Meter 20250415, read at https://meter.example.';
  expect(await diffOf('voice', 'Meter 20250415, read at https://meter.example.')).toContain(heard);
  expect(await diffOf('text', 'Your meter is 20250415 (that is all), for 2 days.')).toContain(written);
  expect(await diffOf('voice', 'Your meter is 20250416 (that is all), for 2 days.')).toContain(heard);
});

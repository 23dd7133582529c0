import { afterEach, describe, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'domain.yml': `
intents: [start, affirm, deny, goodbye, unclear]
actions: [action_read_sure]
slots:
  sure:
    type: bool
    mappings:
      - {type: from_intent, intent: affirm, value: true}
      - {type: from_intent, intent: deny, value: false}
      - {type: custom, action: action_read_sure, conditions: [{active_loop: send_back, requested_slot: sure}]}
responses:
  utter_ask_sure: [{text: "Shall it go back?"}]
  utter_yes: [{text: "It goes back."}]
  utter_no: [{text: "It stays."}]
  utter_bye: [{text: "Goodbye."}]
`,
  'flows.yml': `
flows:
  send_back:
    description: Sends something back.
    nlu_trigger: [{intent: start}]
    steps:
      - collect: sure
        ask_before_filling: true
        next:
          - if: slots.sure
            then:
              - action: utter_yes
                next: END
          - else:
              - action: utter_no
                next: END
`,
  'rules.yml': `
rules:
  - rule: bye
    steps:
      - intent: goodbye
      - action: utter_bye
`,
  'actions/read.ts': `
export default [{
  name: 'action_read_sure',
  lookup: true,
  run: ({ latest }: { latest: { text: string } }) =>
    latest.text.includes('go back') ? { slots: { sure: true } } : latest.text.includes('maybe') ? { slots: { sure: null } } : {},
}];
`,
};

describe('what an action reads out of a message', () => {
  const known = {
    start: 'start',
    'then let it go back': 'goodbye',
    'no why should it not go back': 'deny',
    'yes maybe': 'affirm',
    no: 'deny',
  };

  async function conversation(...lines: string[]): Promise<string[]> {
    const brain = await house.brain(FILES, known);
    const said: string[] = [];
    for (const [at, text] of lines.entries()) {
      const { actions } = await brain.handle({
        conversationId: 'c1',
        messageId: `m${at}`,
        channel: 'text',
        input: { type: 'text', text, confidence: 1 },
      });
      said.push(actions.flatMap((each) => (each.type === 'say' ? [each.text] : [])).join(' '));
    }
    return said;
  }

  it('answers the open question, whatever the words were taken for', async () => {
    expect((await conversation('start', 'then let it go back')).at(-1)).toBe('It goes back.');
    expect((await conversation('start', 'no why should it not go back')).at(-1)).toBe('It goes back.');
  });

  it('leaves the question open where it says that this is no answer', async () => {
    expect((await conversation('start', 'yes maybe')).at(-1)).toContain('Shall it go back?');
  });

  it('leaves everything else as it was understood', async () => {
    expect((await conversation('start', 'no')).at(-1)).toBe('It stays.');
  });
});

import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [go]
slots:
  done: {type: bool, mappings: [{type: custom}]}
responses:
  utter_hello: [{text: Hello.}]
  utter_action_failed: [{text: "Sorry, that went wrong."}]
`,
  'flows.yml': `flows:
  round:
    nlu_trigger: [{intent: go}]
    steps:
      - id: there
        noop: true
        next: back
      - id: back
        set_slots: [{done: false}]
        next: there
`,
};

describe('a flow that goes round without asking anything', () => {
  it('ends with words and a person, and the log says where it was', async () => {
    const lines: string[] = [];
    const out = new Writable({
      write(chunk, _encoding, next) {
        lines.push(String(chunk));
        next();
      },
    });
    const brain = await house.brain(FILES, { go: 'go' }, { logger: pino({ level: 'error' }, out) });
    const result = await brain.handle({
      conversationId: 'c',
      messageId: 'm',
      channel: 'voice',
      language: 'en',
      input: { type: 'text', text: 'go', confidence: 1 },
    });
    expect(result.actions).toContainEqual(expect.objectContaining({ type: 'say', text: 'Sorry, that went wrong.' }));
    expect(result.actions).toContainEqual(expect.objectContaining({ type: 'transfer', reason: 'stuck: round' }));
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told).toContainEqual(expect.objectContaining({ conversationId: 'c', flow: 'round' }));
    expect(['there', 'back']).toContain(told.find((line) => line.flow === 'round')?.step);
  });
});

import { describe, expect, it } from 'vitest';
import { loadApplication } from '../../../../src/dialogue/app/load.js';
import { readConversationTests } from '../../../../src/dialogue/conversation-tests/read.js';
import { loadTrainingData } from '../../../../src/nlu/corpus/load.js';

describe('the sample application is complete', () => {
  it.each(['zh', 'en'])('each intent has at least 25 examples, none of them twice (%s)', async (language) => {
    const { data } = await loadTrainingData([
      `apps/retail/nlu/${language}.yml`,
      `apps/retail/nlu/${language}-spoken.yml`,
    ]);
    const { application } = await loadApplication('apps/retail');
    for (const intent of application.domain.intents.keys()) {
      const texts = data.examples.filter((example) => example.intent === intent).map(({ text }) => text);
      expect(texts.length, intent).toBeGreaterThanOrEqual(25);
      expect(new Set(texts).size, intent).toBe(texts.length);
    }
  });

  it('every sentence of the bot is there in both languages, and short enough to be listened to', async () => {
    const { application } = await loadApplication('apps/retail');
    for (const [name, { variations }] of application.domain.responses) {
      const languages = new Set(variations.map((variation) => variation.language ?? application.language));
      expect([...languages].sort(), name).toEqual(['en', 'zh-CN']);
      for (const { text, channel } of variations) {
        // About ten seconds at most, at four to five characters (or three words) a second; the menu excepted.
        const read = text.replace(/\{\w+\}/gu, '~~~~');
        if (channel !== 'text' && name !== 'utter_what_can_you_do')
          expect(read.length, `${name}: ${text}`).toBeLessThanOrEqual(/\p{Script=Han}/u.test(text) ? 45 : 140);
        expect(text.match(/[？?]/gu)?.length ?? 0, `${name} asks one thing: ${text}`).toBeLessThanOrEqual(1);
      }
    }
  });

  it('every question can be put three times in different words', async () => {
    const { application } = await loadApplication('apps/retail');
    const { responses } = application.domain;
    for (const flow of application.flows.values()) {
      for (const step of flow.steps.values()) {
        if (step.kind !== 'collect') continue;
        const ask = step.utter ?? `utter_ask_${step.slot}`;
        for (const name of [ask, `${ask}_retry_1`, `${ask}_retry_2`]) expect(responses.has(name), name).toBe(true);
      }
    }
  });

  it('every flow, both languages, voice and text, keys, silence and hand-off are in its conversation tests', async () => {
    const { application } = await loadApplication('apps/retail');
    const { tests, problems } = await readConversationTests('apps/retail');
    expect(problems).toEqual([]);
    expect(tests.length).toBeGreaterThanOrEqual(110);
    const named = JSON.stringify(tests);
    for (const flow of application.flows.values()) {
      const asked = [...flow.steps.values()].flatMap((step) => (step.kind === 'collect' ? [step.slot] : []));
      expect(
        asked.some((slot) => named.includes(`utter_ask_${slot}`)),
        flow.id,
      ).toBe(true);
    }
    for (const language of ['zh-CN', 'en'])
      for (const channel of ['voice', 'text'])
        expect(tests.filter((test) => test.language === language && test.channel === channel).length).toBeGreaterThan(
          1,
        );
    for (const word of ['"kind":"key"', 'no_input', 'no_match', 'transfer_failed', 'action_hand_off'])
      expect(named).toContain(word);
  });
});

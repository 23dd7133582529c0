import { afterEach, expect, it } from 'vitest';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

const flow = (id: string, more: string) => `  ${id}:
    name: ${more}
    nlu_trigger: [{ intent: ${id} }]
    steps: [{ action: utter_done }]
`;
const files = (flows: string, responses = '') => ({
  'config.yml': 'language: zh-CN\nadditional_languages: [en]\n',
  'domain.yml': `intents: [move, bill]
responses:
  utter_done: [{ text: 好了。, translation: { en: Done. } }]
${responses}`,
  'flows.yml': `flows:\n${flows}`,
});
const NAMED = flow('move', '搬家\n    translation: { en: { name: moving house } }');
const ONLY_CHINESE = flow('bill', '查电费');

async function menu(flows: string, language: string): Promise<string> {
  const brain = await house.brain(files(flows), {});
  const reply = await brain.handle({
    conversationId: 'c1',
    messageId: 'm1',
    channel: 'text',
    language,
    input: { type: 'text', text: language === 'en' ? 'what can you do' : '你能做什么', confidence: 1 },
  });
  return reply.actions.map((action) => (action.type === 'say' ? action.text : '')).join('');
}

it('what can be done is listed in the language spoken', async () => {
  expect(await menu(NAMED + ONLY_CHINESE, 'zh-CN')).toContain('搬家');
  expect(await menu(NAMED + ONLY_CHINESE, 'zh-CN')).toContain('查电费');
  expect(await menu(NAMED + ONLY_CHINESE, 'en')).toBe(
    'I can help with: moving house. Or say "a person" to be put through.',
  );
});

it('where nothing has a name in that language it is said how to ask', async () => {
  expect(await menu(ONLY_CHINESE, 'en')).toMatch(/^Just say what you need\./);
});

it('a flow without a name in a language of the application is told, unless it has its own words for the list', async () => {
  const told = async (responses = '') => {
    const { problems } = await loadApplication(await house.folder(files(NAMED + ONLY_CHINESE, responses)));
    return problems.map(({ file, line, message }) => `${file}:${line} ${message}`);
  };
  expect(await told()).toEqual(['flows.yml:7 the flow "bill" has no name in en']);
  expect(await told('  utter_what_can_you_do: [{ text: 都行。, translation: { en: Anything. } }]\n')).toEqual([]);
});

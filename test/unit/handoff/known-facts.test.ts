import { afterEach, describe, expect, it } from 'vitest';
import type { BotAction } from '../../../src/dialogue/brain.js';
import { transferHeaders } from '../../../src/handoff/transfer-headers.js';
import { AppHouse } from '../dialogue/app-house.js';
import { DeskCaller } from '../dialogue/voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: zh-CN\nadditional_languages: [en]\n',
  'domain.yml': `intents: [tell, affirm]
entities: [order_number, kind, city, code, budget]
slots:
  order_number:
    type: text
    mappings: [{ type: from_entity, entity: order_number }]
    agent: { label: 订单号, translation: { en: order } }
  kind:
    type: categorical
    values: [size, colour]
    mappings: [{ type: from_entity, entity: kind }]
    agent: { label: 原因, values: { size: 尺码 }, translation: { en: { label: because of, values: { size: the size } } } }
  home_city: { type: text, mappings: [{ type: from_entity, entity: city }] }
  budget: { type: any, mappings: [{ type: from_entity, entity: budget }], agent: 预算 }
  code: { type: text, mappings: [{ type: from_entity, entity: code }], agent: false }
  pin: { type: text, mappings: [{ type: from_entity, entity: code }], voice: { type: pin } }
  lookups: { type: float, mappings: [{ type: custom }] }
  item: { type: text, mappings: [{ type: custom }], agent: true }
  urgent: { type: bool, mappings: [{ type: from_intent, intent: tell, value: true }], agent: { label: 急 } }
actions: [action_look]
responses:
  utter_hand_off: [{ text: 转人工。, translation: { en: One moment. } }]
`,
  'rules.yml': `rules:
  - rule: tell
    steps: [{ intent: tell }, { action: action_look }]
`,
  'actions/look.ts': `export default { name: 'action_look', run: () => ({ slots: { lookups: 3, item: '雨伞' } }) };`,
};
const told = {
  intent: 'tell',
  entities: [
    { entity: 'order_number', value: '8765' },
    { entity: 'kind', value: 'size' },
    { entity: 'city', value: '北京' },
    { entity: 'code', value: '4711' },
    { entity: 'budget', value: { amount: 50, currency: 'CNY' } },
  ],
};

async function handedOver(language: string): Promise<Extract<BotAction, { type: 'transfer' }>> {
  const brain = await house.brain(FILES, { 八七六五: told }, { defaultLanguage: language });
  const caller = new DeskCaller(brain);
  await caller.say('八七六五');
  const { result } = await caller.send({ type: 'dtmf', digits: '0' });
  const transfer = result.actions.find((action) => action.type === 'transfer');
  if (transfer === undefined) throw new Error('no hand-off');
  return transfer;
}

describe('whoever takes over is told', () => {
  it('what the caller said and what the application marks, in words; no helpers, no secrets', async () => {
    const { summary, slots } = await handedOver('zh-CN');
    expect(summary).toBe(
      '来电人说：八七六五。已知：订单号 8765，原因 尺码，home city 北京，预算 50 CNY，急 是，item 雨伞。转接原因：来电人要求',
    );
    expect(slots).toEqual({
      order_number: '8765',
      kind: 'size',
      home_city: '北京',
      budget: { amount: 50, currency: 'CNY' },
      urgent: true,
      item: '雨伞',
    });
  });

  it('in the language of the conversation, where there are words in it', async () => {
    const { summary } = await handedOver('en');
    expect(summary).toContain('Known: order 8765, because of the size, home city 北京, 预算 50 CNY, 急 yes');
  });
});

describe('the headers of a hand-off', () => {
  const action = (
    slots: Readonly<Record<string, unknown>>,
    summary = '摘要',
  ): Parameters<typeof transferHeaders>[1] => ({
    ...{ type: 'transfer', reason: 'requested', summary, slots },
  });
  const slotsIn = (headers: Readonly<Record<string, string>>): unknown =>
    JSON.parse(decodeURIComponent(headers['X-Hearken-Slots'] ?? ''));

  it('hold the slots as JSON that can be read, however many there are', () => {
    const few = { order_number: '8765', city: '北京', half: '\ud83d' };
    expect(slotsIn(transferHeaders('c', action(few)))).toEqual(few);
    const many = {
      story: '很长'.repeat(400),
      ...Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`slot_${at}`, `值${at}`])),
    };
    const headers = transferHeaders('c', action(many, '长'.repeat(500)));
    const kept = slotsIn(headers) as Record<string, unknown>;
    expect(kept).toMatchObject({ slot_0: '值0', slot_1: '值1' });
    expect(Object.keys(kept).length).toBeLessThan(60);
    for (const name of ['X-Hearken-Slots', 'X-Hearken-Summary'])
      expect(headers[name]?.length).toBeLessThanOrEqual(1024);
    expect(decodeURIComponent(headers['X-Hearken-Summary'] ?? '')).toMatch(/^长+$/);
  });

  it('leave out what there is nothing of', () => {
    expect(Object.keys(transferHeaders('c', action({}, '')))).toEqual(['X-Hearken-Session', 'X-Hearken-Reason']);
  });
});

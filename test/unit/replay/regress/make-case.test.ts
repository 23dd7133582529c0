import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RecordedEvent } from '../../../../src/call/record.js';
import { readConversationTests } from '../../../../src/dialogue/conversation-tests/read.js';
import { makeCase, silenced } from '../../../../src/replay/regress/make-case.js';
import { isPersonal, personalValues, withoutPersonal } from '../../../../src/replay/regress/personal.js';

const none = new Set<string>();

describe('personal data', () => {
  it.each([
    ['我的手机是13812345678', '我的手机是138****5678'],
    ['幺三八幺二三四五六七八', '138****5678'],
    ['一三八，一二三四，五六七八', '138****5678'],
    ['call me at one three eight one two three four five six seven eight', 'call me at 138****5678'],
    ['write to anna@example.com', 'write to a***@example.com'],
    ['二零二五零四一五幺二三', '****'],
    ['one three eight double two three four five six seven eight', '138****5678'],
    ['triple one two two two three three three four', '****'],
  ])('in "%s" is left out', (text, shown) => {
    expect(withoutPersonal(text)).toBe(shown);
  });

  it.each(['订单号是二零二五零四一五', '查订单', '等了三四十天', 'my order is one two three four', ''])(
    'is not seen in "%s"',
    (text) => expect(withoutPersonal(text)).toBe(text),
  );

  it('is also what was asked for, and what was found in the words', () => {
    const facts = { text: '二四六八', entities: [], also: none };
    expect(isPersonal({ ...facts, askedFor: 'phone_tail' })).toBe(true);
    expect(isPersonal({ ...facts, askedFor: 'order_number' })).toBe(false);
    expect(isPersonal({ ...facts, askedFor: 'order_number', also: new Set(['order_number']) })).toBe(true);
    expect(isPersonal({ ...facts, askedFor: undefined, entities: ['phone_number'] })).toBe(true);
  });

  it('is found unasked, by the names of what was found in the words, and by what is known of the caller', () => {
    const facts = { text: '我叫王小明，订单八七六五', askedFor: undefined, entities: ['customer_name'], also: none };
    expect(isPersonal(facts)).toBe(true);
    expect(isPersonal({ ...facts, entities: ['order_number'] })).toBe(false);
    expect(isPersonal({ ...facts, entities: ['order_number'], also: new Set(['order_number']) })).toBe(true);
    const values = personalValues(
      { name: '王小明', phone_tail: 2468, mail_wanted: 'no', street: 'X', product: '王小' },
      none,
    );
    expect(values).toEqual(['王小明', '2468']);
    expect(isPersonal({ ...facts, entities: [], values })).toBe(true);
    expect(isPersonal({ ...facts, text: '尾号是二四六八', entities: [], values })).toBe(true);
    expect(isPersonal({ ...facts, text: '订单八七六五', entities: [], values })).toBe(false);
  });
});

const say = (response: string) => ({ type: 'say', text: 'words', speech: 'words', bargeIn: true, response });
const ask = (slot?: string) => ({
  type: 'expect',
  expectation: { type: 'open', ...(slot === undefined ? {} : { slot }) },
});
const events: readonly RecordedEvent[] = [
  { atMs: 0, type: 'call', language: 'zh-CN' },
  { atMs: 20, type: 'turn', input: { type: 'event', name: 'start' }, actions: [say('utter_greet'), ask()] },
  // Something that rustles long before, and the words after it.
  { atMs: 1000, type: 'voice', active: true, sinceMs: 900 },
  { atMs: 1200, type: 'voice', active: false, sinceMs: 1100 },
  { atMs: 4000, type: 'voice', active: true, sinceMs: 3900 },
  { atMs: 5000, type: 'voice', active: false, sinceMs: 4800 },
  {
    atMs: 5200,
    type: 'turn',
    input: { type: 'text', text: '查退款' },
    intent: { name: 'refund_status' },
    entities: [],
    actions: [say('utter_ask_phone_tail'), ask('phone_tail')],
  },
  { atMs: 7000, type: 'voice', active: true, sinceMs: 6900 },
  { atMs: 8000, type: 'voice', active: false, sinceMs: 7800 },
  {
    atMs: 8200,
    type: 'turn',
    input: { type: 'text', text: '二四六八' },
    intent: { name: 'inform' },
    actions: [say('utter_refund_state'), ask('more_help')],
  },
  { atMs: 12_000, type: 'voice', active: true, sinceMs: 11_900 },
  { atMs: 12_600, type: 'voice', active: false, sinceMs: 12_500 },
  {
    atMs: 12_800,
    type: 'turn',
    input: { type: 'text', text: '不用了' },
    intent: { name: 'deny' },
    actions: [say('utter_goodbye'), { type: 'hangup', reason: 'over' }],
  },
  { atMs: 15_000, type: 'ended' },
];

describe('a regression case of a call', () => {
  const made = makeCase({ name: 'refund', events, also: none });

  it('holds what was said where it was said, without what is personal', () => {
    expect(made.utterances.map(({ text, intent }) => [text, intent])).toEqual([
      ['查退款', 'refund_status'],
      ['不用了', 'deny'],
    ]);
    expect(made.utterances[0]?.startMs).toBeGreaterThan(3500);
    expect(made.utterances[0]?.endMs).toBeGreaterThan(4800);
    expect(made.utterances[0]?.endMs).toBeLessThan(5200);
    expect(made.personalTurns).toBe(1);
    expect(JSON.stringify(made)).not.toContain('二四六八');
  });

  it('keys in again what was keyed in, and not what is personal', () => {
    const dtmf = (atMs: number, digits: string, slot: string): RecordedEvent => ({
      ...{ atMs, type: 'turn', input: { type: 'dtmf', digits } },
      actions: [ask(slot)],
    });
    const keyed = makeCase({
      name: 'keys',
      also: none,
      events: [
        { atMs: 0, type: 'call', language: 'zh-CN' },
        { atMs: 20, type: 'turn', input: { type: 'event', name: 'start' }, actions: [ask('order_number')] },
        { atMs: 3000, type: 'key', digit: '8' },
        { atMs: 3400, type: 'key', digit: '7' },
        dtmf(5000, '87', 'phone_tail'),
        { atMs: 7000, type: 'key', digit: '2' },
        dtmf(9000, '2', 'more_help'),
      ],
    });
    expect(keyed.utterances).toEqual([{ startMs: 3000, endMs: 3400, keys: '87' }]);
    expect(keyed.personalTurns).toBe(1);
    // The tones of keys can be heard in a recording.
    expect(keyed.silenceCaller).toMatchObject([{ toMs: 9500 }]);
  });

  it('is silent where the personal words are, on both sides, and nowhere else', () => {
    const pcm = new Int16Array(15_000 * 8).fill(100);
    const caller = silenced(pcm, 8000, made.silenceCaller);
    const at = (sound: Int16Array, ms: number): number | undefined => sound[ms * 8];
    expect([at(caller, 6900), at(caller, 7800), at(caller, 8200)]).toEqual([0, 0, 0]);
    expect([at(caller, 4000), at(caller, 12_000)]).toEqual([100, 100]);
    const bot = silenced(pcm, 8000, made.silenceBot);
    expect([at(bot, 5300), at(bot, 8300), at(bot, 12_700), at(bot, 13_000)]).toEqual([100, 0, 0, 100]);
    expect(at(pcm, 7000)).toBe(100);
  });

  it('is silent where the bot comes back to it later, and where it knew it before', () => {
    const words = (text: string) => ({ type: 'say', text, speech: text, bargeIn: true });
    const spoken = (atMs: number, text: string, actions: readonly object[], slots = {}): RecordedEvent => ({
      ...{ atMs, type: 'turn', input: { type: 'text', text }, actions, slots },
    });
    const read = makeCase({
      name: 'read-back',
      also: none,
      events: [
        { atMs: 0, type: 'call', language: 'zh-CN' },
        {
          atMs: 20,
          type: 'turn',
          input: { type: 'event', name: 'start' },
          actions: [words('您的号码是13812345678吗？'), ask()],
        },
        spoken(5000, '是的，我要改地址', [words('新地址是？'), ask('address')]),
        spoken(9000, '人民路五号', [words('哪天送？'), ask('day')], { address: '人民路五号' }),
        spoken(13_000, '明天', [words('明天送到人民路五号。'), ask('more_help')], { address: null }),
        spoken(17_000, '好的', [words('再见。')]),
        { atMs: 20_000, type: 'ended' },
      ],
    });
    expect(read.personalTurns).toBe(1);
    // The number that it knew, the answer to the address, and the address read back once it is written down nowhere any more.
    expect(read.silenceBot.map(({ fromMs }) => fromMs)).toEqual([20, 9000, 13_000]);
  });

  it('is silent from the first personal word on, also where it came before the turn or was never answered', () => {
    const going = makeCase({
      name: 'over',
      also: none,
      events: [
        { atMs: 0, type: 'call', language: 'zh-CN' },
        { atMs: 20, type: 'turn', input: { type: 'event', name: 'start' }, actions: [ask()] },
        { atMs: 3000, type: 'voice', active: true, sinceMs: 2900 },
        { atMs: 4000, type: 'voice', active: false, sinceMs: 3800 },
        // They go on while the answer is worked out: it is the number that will be asked for.
        { atMs: 4350, type: 'voice', active: true, sinceMs: 4200 },
        { atMs: 4500, type: 'turn', input: { type: 'text', text: '查退款' }, actions: [ask('phone_tail')] },
        { atMs: 6000, type: 'voice', active: false, sinceMs: 5800 },
        { atMs: 6100, type: 'turn', input: { type: 'text', text: '二四六八' }, actions: [ask('phone_tail')] },
        { atMs: 8000, type: 'voice', active: true, sinceMs: 7900 },
        { atMs: 9000, type: 'ended' },
      ],
    });
    const [number, unanswered] = going.silenceCaller;
    expect(number?.fromMs).toBeLessThan(4200);
    expect(number?.fromMs).toBeGreaterThanOrEqual(going.utterances[0]?.endMs ?? Number.NaN);
    expect(unanswered?.fromMs).toBeLessThan(7900);
    expect(unanswered?.toMs).toBeGreaterThanOrEqual(9000);
    expect(going.personalTurns).toBe(1);
  });

  it('of a long call is made as well', () => {
    const long = Array.from({ length: 150_000 }, (_, index) => ({ atMs: 20_000 + index, type: 'partial' }));
    expect(makeCase({ name: 'long', events: [...events, ...long], also: none }).personalTurns).toBe(1);
  });

  it('is a conversation test that hearken test reads, up to the first personal words', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-regress-'));
    try {
      mkdirSync(join(folder, 'tests'));
      writeFileSync(join(folder, 'tests', 'refund.yml'), made.story ?? '');
      const { tests, problems } = await readConversationTests(folder);
      expect(problems).toEqual([]);
      expect(tests[0]).toMatchObject({ name: 'refund', channel: 'voice', language: 'zh-CN' });
      expect(tests[0]?.steps).toMatchObject([
        { kind: 'event', name: 'start' },
        { kind: 'does', name: 'utter_greet' },
        { kind: 'user', text: '查退款', intent: 'refund_status' },
        { kind: 'does', name: 'utter_ask_phone_tail' },
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('of a call in which everything is personal has no conversation', () => {
    const only = makeCase({ name: 'x', events: events.slice(0, 7), also: none });
    expect(only.story).toBeDefined();
    const [greeting] = events.filter(({ type }) => type === 'turn');
    const personal = { ...(events[6] as RecordedEvent), input: { type: 'text', text: '13812345678' } };
    expect(makeCase({ name: 'x', events: [greeting as RecordedEvent, personal], also: none }).story).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { PredicateError, parsePredicate } from '../../../src/dialogue/app/predicate.js';
import type { ResponseDefinition, ResponseVariation } from '../../../src/dialogue/app/types.js';
import { groupDigits, longestDigitRun, speakDigits } from '../../../src/dialogue/digits.js';
import { fill, type ResponseContext, respond } from '../../../src/dialogue/responses/respond.js';
import { cpuMs } from '../../support/time.js';

describe('digits as callers say them', () => {
  it.each([
    ['二零二五零四一五', '20250415', true],
    ['订单号是幺二三 四五六', '123456', true],
    ['八七六五吧', '8765', false],
    ['one two double three', '1233', true],
    ['oh seven, seven', '077', true],
    ['１２３-456', '123456', true],
    ['一二，那个，三四', '1234', true],
  ])('%s', (text, digits, atEnd) => expect(longestDigitRun(text)).toEqual({ digits, atEnd }));

  it('are none where there are none', () => {
    expect(longestDigitRun('转人工')).toBeUndefined();
    expect(longestDigitRun('')).toBeUndefined();
  });

  it('are read back in groups', () => {
    expect(groupDigits('13800138000')).toEqual(['138', '0013', '8000']);
    expect(groupDigits('123456789')).toEqual(['1234', '567', '89']);
    expect(speakDigits('20250415', 'zh-CN')).toBe('二零二五，零四幺五');
    expect(speakDigits('8765', 'en')).toBe('eight seven six five');
  });
});

describe('conditions of flows', () => {
  const scope = {
    slots: { amount: 120, name: '张三', member: true, tags: ['a', 'b'], none: null, zip: '0123' },
    context: { channel: 'voice' },
  };
  it.each([
    ['slots.amount > 100 and slots.member', true],
    ['slots.amount > 100 and not slots.member', false],
    ['not (slots.amount < 100 or slots.none)', true],
    ['slots.name is "张三"', true],
    ["slots.name is not 'x'", true],
    ['slots.none is null', true],
    ['slots.unknown is null', true],
    ['slots.tags contains "b"', true],
    ['slots.zip matches "^0"', true],
    ['slots.zip matches "("', false],
    ['context.channel = "voice"', true],
    ['slots.amount == "120"', true],
    ['slots.name > 3', false],
    ['true', true],
  ])('%s', (source, expected) => expect(parsePredicate(source).test(scope)).toBe(expected));

  it.each([
    '',
    'slots.a >',
    'a',
    '(slots.a',
    'slots.a slots.b',
    'slots.a ; drop',
    `${'not '.repeat(200)}slots.a`,
    'x'.repeat(3000),
  ])('refuse %s', (source) => expect(() => parsePredicate(source)).toThrow(PredicateError));

  it('are not held up by a pattern made to hang', () => {
    const predicate = parsePredicate('slots.text matches "^\\\\w+@\\\\w+$"');
    const test = () => predicate.test({ slots: { text: 'a'.repeat(1_000_000) }, context: {} });
    expect(cpuMs(test)).toBeLessThan(1000);
  });
});

describe('the words of a response', () => {
  const variation = (text: string, more: Partial<ResponseVariation> = {}): ResponseVariation => ({
    text,
    speech: undefined,
    language: undefined,
    channel: undefined,
    conditions: [],
    buttons: [],
    bargeIn: true,
    custom: undefined,
    ...more,
  });
  const definition = (...variations: ResponseVariation[]): ResponseDefinition => ({
    name: 'utter_x',
    variations,
    file: '',
    line: 0,
  });
  const context = (more: Partial<ResponseContext> = {}): ResponseContext => ({
    conversationId: 'c',
    turn: 1,
    language: 'zh-CN',
    ownLanguage: 'zh-CN',
    channel: 'text',
    slots: {},
    last: undefined,
    digitSlots: new Set(['number']),
    ...more,
  });

  it('are in the language of the conversation, in the application’s own where there are none', () => {
    const both = definition(variation('你好'), variation('hello', { language: 'en' }));
    expect(respond(both, context())?.text).toBe('你好');
    expect(respond(both, context({ language: 'en-GB' }))?.text).toBe('hello');
    expect(respond(definition(variation('你好')), context({ language: 'en' }))?.text).toBe('你好');
  });

  it('differ for eyes and ears where the domain says so', () => {
    const two = definition(variation('见 https://x.cn'), variation('请看网站', { channel: 'voice' }));
    expect(respond(two, context({ channel: 'voice' }))).toMatchObject({ text: '见 https://x.cn', speech: '请看网站' });
    const own = definition(variation('¥5', { speech: '五元' }));
    expect(respond(own, context())).toMatchObject({ text: '¥5', speech: '五元' });
  });

  it('follow their conditions, and those without are for the rest', () => {
    const conditional = definition(
      variation('any'),
      variation('gold', { conditions: [{ slot: 'member', value: true }] }),
    );
    expect(respond(conditional, context({ slots: { member: true } }))?.text).toBe('gold');
    expect(respond(conditional, context({ slots: { member: false } }))?.text).toBe('any');
    const only = definition(variation('gold', { conditions: [{ slot: 'member', value: true }] }));
    expect(respond(only, context())).toBeUndefined();
  });

  it('are the same for the same turn, and another than last time', () => {
    const many = definition(variation('a'), variation('b'), variation('c'));
    const first = respond(many, context());
    expect(respond(many, context())).toEqual(first);
    for (let turn = 0; turn < 20; turn++) expect(respond(many, context({ turn, last: 1 }))?.text).not.toBe('b');
    expect(new Set(Array.from({ length: 40 }, (_, turn) => respond(many, context({ turn }))?.text)).size).toBe(3);
  });

  it('take slots in without letting them bring anything along', () => {
    const of = (slots: Record<string, unknown>) => ({ slots, language: 'zh-CN', digitSlots: new Set(['number']) });
    expect(fill('是{number}？', of({ number: '8765' }), true)).toBe('是八七六五？');
    expect(fill('是{number}？', of({ number: '8765' }), false)).toBe('是8765？');
    expect(fill('{{a}} {b} {c}', of({ b: '{number}', number: '1' }), false)).toBe('{a} {number} ');
    expect(fill('{b}', of({ b: '<b>\u0000\u202ex</b>' }), false)).toBe('b  x/b');
    expect(fill('{b}', of({ b: 'x'.repeat(5000) }), false)).toHaveLength(300);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identityHolds, luhnHolds } from '../../../../src/nlu/entities/codes.js';
import { readEnNumber } from '../../../../src/nlu/entities/en-number.js';
import { extractEntities } from '../../../../src/nlu/entities/extract.js';
import { readZhNumber } from '../../../../src/nlu/entities/zh-number.js';
import { SEED } from '../../../support/seed.js';
import { cpuMs } from '../../../support/time.js';

const slots = [
  'order_number',
  'phone_number',
  'amount',
  'quantity',
  'delivery_date',
  'time',
  'customer_name',
  'address',
  'email',
  undefined,
];
const pieces = [
  '八',
  '七',
  '两',
  '十',
  '百',
  '万',
  '点',
  '半',
  '号',
  '月',
  '块',
  '三个',
  '不对',
  '下周',
  '尾号',
  ' ',
  ',',
  '12',
  '.5',
  'eight',
  'double',
  'oh',
  'half past',
  'next tuesday',
  '%',
  '$',
  '@',
  '艾特',
  '😀',
  '北京',
  '年',
  '差一刻',
  '百分之',
];

/** Far above what it takes, far below what a pattern that explodes takes. Processor time: a busy machine doesn't count. */
const CPU_LIMIT_MS = 400;

describe('odd input', () => {
  it('no text makes the extractors throw, and every span lies in the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(...slots), (said, slot) => {
        for (const entity of extractEntities(said, slot === undefined ? {} : { expectedSlot: slot })) {
          expect(said.slice(entity.start, entity.end)).toBe(entity.text);
        }
      }),
      { numRuns: 600, seed: SEED },
    );
  });

  it.each([
    '一',
    'eight ',
    '三个八',
    '@a.',
    '号月年',
    'a',
    '1 ',
    '中国路',
    'a at b dot ',
    'my name is ',
    'twenty five ',
    'the morning ',
    'in the evening at ',
    '嗯',
    ' ',
    '王先生',
  ])('ten thousand characters of %j are read in bounded time, whatever was asked for', (piece) => {
    const text = piece.repeat(10_000 / piece.length);
    for (const slot of slots) {
      const options = slot === undefined ? {} : { expectedSlot: slot };
      expect(cpuMs(() => extractEntities(text, options))).toBeLessThan(CPU_LIMIT_MS);
    }
  });

  it('no phrase said over and over makes a turn long', () => {
    const phrase = fc.array(
      fc.constantFrom(...pieces, ' at ', ' dot ', 'a', '嗯', '我叫', '省', '市', '区', '路', 'street', 'and'),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(phrase, fc.constantFrom(...slots), (list, slot) => {
        const text = list.join('').repeat(500).slice(0, 1000);
        const took = cpuMs(() => extractEntities(text, slot === undefined ? {} : { expectedSlot: slot }));
        expect(took, text.slice(0, 40)).toBeLessThan(CPU_LIMIT_MS);
      }),
      { numRuns: 120, seed: SEED },
    );
  });

  it('every number up to 100,000 that is spelt out is read back', () => {
    const digits = '零一二三四五六七八九';
    const spell = (n: number): string => {
      if (n < 10) return digits[n] ?? '';
      if (n < 20) return `十${n % 10 === 0 ? '' : digits[n % 10]}`;
      for (const [unit, name] of [
        [10_000, '万'],
        [1000, '千'],
        [100, '百'],
        [10, '十'],
      ] as const) {
        if (n < unit) continue;
        const rest = n % unit;
        const inner = rest > 0 && rest < 20 && rest >= 10 ? `一${spell(rest)}` : spell(rest);
        return `${spell(Math.floor(n / unit))}${name}${rest === 0 ? '' : rest < unit / 10 ? `零${inner}` : inner}`;
      }
      return '';
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999 }), (n) => readZhNumber(spell(n)) === n),
      { numRuns: 500, seed: SEED },
    );
  });

  it.each([
    ['twenty five', 25],
    ['a hundred and five', 105],
    ['two thousand and six', 2006],
    ['nineteen eighty four', 1984],
    ['twenty oh five', 2005],
    ['one point five', 1.5],
    ['twelve thousand three hundred', 12_300],
    ['a dozen', 12],
    ['2.5k', 2500],
  ])('"%s" is %d', (said, value) => {
    expect(readEnNumber(said)).toBe(value);
  });

  it('check digits tell a slip of the tongue', () => {
    expect(identityHolds('11010119900307003X')).toBe(false);
    expect(identityHolds('11010519491231002X')).toBe(true);
    expect(luhnHolds('79927398713')).toBe(true);
    expect(luhnHolds('79927398710')).toBe(false);
    const [wrong] = extractEntities('79927398710', { expectedSlot: 'order_number', orderNumberChecksum: 'luhn' });
    const [right] = extractEntities('79927398713', { expectedSlot: 'order_number', orderNumberChecksum: 'luhn' });
    expect(wrong?.confidence).toBeLessThan(right?.confidence ?? 0);
  });
});

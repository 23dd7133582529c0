import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSpeakable, normalizeText } from '../../../../src/speech/normalize/index.js';
import { groupSizes, readCode, readInteger, readNumber } from '../../../../src/speech/normalize/zh-number.js';
import { SEED } from '../../../support/seed.js';
import { cpuMs } from '../../../support/time.js';

function pairs(name: string): [string, string][] {
  const file = fileURLToPath(new URL(`../../../fixtures/normalize/${name}.tsv`, import.meta.url));
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t') as [string, string]);
}

describe('the pairs of what is written and what is said', () => {
  it('are at least 400, none twice', () => {
    const all = [...pairs('zh'), ...pairs('en').map(([written, said]) => [`en ${written}`, said])];
    expect(new Set(all.map(([written]) => written)).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(400);
  });
});

describe('text as it is said in Mandarin', () => {
  it.each(pairs('zh'))('%s', (written, said) => {
    expect(normalizeText(written, 'zh-CN')).toBe(said);
  });

  it('leaves no digit and nothing that breaks a voice, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
        const said = normalizeText(text, 'zh-CN');
        expect(said).not.toMatch(/[0-9<>{}\\|*_#`~^]/);
        expect(said).not.toMatch(/\p{Extended_Pictographic}/u);
      }),
      { seed: SEED },
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'0123456789-/.:,年月日点元￥%kg号 abA订单到~'), maxLength: 40 }),
        (text) => {
          expect(normalizeText(text, 'zh-CN')).not.toMatch(/[0-9]/);
        },
      ),
      { seed: SEED },
    );
  });

  it('takes no longer for hostile text than for any other', () => {
    const texts = [
      '1-'.repeat(2000),
      '<'.repeat(4000),
      '1,'.repeat(2000),
      '1:1'.repeat(1500),
      '订单号 '.repeat(1200),
      '9'.repeat(4000),
      'a@'.repeat(2000),
      'a.a.'.repeat(1000),
    ];
    const read = (): void => {
      for (const text of texts) for (const language of ['zh-CN', 'en']) normalizeText(text, language);
    };
    expect(cpuMs(read)).toBeLessThan(3000);
  });
});

describe('text as it is said in English', () => {
  it.each(pairs('en'))('%s', (written, said) => {
    expect(normalizeText(written, 'en-US')).toBe(said);
  });
});

describe('numbers in Mandarin', () => {
  it('read back as they were', () => {
    const units: Record<string, number> = { 十: 10, 百: 100, 千: 1000 };
    const values = '零一二三四五六七八九';
    const parseGroup = (text: string): number => {
      let total = 0;
      let digit = 0;
      for (const character of text.replaceAll('两', '二')) {
        const unit = units[character];
        if (unit === undefined) digit = values.indexOf(character);
        else {
          total += (digit === 0 ? 1 : digit) * unit;
          digit = 0;
        }
      }
      return total + digit;
    };
    const parse = (text: string): number => {
      const [yi, restOfYi] = text.includes('亿') ? text.split('亿') : ['', text];
      const [wan, rest] = (restOfYi ?? '').includes('万') ? (restOfYi ?? '').split('万') : ['', restOfYi];
      return parseGroup(yi ?? '') * 1e8 + parseGroup(wan ?? '') * 1e4 + parseGroup(rest ?? '');
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (value) => {
        expect(parse(readInteger(String(value)))).toBe(value);
      }),
      { seed: SEED },
    );
  });

  it('keep every digit of a code, in groups one can write down', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 40 }), (digits) => {
        expect(groupSizes(digits.length).reduce((sum, size) => sum + size, 0)).toBe(digits.length);
        for (const size of groupSizes(digits.length)) expect(size).toBeLessThanOrEqual(5);
        expect(readCode(digits).replaceAll('，', '')).toHaveLength(digits.length);
      }),
      { seed: SEED },
    );
    expect(groupSizes(11)).toEqual([3, 4, 4]);
    expect(readNumber('-12,345.60')).toBe('负一万两千三百四十五点六零');
  });

  it('are told from text that says nothing', () => {
    expect(isSpeakable('好')).toBe(true);
    for (const text of ['', ' ', '。', '😀', '…']) expect(isSpeakable(normalizeText(text, 'zh-CN'))).toBe(false);
  });
});

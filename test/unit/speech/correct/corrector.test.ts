import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Corrections, Corrector, correctionOf, type ExpectedWords } from '../../../../src/speech/correct/index.js';
import { SEED } from '../../../support/seed.js';

const units = join(resolve(import.meta.dirname, '../../../..'), 'models/asr-en-phone/units.json');
const CITIES = ['北京', '上海', '广州', '深圳', '杭州', '南京', '武汉', '株洲', '呼和浩特'];
const ORDERS = ['20250415', '20260788'];

function correct(language: string, text: string, expected: Partial<ExpectedWords>): string {
  const how = correctionOf(language, units);
  if (!how) throw new Error(`nothing is known of how ${language} sounds`);
  return new Corrector(how, { words: [], numbers: [], ...expected }).correct(text);
}

describe('the correction of Mandarin answers', () => {
  it.each([
    ['背景', '北京'],
    ['我在男经', '我在南京'],
    ['光州市', '广州市'],
    ['我在出周', '我在株洲'],
    ['寄到符合号特', '寄到呼和浩特'],
  ])('%s is taken for %s while a city is asked for', (heard, meant) => {
    expect(correct('zh-CN', heard, { words: CITIES })).toBe(meant);
  });

  it.each(['我要人工', '不知道', '等一下', '营业时间是几点', '我在杭州', '好的', '', '我住在上海南京路'])(
    '%s stays as it is while a city is asked for',
    (heard) => {
      expect(correct('zh-CN', heard, { words: CITIES })).toBe(heard);
    },
  );

  it('a digit that was swallowed is put back when the caller is known to have such a number', () => {
    expect(correct('zh-CN', '二零二五零四五', { numbers: ORDERS })).toBe('二零二五零四一五');
    expect(correct('zh-CN', '是二零二六零七八', { numbers: ORDERS })).toBe('是二零二六零七八八');
  });

  it('幺 and 一 are the same digit', () => {
    expect(correct('zh-CN', '二零二五零四幺五', { numbers: ORDERS })).toBe('二零二五零四幺五');
  });

  it("another number with as many digits stays the caller's own", () => {
    for (const said of ['二零二五零四一六', '一二三四五六七八', '二零二五零三一五'])
      expect(correct('zh-CN', said, { numbers: ORDERS })).toBe(said);
  });

  it('two known numbers that are as near leave it as it was heard', () => {
    expect(correct('zh-CN', '一二三四五六七', { numbers: ['12345678', '12345679'] })).toBe('一二三四五六七');
  });

  it('a number inside a longer sentence is left alone', () => {
    const said = '我上个星期买的那个二零二五零四五到底什么时候才能送到';
    expect(correct('zh-CN', said, { numbers: ORDERS })).toBe(said);
  });
});

describe('the correction of English answers', () => {
  it.each([
    ['lunch don', 'london'],
    ['man chester', 'manchester'],
  ])('%s is taken for %s', (heard, meant) => {
    expect(correct('en', heard, { words: ['London', 'Manchester', 'Leeds'] })).toBe(meant);
  });

  it('other words stay', () => {
    for (const said of ['i do not know', 'talk to a person', 'leeds'])
      expect(correct('en', said, { words: ['London', 'Manchester', 'Leeds'] })).toBe(said);
  });
});

describe('what is corrected', () => {
  it('nothing where nothing is expected, and nothing in a language whose sounds are not known', () => {
    const how = correctionOf('zh-CN', units);
    if (!how) throw new Error('no Mandarin');
    expect(new Corrections(how).correct('背景', { words: [], numbers: [] })).toBe('背景');
    expect(correctionOf('fr', units)).toBeUndefined();
    expect(correctionOf('en', '/nowhere/units.json')).toBeUndefined();
  });

  it('any text and any words are borne', () => {
    const how = correctionOf('zh-CN', units);
    if (!how) throw new Error('no Mandarin');
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 20 }),
        (text, words) => {
          expect(typeof new Corrector(how, { words, numbers: words }).correct(text)).toBe('string');
        },
      ),
      { numRuns: 200, seed: SEED },
    );
  });

  it('thousands of words take a fraction of a second of processor time', () => {
    const words = Array.from({ length: 2000 }, (_, index) =>
      String.fromCodePoint(
        0x4e00 + ((index * 37) % 8000),
        0x4e00 + ((index * 91) % 8000),
        0x4e00 + ((index * 53) % 8000),
      ),
    );
    const how = correctionOf('zh-CN', units);
    if (!how) throw new Error('no Mandarin');
    const corrector = new Corrector(how, { words, numbers: [] });
    corrector.correct('我要退货谢谢');
    const before = process.cpuUsage();
    for (let index = 0; index < 5; index++) corrector.correct('我在那个什么地方呢你知道吗');
    const { user } = process.cpuUsage(before);
    expect(user / 1000 / 5).toBeLessThan(200);
  });
});

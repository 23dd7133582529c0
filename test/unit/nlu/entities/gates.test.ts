import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayHoldEnDate } from '../../../../src/nlu/entities/dates.js';
import { readEnDateAt, readEnDates } from '../../../../src/nlu/entities/en-dates.js';
import { mayBeginEnDate } from '../../../../src/nlu/entities/en-days.js';
import { extractEntities } from '../../../../src/nlu/entities/extract.js';
import { matchesOf } from '../../../../src/nlu/entities/matches.js';
import { DISTRICTS, PROVINCES } from '../../../../src/nlu/entities/places.js';
import { readZhDateAt } from '../../../../src/nlu/entities/zh-dates.js';
import { HOLIDAY_NAMES } from '../../../../src/nlu/entities/zh-holidays.js';
import { lastUnitOf, mayBeginDate } from '../../../../src/nlu/entities/zh-starts.js';
import { SEED } from '../../../support/seed.js';

/** Extractors and their parts are left out where a cheap look says that they can find nothing: here they are run all the same. */

const CONTEXT = { now: { year: 2026, month: 11, day: 20, hour: 10, minute: 30 }, past: false };
const ZH = [
  ...HOLIDAY_NAMES,
  ...'0 3 12 2026 零 一 两 三 五 十 二十 廿 百 千 万 亿 幺 半 俩 差 再过 过 第 几 个 上 上上 下 下下 这 本 前 今 明 昨 后 去 大'.split(
    ' ',
  ),
  ...'年 月 日 号 天 周 星期 礼拜 末 底 初 中 旬 小时 钟头 分钟 刻钟 刻 秒 点 点半 时 分 整 : / - . 的 之 以 后 前 内'.split(
    ' ',
  ),
  ...'早上 一早 大早上 上午 中午 下午 午后 晚上 半夜 深夜 凌晨 傍晚 夜里 今晚 明早 下班 一下 这个 号码 买 ， a 2026-12-03'.split(
    ' ',
  ),
];
const EN = [
  ...'0 3 12 2026 a an the in at on of one two five ten twelve twenty thirty five hundred dozen half quarter couple oh'.split(
    ' ',
  ),
  ...'first second third fifth 3rd twentieth january jan march may sept december monday friday weekend week month'.split(
    ' ',
  ),
  ..."year day days hour hours minutes ago from now later back and a half past to before after till o'clock am p m p.m.".split(
    ' ',
  ),
  ...'noon midday midnight this next last coming yesterday today tomorrow tonight night morning evening early mid late'.split(
    ' ',
  ),
  ..."end of beginning start middle over the weekend new year's eve christmas easter thanksgiving labor black : / - . , order and my".split(
    ' ',
  ),
  ...'the in during at tonight mornings afternoon at night good evenings'.split(' '),
];
const texts = (pieces: readonly string[], between: string) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 9 }).map((list) => list.join(between));
const many = { numRuns: 3000, seed: SEED };

describe('where nothing can begin nothing is passed over', () => {
  it.each(['', ' '])('Mandarin dates, times and durations, parts joined by "%s"', (between) => {
    fc.assert(
      fc.property(texts(ZH, between), (plain) => {
        const lastUnit = lastUnitOf(plain);
        for (let at = 0; at < plain.length; at++) {
          // A reading never begins with the blank before it.
          if (plain[at] === ' ' || mayBeginDate(plain, at, lastUnit)) continue;
          expect(readZhDateAt(plain, at, CONTEXT), `${plain} at ${at}`).toBeUndefined();
        }
      }),
      many,
    );
  });

  it.each(['', ' '])('English dates, times and durations, parts joined by "%s"', (between) => {
    fc.assert(
      fc.property(texts(EN, between), fc.boolean(), (plain, wantsTime) => {
        for (const { index } of plain.matchAll(/(?<![a-z\d])[a-z\d]/g)) {
          if (mayBeginEnDate(plain, index)) continue;
          expect(readEnDateAt(plain, index, CONTEXT, wantsTime), `${plain} at ${index}`).toBeUndefined();
        }
        if (!mayHoldEnDate(plain, wantsTime)) expect(readEnDates(plain, CONTEXT, wantsTime)).toEqual([]);
      }),
      many,
    );
  });

  it('texts of digits and signs have no English date but those with their parts apart', () => {
    fc.assert(
      fc.property(
        texts(['1', '12', '2026', ' ', '.', ',', ':', '/', '-', 'a', 'p', 'm'], ''),
        fc.boolean(),
        (plain, wants) => {
          if (!mayHoldEnDate(plain, wants)) expect(readEnDates(plain, CONTEXT, wants)).toEqual([]);
        },
      ),
      many,
    );
  });
});

const kinds = (text: string, expectedSlot?: string) =>
  extractEntities(text, { nowMs: 1_795_305_600_000, ...(expectedSlot === undefined ? {} : { expectedSlot }) }).map(
    ({ entity }) => entity,
  );

describe('each thing alone is reason enough to look for it', () => {
  const places = [
    ...Object.keys(PROVINCES),
    ...Object.values(PROVINCES).flatMap((cities) => cities.split(' ')),
    ...Object.values(DISTRICTS).flatMap((districts) => districts.split(' ')),
  ].filter((name) => name !== '');

  it('every place that is known', () => {
    for (const name of places) expect(kinds(name, 'address'), name).toContain('address');
  });

  it.each([
    '我叫李小明',
    '名字叫李小明',
    '姓名是李小明',
    '叫做李小明',
    '收件人是李小明',
    '收货人是李小明',
    '联系人是李小明',
    '本人李小明',
    '免贵姓李',
    ...'先生 女士 小姐 太太 老师 师傅 经理 阿姨 叔叔'.split(' ').map((title) => `李${title}`),
    "it's John speaking",
    'mr smith',
    'my name is john',
  ])('a name: %s', (text) => {
    expect(kinds(text)).toContain('person');
  });

  it.each([
    ['五块', 'money'],
    ['五元', 'money'],
    ['五圆', 'money'],
    ['五毛', 'money'],
    ['五角', 'money'],
    ['八分钱', 'money'],
    ['八美元', 'money'],
    ['八刀', 'money'],
    ['八欧元', 'money'],
    ['八英镑', 'money'],
    ['八台币', 'money'],
    ['$5', 'money'],
    ['￥5', 'money'],
    ['five dollars', 'money'],
    ['five cents', 'money'],
    ['5 yen', 'money'],
    ['5%', 'percentage'],
    ['５％', 'percentage'],
    ['百分之五', 'percentage'],
    ['三成', 'percentage'],
    ['打八折', 'percentage'],
    ['five percent', 'percentage'],
    ['five per cent', 'percentage'],
    ['两双', 'quantity'],
    ['two pairs', 'quantity'],
    ['a dozen of them', 'quantity'],
    ['第三个', 'ordinal'],
    ['the third one', 'ordinal'],
    ['12', 'number'],
    ['twelve', 'number'],
    ['十二', 'number'],
    ['a@b.com', 'email'],
    ['a艾特qq点com', 'email'],
    ['last four digits are 1234', 'digits'],
  ])('%s (%s)', (text, kind) => {
    expect(kinds(text)).toContain(kind);
  });
});

describe('matches of a pattern', () => {
  it.each([/a/g, /a*/g, /(?<=b)|c/g, /x?y/g])('are those of matchAll (%s)', (pattern) => {
    for (const text of ['', 'a', 'baac', 'xyy aab', 'bbb'])
      expect([...matchesOf(pattern, text)]).toEqual([...text.matchAll(pattern)]);
  });
});

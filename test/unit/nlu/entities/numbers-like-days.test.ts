import { describe, expect, it } from 'vitest';
import { extractEntities } from '../../../../src/nlu/entities/extract.js';

function read(text: string, expectedSlot?: string): string[] {
  const nowMs = Date.parse('2026-11-22T12:00:00+08:00');
  const found = extractEntities(text, { nowMs, ...(expectedSlot === undefined ? {} : { expectedSlot }) });
  return found.map(({ entity, value }) => `${entity} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
}

describe('a number that ends like a holiday', () => {
  it.each([
    ['四千三百二十一', 'number', ['number 4321']],
    ['三百五十一', undefined, ['number 351']],
    ['十一', 'number', ['number 11']],
    ['六一', undefined, ['date 2027-06-01']],
    ['十一回家', 'date', ['date 2027-10-01']],
    ['双十一买的', undefined, ['date 2026-11-11']],
  ])('%s, asked for %s', (text, asked, values) => {
    expect(read(text, asked)).toEqual(values);
  });

  it.each([
    ['十一点来', undefined, ['time 11:00']],
    ['十一点半', 'datetime', ['time 11:30']],
    ['六一点都不热闹', undefined, []],
    ['十一天', undefined, ['duration P11D']],
    ['双十一点的外卖', undefined, ['date 2027-11-11']],
  ])('%s has its unit', (text, asked, values) => {
    const found = read(text, asked);
    expect(found.filter((value) => !value.startsWith('number'))).toEqual(values);
  });

  it('is no day before what it counts', () => {
    expect(read('十一个').some((value) => value.startsWith('date'))).toBe(false);
  });
});

describe('the number of a house', () => {
  it.each(['解放路12号', '新地址是人民路二十号', '中山路3号2单元', '3号2单元301', '12号301室', '朝阳街道5号'])(
    '%s is no day',
    (text) => {
      expect(read(text).some((value) => value.startsWith('date'))).toBe(false);
      expect(read(text, 'address').some((value) => value.startsWith('date'))).toBe(false);
    },
  );

  it.each([
    ['12号', 'date 2026-12-12'],
    ['这里12号停电', 'date 2026-12-12'],
    ['路上说12号到', 'date 2026-12-12'],
    ['下个月5号', 'date 2026-12-05'],
    ['12号下午三点', 'datetime 2026-12-12T15:00'],
  ])('%s is one', (text, value) => expect(read(text)).toEqual([value]));
});

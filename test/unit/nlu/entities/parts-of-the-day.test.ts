import { describe, expect, it } from 'vitest';
import { extractEntities } from '../../../../src/nlu/entities/extract.js';

/** The only value that is read at a time of Sunday, 22 November 2026, in Shanghai. */
function read(text: string, time: string, expectedSlot?: string): unknown {
  const nowMs = Date.parse(`2026-11-22T${time}:00+08:00`);
  const found = extractEntities(text, { nowMs, ...(expectedSlot === undefined ? {} : { expectedSlot }) });
  expect(found).toHaveLength(1);
  return found[0]?.value;
}
const AFTERNOON = (day: string) => `2026-11-${day}T12:00/2026-11-${day}T18:00`;
const MORNING = (day: string) => `2026-11-${day}T06:00/2026-11-${day}T12:00`;

describe('a part of the day without a day', () => {
  it.each(['下午', 'in the afternoon', 'afternoon'])('"%s" is today\'s until it is over, then tomorrow\'s', (text) => {
    expect(read(text, '09:00')).toBe(AFTERNOON('22'));
    expect(read(text, '17:59')).toBe(AFTERNOON('22'));
    expect(read(text, '18:00')).toBe(AFTERNOON('23'));
    expect(read(text, '23:30', 'visit_time')).toBe(AFTERNOON('23'));
  });

  it.each(['晚上', 'in the evening', 'at night'])('"%s" lasts until midnight', (text) => {
    expect(read(text, '23:59')).toBe('2026-11-22T18:00/2026-11-23T00:00');
  });

  it.each(['上午买的', 'i ordered it in the morning'])('%s: what has happened was today', (text) => {
    expect(read(text, '20:00')).toBe(MORNING('22'));
  });

  it.each(['今天上午', '今早', 'this morning'])('"%s" is today\'s even when it is over', (text) => {
    expect(read(text, '20:00')).toBe(MORNING('22'));
  });

  it.each(['下午三点', 'in the afternoon at three'])('"%s" is a time of no day', (text) => {
    expect(read(text, '20:00')).toBe('15:00');
  });
});

describe('a part of a weekday that is today', () => {
  it.each(['礼拜天下午', '周日的下午', 'sunday afternoon', 'in the afternoon on sunday'])('%s', (text) => {
    expect(read(text, '13:00')).toBe(AFTERNOON('22'));
    expect(read(text, '20:00')).toBe(AFTERNOON('29'));
  });

  it.each(['周日下午三点', 'sunday at three pm', 'three pm on sunday', 'sunday afternoon at three'])('%s', (text) => {
    expect(read(text, '14:59')).toBe('2026-11-22T15:00');
    expect(read(text, '15:00')).toBe('2026-11-29T15:00');
  });

  it.each(['周日三点', 'sunday at three'])('"%s" may still be the afternoon\'s', (text) => {
    expect(read(text, '10:00')).toBe('2026-11-22T03:00');
    expect(read(text, '16:00')).toBe('2026-11-29T03:00');
  });

  it.each(['周日上午买的', 'i bought it on sunday morning'])('%s: what has happened was today', (text) => {
    expect(read(text, '20:00')).toBe(MORNING('22'));
  });

  it.each(['这周日上午', '今天上午'])('"%s" names its very day', (text) => {
    expect(read(text, '20:00')).toBe(MORNING('22'));
  });
});

import { describe, expect, it } from 'vitest';
import { readCallbackTime } from '../../../../apps/retail/desk/callback-time.js';

/** Saturday, ten in the morning in Beijing. */
const NOW = Date.parse('2026-11-21T02:00:00Z');
const zh = (value: unknown, now = NOW) => readCallbackTime(value, now, 'zh-CN');

describe('when somebody calls back', () => {
  it.each([
    ['2026-11-22T15:00', '2026-11-22T15:00+08:00', '明天下午3点'],
    ['2026-11-21T10:30', '2026-11-21T10:30+08:00', '今天上午10点半'],
    ['2026-11-22T06:00/2026-11-22T12:00', '2026-11-22T10:00+08:00', '明天上午'],
    ['2026-11-22T12:00/2026-11-22T18:00', '2026-11-22T12:00+08:00', '明天下午'],
    ['2026-11-25', '2026-11-25T10:00+08:00', '11月25号星期三上午'],
    ['15:20', '2026-11-21T15:20+08:00', '今天下午3点20分'],
    ['soon', '2026-11-21T10:00+08:00', '一个小时内'],
    ['afternoon', '2026-11-21T16:00+08:00', '今天下午'],
    ['tomorrow_afternoon', '2026-11-22T15:00+08:00', '明天下午'],
  ])('%s is %s, said as %s', (value, at, words) => {
    expect(zh(value)).toEqual({ ok: true, at, words });
  });

  it('three o’clock is the afternoon for a shop that opens at nine', () => {
    expect(zh('03:00')).toMatchObject({ ok: true, words: '今天下午3点' });
    expect(zh('2026-11-22T03:00')).toMatchObject({ ok: true, words: '明天下午3点' });
  });

  it('a time of day that is over is meant for tomorrow', () => {
    expect(zh('09:30')).toMatchObject({ ok: true, words: '明天上午9点半' });
  });

  it('a part of the day that has begun is called in what is left of it', () => {
    const atFour = Date.parse('2026-11-21T08:20:00Z');
    const afternoon = '2026-11-21T12:00/2026-11-21T18:00';
    expect(zh(afternoon)).toEqual({ ok: true, at: '2026-11-21T12:00+08:00', words: '今天下午' });
    expect(zh(afternoon, atFour)).toEqual({ ok: true, at: '2026-11-21T16:20+08:00', words: '今天下午' });
  });

  it.each([
    ['2026-11-21T06:00/2026-11-21T12:00', '2026-11-21T04:00:00Z', 'past'],
    ['2026-11-20T12:00/2026-11-20T18:00', '2026-11-21T02:00:00Z', 'past'],
    ['2026-11-21T18:00/2026-11-22T00:00', '2026-11-21T13:30:00Z', 'closed'],
    ['2026-11-22T00:00/2026-11-22T06:00', '2026-11-21T02:00:00Z', 'closed'],
    ['2026-12-24T06:00/2026-12-24T12:00', '2026-11-21T02:00:00Z', 'too_far'],
  ])('%s, said at %s, is refused: %s', (value, now, why) => {
    expect(zh(value, Date.parse(now))).toEqual({ ok: false, why });
  });

  it('soon, said at night, is the next morning', () => {
    expect(zh('soon', Date.parse('2026-11-21T14:30:00Z'))).toMatchObject({ ok: true, words: '明天上午9点' });
    expect(zh('soon', Date.parse('2026-11-20T21:00:00Z'))).toMatchObject({ ok: true, words: '今天上午9点' });
  });

  it.each([
    ['2026-11-22T23:00', 'closed'],
    ['2026-11-20T10:00', 'past'],
    ['2026-11-21T09:30', 'past'],
    ['2026-12-24T10:00', 'too_far'],
    ['whenever pigs fly', 'unclear'],
    ['', 'unclear'],
    [null, 'unclear'],
  ])('%s is refused: %s', (value, why) => {
    expect(zh(value)).toEqual({ ok: false, why });
  });

  it('any time is any time on the day that was spoken of', () => {
    expect(readCallbackTime('any', NOW, 'zh-CN', '2026-11-25')).toEqual({
      ok: true,
      at: '2026-11-25T10:00+08:00',
      words: '11月25号星期三',
    });
    expect(readCallbackTime('any', NOW, 'en', '2026-11-25')).toMatchObject({ words: 'on Wednesday' });
    expect(zh('any')).toMatchObject({ words: '一个小时内' });
  });

  it('an hour alone is one of the day that was spoken of, whatever time it is now', () => {
    expect(readCallbackTime('11:00', NOW, 'zh-CN', '2026-11-22')).toMatchObject({ at: '2026-11-22T11:00+08:00' });
    expect(readCallbackTime('03:00', NOW, 'zh-CN', '2026-11-22')).toMatchObject({ words: '明天下午3点' });
    // That day is over, or none was spoken of: the next time that it is eleven.
    expect(readCallbackTime('11:00', NOW, 'zh-CN', '2026-11-20')).toMatchObject({ at: '2026-11-21T11:00+08:00' });
    expect(readCallbackTime('09:30', NOW, 'zh-CN')).toMatchObject({ at: '2026-11-22T09:30+08:00' });
  });

  it('is said in English too', () => {
    const en = (value: string) => readCallbackTime(value, NOW, 'en');
    expect(en('2026-11-22T15:00')).toMatchObject({ words: 'tomorrow at 3 p.m.' });
    expect(en('2026-11-25T10:30')).toMatchObject({ words: 'on Wednesday at 10:30 a.m.' });
    expect(en('tomorrow_morning')).toMatchObject({ words: 'tomorrow morning' });
    expect(en('2026-11-22T12:00/2026-11-22T18:00')).toMatchObject({ words: 'tomorrow afternoon' });
    expect(en('soon')).toMatchObject({ words: 'within an hour' });
  });
});

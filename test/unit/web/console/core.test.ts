import { describe, expect, it } from 'vitest';
import type { Line, Stats, Turn } from '../../../../web/console/src/api/contract.js';
import { clockAhead } from '../../../../web/console/src/core/clock-ahead.js';
import { lineAt, turnsOfLines } from '../../../../web/console/src/core/lines.js';
import { columnsOf } from '../../../../web/console/src/core/peaks.js';
import { address, readPlace } from '../../../../web/console/src/core/place.js';
import { roundSteps } from '../../../../web/console/src/core/round-steps.js';
import { queryOf } from '../../../../web/console/src/core/search-query.js';
import { totals } from '../../../../web/console/src/core/totals.js';
import { agreedTime } from '../../../../web/console/src/core/when.js';
import { en } from '../../../../web/console/src/words/en.js';
import { zh } from '../../../../web/console/src/words/zh.js';

const line = (id: string, text: string, more: Partial<Line> = {}): Line => ({
  id,
  who: 'caller',
  text,
  final: true,
  atMs: 0,
  fromMs: null,
  toMs: null,
  ...more,
});
const turn = (turnId: number, input: string, inputType: Turn['inputType'] = 'text'): Turn =>
  ({ turnId, input, inputType }) as Turn;

describe('addresses of the console', () => {
  it('say the same after they were read, also with slashes, spaces and marks in them', () => {
    const hostile = '../%2e<script>?#&=/你好';
    const { parts, query } = readPlace(address(['calls', hostile], { q: hostile, none: undefined, empty: '' }));
    expect(parts).toEqual(['calls', hostile]);
    expect(query.get('q')).toBe(hostile);
    expect([...query.keys()]).toEqual(['q']);
  });

  it('that are broken are taken as they are', () => {
    expect(readPlace('#/calls/%E0%A4%A')).toMatchObject({ parts: ['calls', '%E0%A4%A'] });
    expect(readPlace('')).toMatchObject({ parts: [] });
  });
});

describe('the turn of a line', () => {
  it('is the one that the service names', () => {
    const found = turnsOfLines([line('a', '好', { turnId: 3 })], [turn(2, '好'), turn(3, '嗯')]);
    expect(found.get('a')?.turnId).toBe(3);
  });

  it('is found by its words, in order, where none is named; the same words twice are two turns', () => {
    const lines = [line('a', '好'), line('b', '对', { who: 'bot' }), line('c', '好'), line('d', '没有这轮')];
    const found = turnsOfLines(lines, [turn(1, 'start', 'event'), turn(2, '好'), turn(3, '好')]);
    expect([...found].map(([id, { turnId }]) => [id, turnId])).toEqual([
      ['a', 2],
      ['c', 3],
    ]);
  });
});

describe('the line that is heard', () => {
  const lines = [
    line('bot', '您好', { who: 'bot', fromMs: 0, toMs: 4000 }),
    line('over', '我要', { fromMs: 3000, toMs: 5000 }),
    line('late', '再见', { fromMs: 9000, toMs: null }),
    line('mute', '没有声音'),
  ];

  it('is the one that began last, also where both speak', () => {
    expect(lineAt(lines, 2000)?.id).toBe('bot');
    expect(lineAt(lines, 3500)?.id).toBe('over');
  });

  it('is none in a pause, and the last one while its end is unknown', () => {
    expect(lineAt(lines, 7000)).toBeUndefined();
    expect(lineAt(lines, 60_000)?.id).toBe('late');
  });
});

describe('the search that an address asks for', () => {
  it('takes days as the viewer has them, the last one included', () => {
    const query = queryOf(new URLSearchParams('from=2026-11-20&to=2026-11-21'), null);
    expect(query.from).toBe(new Date(2026, 10, 20).toISOString());
    expect(query.to).toBe(new Date(2026, 10, 22).toISOString());
  });

  it('leaves out what is empty, and choices that there are not', () => {
    const query = queryOf(new URLSearchParams('query=+&from=soon&outcome=lost&channel=fax&intent=return_goods'), 'c');
    expect(query).toEqual({ intent: 'return_goods', limit: 25, cursor: 'c' });
  });
});

describe('the columns of a waveform', () => {
  it('each show the loudest of what falls into them', () => {
    expect(columnsOf([0.1, 0.9, 0.2, 0.3], 2)).toEqual([0.9, 0.3]);
    expect(columnsOf([0.5], 3)).toEqual([0.5, 0.5, 0.5]);
    expect(columnsOf([], 3)).toEqual([]);
    expect(columnsOf([1], 0)).toEqual([]);
  });
});

describe('the numbers beside an axis', () => {
  it('are round, few, and whole where things are counted', () => {
    expect(roundSteps(0, 1, false)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(roundSteps(0, 1.1, true)).toEqual([0, 1]);
    expect(roundSteps(0, 22, true)).toEqual([0, 10, 20]);
    expect(roundSteps(0, 1640, false)).toEqual([0, 500, 1000, 1500]);
    expect(roundSteps(0, 0, true)).toEqual([0]);
  });
});

describe('what a day adds up to', () => {
  const bucket = (contained: number, transferred: number, failed: number): Stats['buckets'][number] => ({
    fromMs: 0,
    calls: contained + transferred + failed + 1,
    contained,
    transferred,
    failed,
    responseP50Ms: null,
    responseP95Ms: null,
  });

  it('counts as served without a person only what has ended', () => {
    expect(totals({ bucketMs: 1, buckets: [bucket(6, 1, 1), bucket(2, 0, 0)] })).toEqual({
      calls: 12,
      containment: 0.8,
    });
    expect(totals({ bucketMs: 1, buckets: [bucket(0, 0, 0)] })).toEqual({ calls: 1, containment: null });
    expect(totals(undefined)).toBeUndefined();
  });
});

describe('the words of the console', () => {
  it('are there in both languages, and are not the same', () => {
    const texts = (words: object): [string, string][] =>
      Object.entries(words).flatMap(([name, value]): [string, string][] => {
        if (typeof value === 'string') return [[name, value]];
        if (typeof value === 'function') return [[name, String((value as (argument: unknown) => unknown)(2))]];
        return texts(value as object).map(([inner, text]) => [`${name}.${inner}`, text]);
      });
    const [english, chinese] = [texts(en), texts(zh)];
    expect(chinese.map(([name]) => name).sort()).toEqual(english.map(([name]) => name).sort());
    for (const [name, text] of english) expect(text, name).not.toBe('');
    for (const [name, text] of chinese) expect(/[\u4e00-\u9fff]/.test(text), name).toBe(true);
  });
});

describe('a time that was agreed on with a caller', () => {
  it('is a moment, a day, or an interval of two of a kind; anything else is words', () => {
    const at = (...parts: [number, number, number, number?, number?]) => new Date(...parts).getTime();
    expect(agreedTime('2026-11-23T15:00')).toEqual({ fromMs: at(2026, 10, 23, 15), toMs: undefined, wholeDays: false });
    expect(agreedTime('2026-11-23')).toEqual({ fromMs: at(2026, 10, 23), toMs: undefined, wholeDays: true });
    expect(agreedTime('2026-11-23T14:00/2026-11-23T18:30')).toMatchObject({ toMs: at(2026, 10, 23, 18, 30) });
    for (const words of [
      '明天下午',
      '',
      'as soon as possible',
      '2026-11-23/',
      '2026-11-23/2026-11-24T10:00',
      '2026-13-01',
      '1/2/3',
    ])
      expect(agreedTime(words), words).toBeUndefined();
  });
});

describe('the clock of this machine', () => {
  it('is set right by the service’s when it is wrong by more than a message takes', () => {
    expect(clockAhead(100_000, 99_200)).toBe(0);
    expect(clockAhead(100_000, 400_000)).toBe(-300_000);
    expect(clockAhead(400_000, 100_000)).toBe(300_000);
  });
});

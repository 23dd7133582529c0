import { describe, expect, it } from 'vitest';
import { digitRuns } from '../../../../src/nlu/entities/digit-runs.js';
import { completeTime } from '../../../../src/nlu/entities/partial-times.js';

describe('a part of the day that takes the place of a time', () => {
  const today = '2026-11-22T12:00/2026-11-22T18:00';

  it.each(['下午', 'the afternoon', 'in the afternoon'])('is of the day that was spoken of: %s', (words) =>
    expect(completeTime('2026-11-25T09:30', today, words)).toBe('2026-11-25T12:00/2026-11-25T18:00'),
  );

  it('is of its own day where that is said', () =>
    expect(completeTime('2026-11-25T09:30', today, '今天下午')).toBeUndefined());

  it('ends on the next day when it lasts past midnight', () =>
    expect(completeTime('2026-11-30T09:30', '2026-11-22T18:00/2026-11-23T00:00', '晚上')).toBe(
      '2026-11-30T18:00/2026-12-01T00:00',
    ));

  it('has no day to keep where none was named', () => expect(completeTime('15:00', today, '下午')).toBeUndefined());
});

describe('a number typed in figures', () => {
  const runs = (text: string) => digitRuns(text, { letters: true, cardinals: true }).map(({ digits }) => digits);

  it('does not begin with the word before it', () => expect(runs('at ten 13800138000')).toEqual(['10', '13800138000']));

  it('is whole with its groups, and said digits stay together', () => {
    expect(runs('138 0013 8000')).toEqual(['13800138000']);
    expect(runs('one three eight double zero')).toEqual(['13800']);
    expect(runs('8765 四三二一')).toEqual(['87654321']);
  });
});

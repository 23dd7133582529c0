import { expect, it } from 'vitest';
import { normalizeText } from '../../../../src/speech/normalize/index.js';
import { writeMoments } from '../../../../src/speech/normalize/moments.js';

it.each([
  ['约好2026-11-23T15:00，对吗？', '约好二零二六年十一月二十三日十五点，对吗？'],
  ['2026-11-22T12:00/2026-11-22T18:00上门', '二零二六年十一月二十二日十二点到十八点上门'],
  ['2026-11-21T18:00/2026-11-22T00:00', '二零二六年十一月二十一日十八点到二零二六年十一月二十二日零点'],
  ['2026-11-23/2026-11-29', '二零二六年十一月二十三日到二零二六年十一月二十九日'],
])('%s is said as a day and a time', (written, said) => {
  expect(normalizeText(written, 'zh-CN')).toBe(said);
});

it.each([
  ['Booked for 2026-11-23T15:00.', 'Booked for November 23, 2026 at 3 p m.'],
  ['2026-11-23T09:30, right?', 'November 23, 2026 at 9 30 a m, right?'],
  ['2026-11-22T12:00/2026-11-22T18:00', 'November 22, 2026 at 12 p m to 6 p m'],
  ['2026-11-23/2026-11-29', 'November 23, 2026 to November 29, 2026'],
])('%s is said in English', (written, said) => {
  expect(normalizeText(written, 'en')).toBe(said);
});

it('other texts with such signs stay as they were', () => {
  for (const text of ['order 2026-11T15', 'see 2026-11-23.', 'a/b 12:00', '2026-11-23T15:00:00+08:00'])
    expect(writeMoments(text, true)).toBe(text);
});

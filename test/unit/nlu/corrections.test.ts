import { describe, expect, it } from 'vitest';
import { readCorrections } from '../../../src/nlu/corrections.js';
import { extractEntities } from '../../../src/nlu/entities/extract.js';

function read(text: string, expectedSlot?: string) {
  const nowMs = Date.parse('2026-11-20T10:00:00+08:00');
  const found = extractEntities(text, { nowMs, ...(expectedSlot === undefined ? {} : { expectedSlot }) });
  const { entities, retracted, correction } = readCorrections(text, found);
  return {
    now: entities.map((e) => e.value),
    corrects: entities.map((e) => e.corrects === true),
    gone: retracted.map((e) => e.value),
    correction,
  };
}

describe('corrections', () => {
  it.each([
    ['八七六四，不对，是八七六五', 'order_number', ['8765'], ['8764']],
    ['是八七六五不是八七六四', 'order_number', ['8765'], ['8764']],
    ['my order number is 8765 4321 sorry 8765 4322', undefined, ['87654322'], ['87654321']],
    ['不是周一是周二', undefined, ['2026-11-24'], ['2026-11-23']],
    ['not monday but tuesday', undefined, ['2026-11-24'], ['2026-11-23']],
    ['明天，哦不，后天', undefined, ['2026-11-22'], ['2026-11-21']],
    ['下午三点 不 四点', undefined, ['16:00'], ['15:00']],
    ['下午三点不四点半', undefined, ['16:30'], ['15:00']],
    ['晚上七点，不对，八点', undefined, ['20:00'], ['19:00']],
    ['明天下午三点，不，四点', undefined, ['2026-11-21T16:00'], ['2026-11-21T15:00']],
    ['明天下午三点，不对，后天', undefined, ['2026-11-22T15:00'], ['2026-11-21T15:00']],
    ['明天下午，哦不，后天', undefined, ['2026-11-22T12:00/2026-11-22T18:00'], ['2026-11-21T12:00/2026-11-21T18:00']],
    ['下午三点，不，上午十点', undefined, ['10:00'], ['15:00']],
    ['下午三点，不，十点', undefined, ['10:00'], ['15:00']],
    ['tuesday at 3:30 pm, no, wednesday', undefined, ['2026-11-25T15:30'], ['2026-11-24T15:30']],
    ["3 pm, no wait, 4 o'clock", undefined, ['16:00'], ['15:00']],
    ['tomorrow at 3 pm, sorry, 10 am', undefined, ['2026-11-21T10:00'], ['2026-11-21T15:00']],
  ])('"%s" keeps what was meant and drops what was not', (text, slot, now, gone) => {
    expect(read(text, slot)).toEqual({ now, corrects: [true], gone, correction: true });
  });

  it.each(['不对,是八七六五', '应该是八七六五', '我说错了，是八七六五', '不是，是八七六五'])(
    '"%s" corrects the turn before',
    (text) => {
      expect(read(text)).toEqual({ now: ['8765'], corrects: [true], gone: [], correction: true });
    },
  );

  it('"no, I meant Tuesday" corrects the turn before', () => {
    expect(read('no, I meant Tuesday')).toEqual({ now: ['2026-11-24'], corrects: [true], gone: [], correction: true });
  });

  it('saying that it was wrong is a correction with nothing in its place yet', () => {
    expect(read('我刚才说错了')).toMatchObject({ now: [], correction: true });
  });

  it.each([
    '不是',
    'no',
    '不用了',
    '我不是要退货',
    '是不是明天到',
    '不是明天吗',
    '八七六五四三二幺',
    'sorry can you repeat',
  ])('"%s" corrects nothing', (text) => {
    expect(read(text)).toMatchObject({ gone: [], correction: false });
  });
});

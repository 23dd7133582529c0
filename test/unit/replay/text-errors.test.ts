import { describe, expect, it } from 'vitest';
import { scoreText } from '../../../src/replay/score/score-recording.js';
import { align, errorsIn, normalise } from '../../../src/replay/score/text-errors.js';

describe('recognition against a transcript', () => {
  it('counts and aligns what was replaced, missed and made up', () => {
    const found = align(Array.from('我要查订单'), Array.from('我查丁单了'));
    expect(found).toMatchObject({ units: 5, substitutions: 1, deletions: 1, insertions: 1 });
    expect(found.alignment).toEqual([
      { wanted: '我', heard: '我' },
      { wanted: '要', heard: undefined },
      { wanted: '查', heard: '查' },
      { wanted: '订', heard: '丁' },
      { wanted: '单', heard: '单' },
      { wanted: undefined, heard: '了' },
    ]);
    expect(errorsIn(found)).toBe(3);
  });

  it('reads Chinese without punctuation and English as it is spoken', () => {
    expect(normalise('你好， 再见。', 'zh-CN')?.characters.join('')).toBe('你好再见');
    expect(normalise("Where's order 10?", 'en')?.words).toEqual(["where's", 'order', 'one', 'zero']);
    expect(scoreText('oh five', 'zero five', 'en', null)?.words).toMatchObject({ units: 2, substitutions: 0 });
    expect(scoreText('幺二', '一二', 'zh-CN', 'digits')?.characters.substitutions).toBe(0);
    expect(scoreText('幺二', '一二', 'zh-CN', 'open')?.characters.substitutions).toBe(1);
  });

  it('does not compare what can not be compared fairly', () => {
    expect(normalise('AISHELL数据2.0', 'zh-CN')).toBeUndefined();
    expect(normalise('it costs 3.50', 'en')).toBeUndefined();
    expect(normalise('', 'zh-CN')).toBeUndefined();
    expect(normalise('bonjour', 'fr')).toBeUndefined();
  });

  it('counts everything heard in place of nothing', () => {
    expect(align([], ['a', 'b'])).toMatchObject({ units: 0, insertions: 2 });
    expect(align(['a'], [])).toMatchObject({ units: 1, deletions: 1 });
  });
});

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

  it('parts Chinese into words, alike wherever the characters are, and counts its characters as before', () => {
    expect(normalise('我要查一下订单。', 'zh-CN')?.words).toEqual(['我要', '查', '一下', '订单']);
    const score = scoreText('我要查订单，谢谢！', '我要查丁单谢谢', 'zh-CN', null);
    expect(score?.characters).toEqual({ units: 7, substitutions: 1, deletions: 0, insertions: 0 });
    expect(score?.words.units).toBeLessThan(7);
    expect(errorsIn(score?.words ?? { substitutions: 0, deletions: 0, insertions: 0 })).toBeGreaterThan(0);
    // Pauses and marks are no words, and part none.
    expect(scoreText('你 好，再 见。', '你好再见', 'zh-CN', null)?.words).toMatchObject({ units: 2, substitutions: 0 });
    // In a row of digits each is a word, as in English.
    expect(scoreText('幺二三四', '一二三', 'zh-CN', 'digits')?.words).toMatchObject({ units: 4, deletions: 1 });
    // The alignment that people read stays one of characters.
    expect(score?.alignment).toContainEqual(['订', '丁']);
  });

  it('counts the errors of an hour of speech as those of a minute', () => {
    const said = Array.from({ length: 5600 }, (_, index) => `w${index % 97}x${index % 89}`);
    // The first thousand are missed: all that follows is right.
    expect(align(said, said.slice(1000))).toMatchObject({
      units: 5600,
      substitutions: 0,
      deletions: 1000,
      insertions: 0,
    });
    const heard = said.map((word, index) => (index % 100 === 50 ? 'other' : word));
    const found = align(said, [...heard, 'and', 'more']);
    expect(found).toMatchObject({ units: 5600, substitutions: 56, deletions: 0, insertions: 2 });
    expect(found.alignment).toHaveLength(5602);
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

import { Script } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { patternProblem, UserPatterns } from '../../../../src/nlu/entities/user-patterns.js';
import { cpuMs } from '../../../support/time.js';

const find = (source: string, text: string) =>
  new UserPatterns([{ name: 'x', source }]).find(text).map(({ start, end }) => text.slice(start, end));

describe('regular expressions of an application', () => {
  it.each([
    ['\\d{8}', '订单 12345678 和 87654321', ['12345678', '87654321']],
    ['[A-Z]{2}\\d{4}', 'my code is ab1234', ['ab1234']],
    ['[\\u4e00-\\u9fff]{2}路\\d+号', '中山路12号', ['中山路12号']],
    ['(?P<no>\\d+)号', '😀 3号', ['3号']],
    ['(?<!\\d)\\d{4}(?!\\d)', '1234 56789 0000', ['1234', '0000']],
    ['(\\d)\\1{2}', '八 888 12', ['888']],
    ['x*', 'abc', []],
  ])('%s in "%s"', (source, text, wanted) => {
    expect(find(source, text)).toEqual(wanted);
  });

  it('a pattern that explodes in other engines takes no longer than the text', () => {
    const patterns = new UserPatterns([{ name: 'x', source: '(a+)+b|(a|aa)+c|(\\w+\\s?)*$d' }]);
    const text = 'a'.repeat(300);
    patterns.find(text);
    const search = (): void => {
      for (let round = 0; round < 5; round++) patterns.find(text);
    };
    expect(cpuMs(search) / 5).toBeLessThan(100);
  });

  it('one that needs backtracking is stopped by the clock, left out when it is the second time too, and told of once', () => {
    const slow: string[] = [];
    const patterns = new UserPatterns(
      [
        { name: 'bad', source: '(?!x)(a+)+b' },
        { name: 'good', source: '(?<!\\d)\\d{4}(?!\\d)' },
      ],
      { onTooSlow: ({ name }) => slow.push(name) },
    );
    const text = `${'a'.repeat(60)} 1234`;
    const search = (): void => {
      for (let round = 0; round < 6; round++) patterns.find(text);
    };
    expect(cpuMs(search)).toBeLessThan(2000);
    expect(slow).toEqual(['bad']);
    expect(patterns.find(text).map(({ name }) => name)).toEqual(['good']);
  });

  it('none is left out because the machine stood still once, and nothing of that utterance is lost', () => {
    const slow: string[] = [];
    const patterns = new UserPatterns(
      [
        { name: 'first', source: '(?<!\\d)\\d{4}(?!\\d)' },
        { name: 'second', source: '(\\d)\\1' },
      ],
      { onTooSlow: ({ name }) => slow.push(name) },
    );
    const names = (): string[] => patterns.find('1234 88').map(({ name }) => name);
    for (let round = 0; round < 3; round++) {
      const standstill = vi.spyOn(Script.prototype, 'runInContext').mockImplementationOnce(() => {
        throw new Error('Script execution timed out after 20ms');
      });
      expect(names()).toEqual(['first', 'second']);
      expect(standstill.mock.calls).toHaveLength(2);
      standstill.mockRestore();
    }
    expect(slow).toEqual([]);
  });

  it('what is no regular expression is told from what only one engine knows', () => {
    expect(patternProblem('([')).toBeDefined();
    expect(patternProblem('(?=a)b')).toBeUndefined();
    expect(patternProblem('(?P<n>a)')).toBeUndefined();
    expect(() => new UserPatterns([{ name: 'x', source: '([' }])).toThrow(SyntaxError);
  });
});

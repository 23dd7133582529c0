import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SensitiveFilter, SensitiveWords } from '../../../../src/nlu/sensitive/sensitive-words.js';
import { cpuMs } from '../../../support/time.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-words-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('sensitive words', () => {
  const filter = new SensitiveFilter(
    [
      ['赌博', 'gambling'],
      ['网络赌博', 'gambling'],
      ['博彩', 'gambling'],
      ['傻瓜', 'abuse'],
      ['damn', 'abuse'],
      ['bloody hell', 'abuse'],
    ].map(([word = '', category = '']) => ({ word, category })),
  );

  it('are found with their place and category, the longest of overlapping ones', () => {
    expect(filter.find('你们是网络赌博吗')).toEqual([{ word: '网络赌博', category: 'gambling', start: 3, end: 7 }]);
    expect(filter.find('赌博彩')).toHaveLength(1);
  });

  it('are found through spaces, punctuation, width and traditional characters', () => {
    const hits = filter.find('赌 博,傻*瓜');
    expect(hits.map(({ word }) => word)).toEqual(['赌博', '傻瓜']);
    expect(filter.find('ＤＡＭＮ it')).toHaveLength(1);
    expect(filter.find('bloody  hell')).toHaveLength(1);
  });

  it('in English match whole words only', () => {
    expect(filter.find('condamned')).toEqual([]);
    expect(filter.find('da mn')).toEqual([]);
  });

  it('can be masked in place', () => {
    expect(filter.mask('别赌博了')).toBe('别**了');
  });

  it('a list of 50,000 words is searched in far less than a turn takes', () => {
    const big = new SensitiveFilter(
      Array.from({ length: 50_000 }, (_, index) => ({
        word: `词${String.fromCharCode(0x4e00 + (index % 5000))}${index}`,
        category: 'x',
      })),
    );
    const search = (): void => {
      for (let round = 0; round < 200; round++) big.find('我想查一下我上周买的鞋子到哪里了订单号八七六五四三二幺');
    };
    expect(cpuMs(search) / 200).toBeLessThan(2);
  });

  it('a list that is edited or replaced takes effect while running; an unreadable one leaves the old', async () => {
    const file = join(folder, 'words.txt');
    await writeFile(file, '# comment\n赌博\tgambling\n');
    const reloads = vi.fn();
    const words = await SensitiveWords.open([file], reloads);
    try {
      expect(words.find('赌博')[0]?.category).toBe('gambling');
      await writeFile(join(folder, 'new.txt'), '彩票\n');
      await rename(join(folder, 'new.txt'), file);
      await vi.waitFor(() => expect(words.find('彩票')).toHaveLength(1), { timeout: 30_000 });
      expect(words.find('赌博')).toEqual([]);
      reloads.mockClear();
      await rm(file);
      await vi.waitFor(() => expect(reloads).toHaveBeenCalledWith({ error: expect.anything() }), { timeout: 30_000 });
      expect(words.find('彩票')).toHaveLength(1);
    } finally {
      words.close();
    }
  });

  it('a list that is not there is refused', async () => {
    await expect(SensitiveWords.open([join(folder, 'no.txt')])).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildEmailGraph } from '../../../../src/speech/grammar/email/graph.js';
import {
  EMAIL_AT,
  EMAIL_DIGITS,
  EMAIL_ENDINGS,
  EMAIL_LETTERS,
  EMAIL_PROVIDERS,
  EMAIL_SIGNS,
  EMAIL_TAIL,
  writtenEmail,
} from '../../../../src/speech/grammar/email/spoken.js';
import { loadPhoneUnits, phonesOf } from '../../../../src/speech/grammar/units.js';
import { projectRoot } from '../../../support/speech.js';
import { smallUnits } from './units.js';
import { costOf } from './walk.js';

const parts = [EMAIL_LETTERS, EMAIL_DIGITS, EMAIL_SIGNS, EMAIL_AT, EMAIL_PROVIDERS, EMAIL_ENDINGS, EMAIL_TAIL].flat();

describe('what a spoken e-mail address is made of', () => {
  it('is printed by a character that stands for nothing else', () => {
    const meanings = new Map<string, Set<string>>();
    for (const { code, written } of parts) meanings.set(code, (meanings.get(code) ?? new Set()).add(written));
    expect([...meanings].filter(([, written]) => written.size > 1)).toEqual([]);
  });

  it('has every letter and every digit', () => {
    expect([...new Set(EMAIL_LETTERS.map(({ written }) => written))].join('')).toBe('abcdefghijklmnopqrstuvwxyz');
    expect([...new Set(EMAIL_DIGITS.map(({ written }) => written))].join('')).toBe('0123456789');
  });

  it.each([
    ['幺三八特扣点姆', '138@qq.com'],
    ['我的邮箱是三五碑扣', '我的邮箱是35@qq.com'],
    ['备匙诶恩暨八八特幺二六点西欧母', 'zhang88@126.com'],
    ['喽爱线母爱恩暨特浪箱', 'li_ming@sina.com'],
    ['魅懿服佑特思匙欧屁点西恩', 'kefu@shop.cn'],
    ['诶点币杠西特鸠鸠点西欧母点西恩', 'a.b-c@qq.com.cn'],
  ])('%s is %s', (printed, written) => {
    expect(writtenEmail(printed)).toBe(written);
  });

  it.each(['', '幺三八', '幺三八特', '特扣点姆', '幺三八特扣点', '幺特诶', '我的邮箱是', '转人工', '点特扣', '特特特'])(
    '"%s" is no address',
    (printed) => {
      expect(writtenEmail(printed)).toBe('');
    },
  );
});

describe('the graph of spoken e-mail addresses', () => {
  const units = loadPhoneUnits(join(projectRoot, 'models/asr-zh-phone/units.json'));
  const graph = buildEmailGraph(units);
  if (!graph) throw new Error('the Mandarin model can not print addresses');

  /** Labels of parts, by how they are written and said. */
  const labels = (...said: readonly string[]): number[] =>
    said.flatMap((each) => {
      const part = parts.find((candidate) => candidate.said === each);
      if (!part) throw new Error(`no part is said ${each}`);
      const phones = phonesOfAll(each);
      const last = units.aliasId(part.code, phones.at(-1) ?? '') ?? -2;
      return [...phones.slice(0, -1).map((phone) => (units.phoneId(phone) ?? -2) + 1), last + 1];
    });
  const phonesOfAll = (said: string): string[] => said.split(' ').flatMap((syllable) => [...phonesOf(syllable)]);

  it('takes digits, 艾特, 扣扣 and 康姆 at no cost', () => {
    expect(costOf(graph.fst, graph.start, labels('ba1', 'yao1', 'ai4 te4', 'kou4 kou4', 'dian3', 'kang1 mu3'))).toBe(0);
  });

  it('takes letters for a little more, and a service by its name alone', () => {
    const cost = costOf(graph.fst, graph.start, labels('wei4', 'dian3', 'yi4', 'ai4 te4', 'xin1 lang4', 'you2 xiang1'));
    expect(cost).toBeGreaterThan(1);
    expect(cost).toBeLessThan(5);
  });

  it('takes no address without its sign, none without a name, and none that ends at the sign', () => {
    const whole = 5;
    expect(costOf(graph.fst, graph.start, labels('ba1', 'yao1'))).toBeGreaterThan(whole);
    expect(costOf(graph.fst, graph.start, labels('ai4 te4', 'kou4 kou4'))).toBe(Number.POSITIVE_INFINITY);
    expect(costOf(graph.fst, graph.start, labels('ba1', 'ai4 te4'))).toBeGreaterThan(whole);
  });

  it('is not made for a model that lacks the characters', () => {
    expect(buildEmailGraph(smallUnits())).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitClauses } from '../../../src/speech/clauses.js';
import { confidenceOf } from '../../../src/speech/confidence.js';
import { matchLanguage } from '../../../src/speech/language.js';
import { ANY_WORD, lexiconOf } from '../../../src/speech/lexicon.js';
import { tidyRecognized } from '../../../src/speech/text.js';
import { SEED } from '../../support/seed.js';

describe('clauses', () => {
  it('let the first clause go early and keep sentences whole after it', () => {
    expect(splitClauses('您的订单已经发货，预计明天送达，请保持电话畅通。还有什么可以帮您？')).toEqual([
      '您的订单已经发货，',
      '预计明天送达，请保持电话畅通。',
      '还有什么可以帮您？',
    ]);
  });

  it('do not leave a word or two alone at the beginning', () => {
    expect(splitClauses('好的，正在为您转接。')).toEqual(['好的，正在为您转接。']);
    expect(splitClauses('嗯。')).toEqual(['嗯。']);
  });

  it('do not cut decimals or English abbreviations', () => {
    expect(splitClauses('It costs 12.50 dollars. Anything else?')).toEqual([
      'It costs 12.50 dollars.',
      'Anything else?',
    ]);
  });

  it('lose nothing and stay short, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('好', '，', '。', ' ', 'a', '.', '？', '5', '\n'), maxLength: 400 }),
        (text) => {
          const pieces = splitClauses(text);
          expect(pieces.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
          for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(170);
        },
      ),
      { seed: SEED },
    );
  });
});

describe('lexicon', () => {
  const lexicon = lexiconOf(new Set(['您', '好', '您好', 'a', 'p', 'i', 'h', 'o', 'n', 'e', 'app', 'v']));

  it('keeps known words, spells unknown ones and leaves out what it has no sound for', () => {
    expect(lexicon.fit('您好𠮷，APP')).toBe('您好， app。');
    expect(lexicon.fit('iPhone')).toBe('i p h o n e。');
  });

  it('gives nothing for text without one known word', () => {
    for (const text of ['', '。', '2025', '😀', '𠮷𠮷', 'zzz']) expect(lexicon.fit(text)).toBe('');
    expect(ANY_WORD.fit('…')).toBe('');
    expect(ANY_WORD.fit('Hello')).toBe('Hello');
  });
});

describe('recognised text', () => {
  it('has no spaces between Chinese characters and keeps those between English words', () => {
    expect(tidyRecognized(' 转  人   工 ')).toBe('转人工');
    expect(tidyRecognized('我 要 查 ORDER  STATUS 谢 谢')).toBe('我要查ORDER STATUS谢谢');
    expect(tidyRecognized('')).toBe('');
  });

  it('is trusted less when there is too little or too much of it for the voice heard', () => {
    const of = (text: string, voicedMs: number) => confidenceOf({ text, voicedMs, logProbabilities: [] });
    expect(of('', 1000)).toBe(0);
    expect(of('我要查订单', 1200)).toBe(0.75);
    expect(of('嗯', 3000)).toBeLessThan(0.3);
    expect(of('我要查订单我要查订单', 300)).toBeLessThan(0.3);
    expect(of('对', 200)).toBe(0.75);
  });

  it('is trusted as far as the model itself does, where it says so', () => {
    expect(confidenceOf({ text: 'yes', voicedMs: 300, logProbabilities: [Math.log(0.9), Math.log(0.9)] })).toBeCloseTo(
      0.9,
    );
    expect(confidenceOf({ text: 'yes', voicedMs: 300, logProbabilities: [Number.NaN] })).toBe(0);
  });
});

describe('languages', () => {
  it('match exactly, else by the language without its region', () => {
    expect(matchLanguage('zh-CN', ['en', 'zh-CN'])).toBe('zh-CN');
    expect(matchLanguage('en-GB', ['zh-CN', 'en'])).toBe('en');
    expect(matchLanguage('zh', ['en', 'zh-CN'])).toBe('zh-CN');
    expect(matchLanguage('fr', ['en', 'zh-CN'])).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { buildPhraseGraph, DIGITS } from '../../../../src/speech/grammar/phrase-graph.js';
import { type PhoneUnits, phonesOf } from '../../../../src/speech/grammar/units.js';
import { smallUnits } from './units.js';
import { costOf } from './walk.js';

const units = smallUnits();
const BLANK = 1;

/** Frames for a word: initial, alias of the final. */
function frames(u: PhoneUnits, ...syllables: readonly (readonly [char: string, pinyin: string])[]): number[] {
  return syllables.flatMap(([char, pinyin]) => {
    const phones = phonesOf(pinyin);
    const final = (u.aliasId(char, phones.at(-1) ?? '') ?? -2) + 1;
    return phones.length === 1 ? [final] : [(u.phoneId(phones[0] ?? '') ?? -2) + 1, final];
  });
}

const order = frames(units, ['订', 'ding4'], ['单', 'dan1'], ['号', 'hao4']);
const check = frames(units, ['查', 'cha2'], ['订', 'ding4'], ['单', 'dan1']);

describe('a closed grammar', () => {
  const { fst, start } = buildPhraseGraph([{ text: '订单号' }, { text: '查订单' }, { text: '好' }], units);

  it('accepts its phrases at no cost, with blanks and repeats of labels between', () => {
    expect(costOf(fst, start, order)).toBe(0);
    expect(costOf(fst, start, [BLANK, ...order.flatMap((l) => [l, l]), BLANK, BLANK])).toBe(0);
    expect(costOf(fst, start, check)).toBe(0);
  });

  it('does not accept what is not in it', () => {
    expect(costOf(fst, start, [...order, ...check])).toBe(Number.POSITIVE_INFINITY);
    expect(costOf(fst, start, frames(units, ['号', 'hao4']))).toBe(Number.POSITIVE_INFINITY);
  });

  it('gives the beginning of a phrase as a partial result, at a price', () => {
    const begun = costOf(fst, start, order.slice(0, 4));
    expect(begun).toBeGreaterThan(5);
    expect(begun).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it('leaves out a phrase with characters the model cannot print, and says which', () => {
    const skipped: string[] = [];
    buildPhraseGraph([{ text: '好' }, { text: '龘' }, { text: 'order' }], units, {}, (text) => skipped.push(text));
    expect(skipped).toEqual(['龘', 'order']);
  });

  it('refuses a list of which nothing is left', () => {
    expect(() => buildPhraseGraph([{ text: 'hello' }], units)).toThrow(/no phrase/);
  });

  it('prefers words outside it to come out empty when it has a way for them', () => {
    const open = buildPhraseGraph([{ text: '订单号' }], units, { garbageCost: 2, garbagePhoneCost: 1.5 });
    const bare = ['ch', 'a2'].map((phone) => (units.phoneId(phone) ?? 0) + 1);
    expect(costOf(open.fst, open.start, bare)).toBeCloseTo(2 + 2 * 1.5);
    expect(costOf(open.fst, open.start, order)).toBe(0);
  });
});

describe('a grammar of digits', () => {
  const { fst, start } = buildPhraseGraph(
    [{ text: DIGITS }, { text: `订单号是${DIGITS}`, cost: 1 }, { text: `查${DIGITS}` }],
    units,
    { digitCost: 0.5 },
  );
  const digits = frames(units, ['幺', 'yao1'], ['二', 'er4'], ['八', 'ba1']);

  it('accepts any string of digits, each at its cost', () => {
    expect(costOf(fst, start, digits)).toBeCloseTo(1.5);
    expect(costOf(fst, start, [...digits, ...digits])).toBeCloseTo(3);
  });

  it('accepts the words that go before a number, and not in the middle of it', () => {
    const lead = frames(units, ['订', 'ding4'], ['单', 'dan1'], ['号', 'hao4'], ['是', 'shi4']);
    expect(costOf(fst, start, [...lead, ...digits])).toBeCloseTo(2.5);
    expect(costOf(fst, start, [...digits, ...lead])).toBe(Number.POSITIVE_INFINITY);
  });

  it('knows a digit with one phone said twice only when a blank is between, as CTC does', () => {
    const two = frames(units, ['二', 'er4']);
    expect(costOf(fst, start, [...two, ...two])).toBeCloseTo(0.5);
    expect(costOf(fst, start, [...two, BLANK, ...two])).toBeCloseTo(1);
  });

  it('refuses two numbers in one pattern', () => {
    const reasons: string[] = [];
    buildPhraseGraph([{ text: DIGITS }, { text: `${DIGITS}是${DIGITS}` }], units, {}, (_t, reason) =>
      reasons.push(reason),
    );
    expect(reasons).toEqual(['two places for digits']);
  });
});

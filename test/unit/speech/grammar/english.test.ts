import { describe, expect, it } from 'vitest';
import { sentencesOf, spokenLanguage } from '../../../../src/speech/grammar/application.js';
import { buildTextGraph } from '../../../../src/speech/grammar/build.js';
import { EnglishDictionary } from '../../../../src/speech/grammar/english/dictionary.js';
import { divideLetters } from '../../../../src/speech/grammar/english/spelling.js';
import { isEnglishDigits, spokenEnglish } from '../../../../src/speech/grammar/english/text.js';
import { buildPhraseGraph, DIGITS } from '../../../../src/speech/grammar/phrase-graph.js';
import { spellText } from '../../../../src/speech/grammar/speller.js';
import { PhoneUnits } from '../../../../src/speech/grammar/units.js';
import { costOf } from './walk.js';

const WORDS: Readonly<Record<string, readonly string[]>> = {
  where: ['W EH R'],
  is: ['IH Z'],
  my: ['M AY'],
  order: ['AO R D ER'],
  six: ['S IH K S'],
  seven: ['S EH V AH N'],
  eight: ['EY T'],
  nine: ['N AY N'],
  number: ['N AH M B ER'],
  through: ['TH R UW'],
  border: ['B AO R D ER'],
  cord: ['K AO R D'],
};
const PHONES = '<blk> AO AH AY B D DH EH ER EY IH IY JH K M N OW R S T TH UW V W Y Z'.split(' ');

/** An English model with every group of one or two letters for every phone, single letters first. */
function smallEnglish(): PhoneUnits {
  const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
  const groups = [...letters, ...Object.keys(WORDS).flatMap((w) => Array.from(w, (_, i) => w.slice(i, i + 2)))];
  const aliases = Array.from(new Set(groups)).flatMap((group) =>
    PHONES.slice(1).flatMap((phone) => [[`\u2581${group}`, phone] as const, [group, phone] as const]),
  );
  return new PhoneUnits(PHONES, aliases, (units) => new EnglishDictionary(new Map(Object.entries(WORDS)), units));
}

const units = smallEnglish();
/** Labels of the first way to say a text. */
const labels = (text: string): number[] =>
  (spellText(text, units) ?? []).flatMap((ways) => (ways[0] ?? []).map((token) => token + 1));

describe('English as it is spoken', () => {
  it.each([
    ['Where is my order?', 'where is my order'],
    ['order 4501, please', 'order four five zero one please'],
    ["I'd like to re-order", "i'd like to re order"],
    ['it\u2019s ‘late’', "it's late"],
    ['查订单', ''],
    ['costs $5', ''],
    ['version 1.5', ''],
  ])('%s is said "%s"', (written, spoken) => {
    expect(spokenEnglish(written)).toBe(spoken);
  });

  it('knows numbers that are read digit by digit', () => {
    expect(isEnglishDigits('double oh seven')).toBe(true);
    expect(isEnglishDigits('seven days')).toBe(false);
    expect(isEnglishDigits('')).toBe(false);
  });
});

describe('letters and phones', () => {
  const short = (group: string): number => group.length;

  it('divides letters among phones in order, every letter once', () => {
    const groups = divideLetters('through', ['TH', 'R', 'UW'], (g, p) =>
      'th:TH r:R ough:UW'.includes(`${g}:${p}`) ? 0 : 9,
    );
    expect(groups).toEqual(['th', 'r', 'ough']);
  });

  it('leaves the last phones silent when there are more of them than letters', () => {
    expect(divideLetters('six', ['S', 'IH', 'K', 'S'], short)).toEqual(['s', 'i', 'x', '']);
  });

  it('gives up when no division is allowed', () => {
    expect(divideLetters('through', ['TH'], short)).toBeUndefined();
    expect(divideLetters('', ['TH'], short)).toBeUndefined();
  });

  it('says a word the dictionary lacks after those it has', () => {
    expect(units.english?.readings('bord')).toEqual([['B', 'AO', 'R', 'D']]);
    expect(units.english?.has('bord')).toBe(false);
  });

  it('says the name of a letter', () => {
    expect(units.english?.readings('k')).toEqual([['K', 'EY']]);
  });

  it('says a possessive', () => {
    expect(units.english?.readings("order's")).toEqual([['AO', 'R', 'D', 'ER', 'Z']]);
  });

  it('cannot print signs that are no letters', () => {
    expect(spellText('naïve', units)).toBeUndefined();
    expect(spellText('order <x>', units)).toBeUndefined();
  });
});

describe('an English closed grammar', () => {
  const { fst, start } = buildPhraseGraph([{ text: 'where is my order' }, { text: `order number ${DIGITS}` }], units);

  it('accepts its phrases and no others', () => {
    expect(costOf(fst, start, labels('where is my order'))).toBe(0);
    expect(costOf(fst, start, labels('my order'))).toBe(Number.POSITIVE_INFINITY);
  });

  it('takes digits in their place, doubles at a price and letters at a higher one', () => {
    expect(costOf(fst, start, labels('order number six seven'))).toBe(0);
    const letter = costOf(fst, start, labels('order number six b seven'));
    expect(letter).toBeGreaterThan(3);
    expect(letter).toBeLessThan(10);
  });
});

/** The labels with the first part of the word at this place heard again behind a blank, as a voice may break. */
function broken(text: string, word: number): number[] {
  const words = (spellText(text, units) ?? []).map((ways) => (ways[0] ?? []).map((token) => token + 1));
  return words.flatMap((parts, at) => (at === word ? [parts[0] ?? 0, 1, ...parts] : parts));
}

describe('a word that breaks off and is begun again', () => {
  it('is not taken for a whole one: its first letters would be printed twice', () => {
    const grammar = buildPhraseGraph([{ text: 'where is my order' }, { text: `order number ${DIGITS}` }], units);
    expect(costOf(grammar.fst, grammar.start, broken('where is my order', 3))).toBe(Number.POSITIVE_INFINITY);
    expect(costOf(grammar.fst, grammar.start, broken('order number six nine', 3))).toBeGreaterThan(3);
    const text = buildTextGraph([{ text: 'my order', weight: 3 }], units);
    expect(costOf(text.fst, text.start, labels('my order'))).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(costOf(text.fst, text.start, broken('my order', 1))).toBe(Number.POSITIVE_INFINITY);
  });

  it('may pause between its parts, and draw them out', () => {
    const { fst, start } = buildPhraseGraph([{ text: 'my order' }], units);
    const slow = labels('my order').flatMap((label) => [label, label, 1, 1]);
    expect(costOf(fst, start, slow)).toBe(0);
    const text = buildTextGraph([{ text: 'my order', weight: 3 }], units);
    expect(costOf(text.fst, text.start, slow)).toBeCloseTo(costOf(text.fst, text.start, labels('my order')), 5);
  });
});

describe('an English general graph', () => {
  const sentences = ['where is my order', 'my order number is seven', 'is my order number six'].map((text) => ({
    text,
    weight: 3,
  }));
  const { fst, start } = buildTextGraph(sentences, units);

  it('likes sentences it was made from better than words in another order', () => {
    const seen = costOf(fst, start, labels('where is my order'));
    expect(seen).toBeLessThan(costOf(fst, start, labels('order my is where')));
    expect(seen).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it('says which sentences hold a word that the model cannot print', () => {
    const skipped: string[] = [];
    buildTextGraph([...sentences, { text: 'my naïve order', weight: 1 }], units, undefined, {}, (text) =>
      skipped.push(text),
    );
    expect(skipped).toEqual(['my naïve order']);
  });
});

describe('an English application', () => {
  const text = 'track order 87654321 please';
  const app = {
    examples: [{ text, intent: 'order_status', entities: [{ entity: 'order_number', start: 12, end: 20 }] }],
    lookups: [{ name: 'product', values: ['shoes', '鞋'] }],
    responses: ['Your order {number} is on its way.', '您的订单'],
  };

  it('gives its English sentences, with other numbers of the same length, and leaves Chinese out', () => {
    const all = sentencesOf(app, spokenLanguage('en')).map((s) => s.text);
    expect(all).toContain('track order eight seven six five four three two one please');
    expect(all).toContain('shoes');
    expect(all).toContain('your order');
    expect(all.every((s) => /^[a-z' ]+$/.test(s))).toBe(true);
    expect(all.filter((s) => s.startsWith('track order')).every((s) => s.split(' ').length === 11)).toBe(true);
  });
});

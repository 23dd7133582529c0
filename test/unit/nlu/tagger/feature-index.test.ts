import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/nlu/random.js';
import { FeatureIndex } from '../../../../src/nlu/tagger/feature-index.js';
import { Phrases, tokenFeatures } from '../../../../src/nlu/tagger/features.js';
import { tokenize } from '../../../../src/nlu/tagger/tokens.js';

const WORDS =
  'fly from to paris new york 我 要 从 到 退 鞋 12 sf1029 a|b | b|c <s> </s> please, ( st. 〇 😀 at by - xl'.split(' ');

describe('features found by number', () => {
  const random = seededRandom(5);
  const pick = () => WORDS[Math.floor(random() * WORDS.length)] ?? '';
  const text = () => Array.from({ length: 1 + Math.floor(random() * 14) }, pick).join(random() < 0.5 ? ' ' : '');
  const phrases = new Phrases({ 'new york': ['city'], 鞋: ['product', 'thing'], 'a|b b|c': ['odd'], '退 鞋': ['act'] });
  const named = (said: string) => {
    const tokens = tokenize(said);
    const found = phrases.match(tokens);
    return { tokens, found, names: tokens.map((_, at) => tokenFeatures(tokens, at, found)) };
  };
  // Every third feature is left out, as the trainer leaves out the rare ones.
  const learned = new Set(Array.from({ length: 200 }, text).flatMap((said) => named(said).names.flat()));
  const features = [...learned].filter((_, index) => index % 3 !== 0);
  const numbers = new Map(features.map((feature, id) => [feature, id]));
  const index = new FeatureIndex(features);

  it('are those that have the names, in the order of the names', () => {
    for (let round = 0; round < 400; round++) {
      const { tokens, found, names } = named(text());
      const expected = names.map((own) => own.map((name) => numbers.get(name)).filter((id) => id !== undefined));
      expect(index.find(tokens, found)).toEqual(expected);
    }
  });
});

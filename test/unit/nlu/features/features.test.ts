import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainText } from '../../../../src/nlu/entities/plain.js';
import { DEFAULT_NGRAMS, type NgramOptions, ngrams } from '../../../../src/nlu/features/ngrams.js';
import { normalizeText, toSimplified } from '../../../../src/nlu/features/normalize.js';
import { Vectorizer } from '../../../../src/nlu/features/vectorizer.js';
import { SEED } from '../../../support/seed.js';

const PIECES =
  '我想 查一下 訂單 订单 了 呢 〇 一二三四 l2 what is my order ORDER don’t three five six 2026 ? ！ ，  ａＢ１ ﬁ é é 　 \u200b \t 😀 \u3400 ` ´ ~ {} 囧 ロ'.split(
    ' ',
  );
const text = fc.oneof(
  fc.array(fc.constantFrom(...PIECES, ' '), { maxLength: 12 }).map((list) => list.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
/** Texts of a run: the same ones each time. */
const many = { numRuns: 1500, seed: SEED };

describe('the form in which texts are compared', () => {
  it('is the same for a text that is taken as it is', () => {
    const whole = (said: string) =>
      toSimplified(said.normalize('NFKC').toLowerCase())
        .replace(/[\u2018\u2019\u02bc`´]/g, "'")
        .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
        .trim();
    for (let code = 0; code < 0x10000; code++) {
      const said = String.fromCharCode(code);
      expect(normalizeText(said), `U+${code.toString(16)}`).toBe(whole(said));
    }
    fc.assert(
      fc.property(text, (said) => {
        expect(normalizeText(said)).toBe(whole(said));
      }),
      many,
    );
  });
});

describe('the plain form of a text', () => {
  it('has each character in its place, whatever stands around it', () => {
    fc.assert(
      fc.property(text, (said) => {
        expect(plainText(said)).toBe(said.split('').map(plainText).join(''));
        expect(plainText(said)).toHaveLength(said.length);
      }),
      many,
    );
    expect(plainText('ＡB訂單　’é\u0000😀')).toBe("ab订单 'é\u0000😀");
  });
});

describe('the vector of a text', () => {
  const orders: NgramOptions[] = [
    DEFAULT_NGRAMS,
    { ...DEFAULT_NGRAMS, hanChars: [2, 3], pinyin: [1, 0], words: [1, 1], wordChars: [3, 3] },
  ];

  it.each(orders)('holds the n-grams that the vocabulary knows, in the order of the text (%#)', (options) => {
    const training = fc.sample(text, { numRuns: 200, seed: SEED + 1 });
    const vectorizer = Vectorizer.fit(training, options, 2);
    const numbers = new Map(vectorizer.data.features.map((feature, id) => [feature, id]));
    fc.assert(
      fc.property(text, (said) => {
        const counts = new Map<number, number>();
        let seen = 0;
        let known = 0;
        ngrams(said, options, (_family, feature) => {
          seen++;
          const id = numbers.get(feature);
          if (id === undefined) return;
          known++;
          counts.set(id, (counts.get(id) ?? 0) + 1);
        });
        const vector = vectorizer.transform(said);
        expect([...vector.ids]).toEqual([...counts.keys()]);
        expect(vector.coverage).toBe(seen === 0 ? 1 : known / seen);
        // Said once more, nothing is left of the first time.
        expect(vectorizer.transform(said)).toEqual(vector);
      }),
      many,
    );
  });
});

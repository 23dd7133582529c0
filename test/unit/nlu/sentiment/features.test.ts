import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hanKey, hanKeys, sentimentFeatures } from '../../../../src/nlu/sentiment/features.js';
import { SEED } from '../../../support/seed.js';

it('the features of a text by number are those by name, each once and in the same order', () => {
  const text = fc.array(fc.constantFrom(...'你们太差了訂单不好〇 ，aＢ1😀\u3400\u9fff'), { maxLength: 14 });
  fc.assert(
    fc.property(text, (pieces) => {
      const said = pieces.join('');
      expect([...hanKeys(said)]).toEqual([...new Set(sentimentFeatures(said))].map(hanKey));
    }),
    { numRuns: 2000, seed: SEED },
  );
  // Different features never share a number.
  const names = [...new Set(sentimentFeatures('你们太差了不好好不了差太们你'))];
  expect(new Set(names.map(hanKey)).size).toBe(names.length);
});

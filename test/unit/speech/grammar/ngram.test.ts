import { describe, expect, it } from 'vitest';
import { buildTextGraph } from '../../../../src/speech/grammar/build.js';
import { historyOf, NgramModel } from '../../../../src/speech/grammar/ngram.js';
import { phonesOf } from '../../../../src/speech/grammar/units.js';
import { smallUnits } from './units.js';
import { costOf } from './walk.js';

const sentences = ['查订单', '查订单', '订单号', '订单号是四'].map((text) => ({ chars: Array.from(text), weight: 1 }));
const model = NgramModel.train(sentences, () => true);

describe('the character trigram model', () => {
  it('gives each history probabilities that sum to one over all characters', () => {
    for (const history of ['', historyOf('订'), historyOf('订', '单'), historyOf('<s>'), historyOf('<s>', '查')]) {
      const sum = model.characters.reduce((total, char) => total + model.probability(history, char), 0);
      expect(sum).toBeGreaterThan(0.97);
      expect(sum).toBeLessThan(1.001);
    }
  });

  it('finds a continuation it has seen likelier than one it has not', () => {
    expect(model.probability(historyOf('订', '单'), '号')).toBeGreaterThan(
      model.probability(historyOf('订', '单'), '查'),
    );
  });

  it('adds to the counts of a base text', () => {
    const base = [
      ['四', 50],
      [historyOf('是', '四'), 50],
    ] as const;
    const richer = NgramModel.train(sentences, () => true, {}, base);
    expect(richer.probability('', '四')).toBeGreaterThan(model.probability('', '四'));
  });
});

describe('a text graph', () => {
  const units = smallUnits();
  const { fst, start } = buildTextGraph(
    [
      { text: '查订单', weight: 5 },
      { text: '订单号是四', weight: 5 },
    ],
    units,
  );
  const frames = (...syllables: readonly (readonly [string, string])[]): number[] =>
    syllables.flatMap(([char, pinyin]) => {
      const [initial, final] = phonesOf(pinyin);
      return [(units.phoneId(initial ?? '') ?? -2) + 1, (units.aliasId(char, final ?? '') ?? -2) + 1];
    });

  it('accepts sentences it was not given, at a higher cost', () => {
    const known = costOf(fst, start, frames(['查', 'cha2'], ['订', 'ding4'], ['单', 'dan1']));
    const other = costOf(fst, start, frames(['单', 'dan1'], ['查', 'cha2'], ['号', 'hao4']));
    expect(known).toBeLessThan(other);
    expect(other).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it('lets every moment be the end', () => {
    for (let n = 0; n <= 6; n++) {
      expect(costOf(fst, start, frames(['查', 'cha2'], ['订', 'ding4'], ['单', 'dan1']).slice(0, n))).toBeLessThan(
        Number.POSITIVE_INFINITY,
      );
    }
  });

  it('is the same file when built again', () => {
    const again = buildTextGraph(
      [
        { text: '查订单', weight: 5 },
        { text: '订单号是四', weight: 5 },
      ],
      units,
    );
    expect(again.fst.toBuffer(again.start).equals(fst.toBuffer(start))).toBe(true);
  });
});

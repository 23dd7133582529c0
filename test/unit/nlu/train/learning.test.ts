import { describe, expect, it } from 'vitest';
import { coarsen, coarsePinyin } from '../../../../src/nlu/features/pinyin.js';
import { seededRandom } from '../../../../src/nlu/random.js';
import { calibrationError, fitCalibration, probabilities } from '../../../../src/nlu/train/calibrate.js';
import { garble } from '../../../../src/nlu/train/noise.js';
import { fitScope, scopeScore } from '../../../../src/nlu/train/scope.js';
import { DEFAULT_SVM, scoreAll, stackRows, trainSvm } from '../../../../src/nlu/train/svm.js';

const vector = (...ids: number[]) => ({
  ids: Int32Array.from(ids),
  values: new Float32Array(ids.length).fill(1 / Math.sqrt(ids.length)),
});

describe('the linear model', () => {
  it('separates what can be separated, and the right label has the best margin', () => {
    const rows = [vector(0, 1), vector(0, 2), vector(3, 4), vector(3, 5), vector(6, 7), vector(6, 8)];
    const labels = Int32Array.from([0, 0, 1, 1, 2, 2]);
    const model = trainSvm(stackRows(rows, 9), labels, 3, DEFAULT_SVM);
    rows.forEach((row, index) => {
      const scores = scoreAll(model, row);
      expect(scores.indexOf(Math.max(...scores))).toBe(labels[index]);
    });
    // A row nobody saw, with one known feature.
    const scores = scoreAll(model, vector(3));
    expect(scores.indexOf(Math.max(...scores))).toBe(1);
  });
});

describe('calibration', () => {
  it('brings overconfident and underconfident scores near to the truth', () => {
    const random = seededRandom(5);
    // Scores whose true temperature is 1, handed in five times too small.
    const rows = Array.from({ length: 3000 }, () => {
      const z = [random() * 4, random() * 4, random() * 4];
      const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
      let pick = random() * total;
      const label = z.findIndex((value) => {
        pick -= Math.exp(value);
        return pick <= 0;
      });
      return { margins: Float32Array.from(z, (value) => value / 5), logits: undefined, label };
    });
    const fitted = fitCalibration(rows);
    expect(fitted.svm).toBeGreaterThan(4);
    expect(fitted.svm).toBeLessThan(6);
    const judge = (svm: number) =>
      calibrationError(
        rows.map(({ margins, label }) => {
          const p = probabilities({ svm, net: 0 }, margins, undefined);
          const best = p.indexOf(Math.max(...p));
          return { confidence: p[best] ?? 0, right: best === label };
        }),
      );
    expect(judge(fitted.svm)).toBeLessThan(0.03);
    expect(judge(fitted.svm)).toBeLessThan(judge(1));
    expect(judge(fitted.svm)).toBeLessThan(judge(20));
  });
});

describe('the out-of-scope threshold', () => {
  it('costs no more right answers than was allowed and rejects what lies outside', () => {
    const random = seededRandom(9);
    const examples = Array.from({ length: 1000 }, (_, index) => {
      const inScope = index % 2 === 0;
      const centre = inScope ? 0.6 : -0.4;
      return { features: [centre + (random() - 0.5), random()], inScope, right: inScope, weight: 1 };
    });
    const model = fitScope(examples, 0.03);
    const accepted = (example: (typeof examples)[number]) => scopeScore(model, example.features) >= model.threshold;
    const lost = examples.filter((example) => example.inScope && !accepted(example)).length;
    const caught = examples.filter((example) => !example.inScope && !accepted(example)).length;
    expect(lost).toBeLessThanOrEqual(15);
    expect(caught).toBeGreaterThan(400);
  });
});

describe('sounds', () => {
  it.each([
    ['zhang', 'zan'],
    ['zan', 'zan'],
    ['shi', 'si'],
    ['niu', 'liu'],
    ['lin', 'lin'],
    ['ling', 'lin'],
    ['feng', 'fen'],
    ['ng', 'ng'],
  ])('%s sounds like %s', (syllable, coarse) => {
    expect(coarsen(syllable)).toBe(coarse);
  });

  it('errors made for training sound like what was said and leave everything else', () => {
    const text = '我要查订单 order 87';
    const garbled = garble(text, 1, seededRandom(2));
    expect(garbled).toHaveLength(text.length);
    expect(garbled.endsWith(' order 87')).toBe(true);
    expect(garbled).not.toBe(text);
    for (let at = 0; at < 5; at++) expect(coarsePinyin(garbled[at] ?? '')).toBe(coarsePinyin(text[at] ?? ''));
    expect(garble(text, 0, seededRandom(2))).toBe(text);
  });
});

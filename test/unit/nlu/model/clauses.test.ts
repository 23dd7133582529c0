import { describe, expect, it } from 'vitest';
import { splitClauses } from '../../../../src/nlu/model/clauses.js';

describe('wishes joined in one utterance', () => {
  it.each([
    ['我要退货另外开个发票', ['我要退货', '开个发票']],
    ['打我另外一个号码吧', ['打我另外一个号码吧']],
    ['查一下另外那单', ['查一下另外那单']],
    ['查到哪了 另外那个耳机我想退', ['查到哪了', '那个耳机我想退']],
  ])('are parted at a word that adds one, not at one that names another thing: %s', (text, parts) => {
    expect(splitClauses(text).map((clause) => clause.text)).toEqual(parts);
  });
});

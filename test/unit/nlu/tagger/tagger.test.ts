import { describe, expect, it } from 'vitest';
import { readRasaNlu } from '../../../../src/nlu/corpus/rasa.js';
import { Tagger } from '../../../../src/nlu/tagger/tagger.js';
import { tokenize } from '../../../../src/nlu/tagger/tokens.js';
import { trainTagger } from '../../../../src/nlu/tagger/train.js';

const cities = ['Paris', 'Rome', 'Oslo', 'Berlin', 'Madrid', 'Vienna'];
const pairs = cities.flatMap((from) => cities.filter((to) => to !== from).map((to) => [from, to] as const));
const annotated = (name: string, role: string) => `[${name}]{"entity": "city", "role": "${role}"}`;
const lines = pairs.map(([from, to], index) =>
  index % 2 === 0
    ? `fly from ${annotated(from, 'departure')} to ${annotated(to, 'destination')}`
    : `to ${annotated(to, 'destination')} from ${annotated(from, 'departure')} please`,
);
const toppings = ['ham', 'olives', 'cheese', 'mushrooms'];
const pizzas = toppings.flatMap((a) =>
  toppings.map(
    (b) =>
      `one pizza with [${a}]{"entity": "topping", "group": "1"} and another with [${b}]{"entity": "topping", "group": "2"}`,
  ),
);
const data = readRasaNlu(
  `nlu:\n- intent: fly\n  examples: |\n${lines.map((line) => `    - ${line}`).join('\n')}\n- intent: eat\n  examples: |\n${pizzas.map((line) => `    - ${line}`).join('\n')}\n`,
  'f.yml',
);

describe('the trained tagger', () => {
  const trained = trainTagger(data, { seed: 1 });
  const tagger = trained && new Tagger(trained);

  it('tells roles apart by context, for names it never saw', () => {
    const found = tagger?.tag('fly from Lisbon to Athens').map(({ text, role }) => [text, role]);
    expect(found).toEqual([
      ['Lisbon', 'departure'],
      ['Athens', 'destination'],
    ]);
  });

  it('tells groups apart', () => {
    expect(tagger?.tag('one pizza with onions and another with ham').map(({ text, group }) => [text, group])).toEqual([
      ['onions', '1'],
      ['ham', '2'],
    ]);
  });

  it('is the same for the same data and seed', () => {
    expect(trainTagger(data, { seed: 1 })).toEqual(trained);
  });

  it('is not trained on too few annotations, nor on what built-in extractors read', () => {
    const few = readRasaNlu('nlu:\n- intent: a\n  examples: |\n    - go to [Rome](city)\n', 'f');
    expect(trainTagger(few)).toBeUndefined();
    const dates = readRasaNlu(
      `nlu:\n- intent: a\n  examples: |\n${Array.from({ length: 9 }, (_, i) => `    - on [day ${i}](date)`).join('\n')}\n`,
      'f',
    );
    expect(trainTagger(dates)).toBeUndefined();
  });

  it('splits Han characters, words and punctuation with their places', () => {
    expect(tokenize('我要iPhone, 2台!').map(({ text, start, end }) => [text, start, end])).toEqual([
      ['我', 0, 1],
      ['要', 1, 2],
      ['iphone', 2, 8],
      [',', 8, 9],
      ['2', 10, 11],
      ['台', 11, 12],
      ['!', 12, 13],
    ]);
  });
});

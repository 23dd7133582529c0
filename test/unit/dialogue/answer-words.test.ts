import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AnswerWords } from '../../../src/dialogue/answer-words.js';
import { loadValidApplication } from '../../../src/dialogue/app/load.js';

const DOMAIN = `
version: "3.1"
intents: [inform]
entities: [city, digits]
slots:
  city:
    type: text
    mappings: [{ type: from_entity, entity: city }]
  reason:
    type: categorical
    values: [faulty, late]
    mappings: [{ type: custom }]
  order_number:
    type: text
    mappings: [{ type: from_entity, entity: digits }]
    voice: { type: order_number, length: [4, 8] }
  known_orders: { type: list, mappings: [{ type: custom }], voice: { type: order_number } }
  code:
    type: text
    mappings: [{ type: from_entity, entity: digits }]
    voice: { type: pin, length: 4 }
  known_code: { type: text, mappings: [{ type: custom }], voice: { type: pin } }
responses:
  utter_greet: [{ text: hi }]
`;
const NLU = `
version: "3.1"
nlu:
  - intent: inform
    examples: |
      - 我在[北京](city)
      - 上海
  - lookup: city
    examples: |
      - 北京
      - 上海
  - synonym: faulty
    examples: |
      - 坏了
      - 有毛病
`;

let folder: string;
let words: AnswerWords;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-words-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'domain.yml'), DOMAIN);
  writeFileSync(join(folder, 'nlu.yml'), NLU);
  words = new AnswerWords(await loadValidApplication(folder), { warn: () => {} });
  await words.ready;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what an answer may be', () => {
  it('is what the slot has a look-up table for', () => {
    expect(words.of({ slot: 'city', type: 'text' }, {})).toEqual({ words: ['北京', '上海'], numbers: [] });
  });

  it('is one of the choices, and what is said for them', () => {
    expect(words.of({ slot: 'reason', type: 'text' }, {}).words).toEqual(['faulty', 'late', '坏了', '有毛病']);
  });

  it('is a number known of this caller, whole or its last digits', () => {
    const slots = { known_orders: ['20250415', '20260788', 'none'], order_number: '11112222', known_code: '1234' };
    expect(words.of({ slot: 'order_number', type: 'order_number', minLength: 4, maxLength: 8 }, slots).numbers).toEqual(
      ['0415', '20250415', '0788', '20260788'],
    );
  });

  it('is never told for a code that says who somebody is, for yes and no, and for an open question', () => {
    const nothing = { words: [], numbers: [] };
    expect(words.of({ slot: 'code', type: 'pin' }, { known_code: '1234' })).toEqual(nothing);
    expect(words.of({ slot: 'city', type: 'confirm', maxLength: 1 }, {})).toEqual(nothing);
    expect(words.of({ type: 'open' }, {})).toEqual(nothing);
  });
});

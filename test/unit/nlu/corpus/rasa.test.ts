import { describe, expect, it } from 'vitest';
import { HearkenError } from '../../../../src/errors.js';
import { readAnnotated } from '../../../../src/nlu/corpus/annotation.js';
import { readRasaNlu } from '../../../../src/nlu/corpus/rasa.js';
import { readCsv, readJsonLines, readTokenLines, readTsv } from '../../../../src/nlu/corpus/tables.js';

function failure(work: () => unknown): HearkenError {
  try {
    work();
  } catch (error) {
    if (error instanceof HearkenError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('Rasa training files', () => {
  it('a 3.1 file gives examples, synonyms, regexes and lookups with their lines', () => {
    const data = readRasaNlu(
      [
        'version: "3.1"',
        'nlu:',
        '- intent: greet',
        '  examples: |',
        '    - hello',
        '    - hi [Bob](name)',
        '- intent: faq/ask_price',
        '  examples:',
        '  - text: |',
        '      what does it cost',
        '    metadata: {sentiment: neutral}',
        '  - how much',
        '- synonym: New York',
        '  examples: |',
        '    - NYC',
        '- regex: zip',
        '  examples: |',
        '    - \\d{5}',
        '- lookup: city',
        '  examples: |',
        '    - Boston',
        'rules:',
        '- rule: not ours',
      ].join('\n'),
      'nlu.yml',
    );
    expect(data.examples.map(({ text, intent, line }) => [text, intent, line])).toEqual([
      ['hello', 'greet', 5],
      ['hi Bob', 'greet', 6],
      ['what does it cost', 'faq/ask_price', 9],
      ['how much', 'faq/ask_price', 12],
    ]);
    expect(data.synonyms).toEqual({ nyc: 'New York' });
    expect(data.regexes).toEqual([{ name: 'zip', values: ['\\d{5}'] }]);
    expect(data.lookups).toEqual([{ name: 'city', values: ['Boston'] }]);
  });

  it('a 2.0 file reads the same and an unknown version is only a warning', () => {
    const source = 'version: "2.0"\nnlu:\n- intent: a\n  examples: |\n    - x\n';
    expect(readRasaNlu(source, 'f').warnings).toEqual([]);
    expect(readRasaNlu(source.replace('2.0', '9'), 'f').warnings).toHaveLength(1);
  });

  it('every form of annotation is read, with role, group and value', () => {
    const { text, entities } = readAnnotated(
      'from [Paris](city:PAR) to [Rome]{"entity": "city", "role": "to", "group": "1", "value": "ROM"} [now]',
    );
    expect(text).toBe('from Paris to Rome [now]');
    expect(entities).toEqual([
      { entity: 'city', value: 'PAR', start: 5, end: 10 },
      { entity: 'city', role: 'to', group: '1', value: 'ROM', start: 14, end: 18 },
    ]);
  });

  it.each([
    ['an annotation whose bracket never closes', '    - fly to [Rome(city)', 14],
    ['an annotation whose name never closes', '    - fly to [Rome](city', 20],
    ['properties that never close', '    - fly to [Rome]{"entity": "city"', 20],
    ['properties that are not JSON', '    - fly to [Rome]{entity}', 20],
  ])('%s is told with file, line, column and what was expected', (_name, line, column) => {
    const error = failure(() => readRasaNlu(`nlu:\n- intent: go\n  examples: |\n    - home\n${line}\n`, 'my.yml'));
    expect(error.code).toBe('TRAINING_DATA_INVALID');
    expect(error.data).toMatchObject({ file: 'my.yml', line: 5, column });
    expect(error.message).toContain(`my.yml:5:${column}`);
    expect(error.message).toContain('expected');
  });

  it('broken YAML is told with its place', () => {
    const error = failure(() => readRasaNlu('nlu:\n- intent: "go\n  examples: |\n    - x\n', 'bad.yml'));
    expect(error.message).toMatch(/^bad\.yml:\d+:\d+: the YAML is broken/);
  });

  it('an intent without examples is told with its line', () => {
    const error = failure(() => readRasaNlu('nlu:\n- intent: a\n  examples: |\n    - x\n- intent: b\n', 'f.yml'));
    expect(error.message).toContain('f.yml:5:3: intent "b" has no examples');
  });

  it('a pattern that is no regular expression is refused', () => {
    const error = failure(() => readRasaNlu('nlu:\n- regex: r\n  examples: |\n    - "(["\n    - ([\n', 'f.yml'));
    expect(error.code).toBe('TRAINING_DATA_INVALID');
  });
});

describe('tables', () => {
  it('TSV with BIO tags gives spans, and plain TSV gives texts', () => {
    const { examples } = readTsv('fly to new york\tO O B-city I-city\tbook\nhello\tgreet\n', 'f.tsv');
    expect(examples[0]).toMatchObject({ intent: 'book', entities: [{ entity: 'city', start: 7, end: 15 }] });
    expect(examples[1]).toMatchObject({ text: 'hello', intent: 'greet' });
  });

  it('a line with no tab is told', () => {
    expect(failure(() => readTsv('a\tb\nc\n', 'f.tsv')).message).toContain('f.tsv:2:1');
  });

  it('CSV cells may be quoted and hold commas and line breaks', () => {
    const { examples } = readCsv('text,category\n"a, ""b""\nc",x\nd,y\n', 'f.csv');
    expect(examples.map(({ text, intent }) => [text, intent])).toEqual([
      ['a, "b"\nc', 'x'],
      ['d', 'y'],
    ]);
  });

  it('JSON lines and token files are read', () => {
    expect(readJsonLines('{"text":"看天气","domain":"weather","intent":"query"}', 'f').examples[0]?.intent).toBe(
      'weather/query',
    );
    const [example] = readTokenLines('放 O\n晴 B-song\n天 E-song\n', 'f').examples;
    expect(example).toMatchObject({ text: '放晴天', entities: [{ entity: 'song', start: 1, end: 3 }] });
  });
});

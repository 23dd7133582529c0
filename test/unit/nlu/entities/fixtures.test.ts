import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { extractEntities } from '../../../../src/nlu/entities/extract.js';
import { formatEntities } from './format.js';

const folder = new URL('../../../fixtures/entities/', import.meta.url);

describe.each(['zh', 'en'])('what callers say (%s)', (language) => {
  const lines = readFileSync(new URL(`${language}.tsv`, folder), 'utf8').split('\n');
  const header = lines.find((line) => line.startsWith('# now=')) ?? '';
  const nowMs = Date.parse(/now=(\S+)/.exec(header)?.[1] ?? '');
  const timeZone = /zone=(\S+)/.exec(header)?.[1] ?? '';
  const rows = lines.filter((line) => line.trim() !== '' && !line.startsWith('#')).map((line) => line.split('\t'));

  it('there are at least 300 utterances', () => {
    expect(rows.length).toBeGreaterThanOrEqual(300);
    expect(new Set(rows.map(([text, slot]) => `${text}\t${slot}`)).size).toBe(rows.length);
  });

  it('every utterance is read exactly as a person would', () => {
    const wrong = rows.flatMap(([text = '', slot = '-', wanted = '']) => {
      const entities = extractEntities(text, { ...(slot === '-' ? {} : { expectedSlot: slot }), nowMs, timeZone });
      const got = formatEntities(entities);
      return got === wanted ? [] : [`${text} [${slot}]: wanted ${wanted}, got ${got}`];
    });
    expect(wrong).toEqual([]);
  });

  it('each span holds the words it says it holds', () => {
    for (const [text = '', slot = '-'] of rows) {
      const entities = extractEntities(text, { ...(slot === '-' ? {} : { expectedSlot: slot }), nowMs, timeZone });
      let last = 0;
      for (const entity of entities) {
        expect(text.slice(entity.start, entity.end)).toBe(entity.text);
        expect(entity.start).toBeGreaterThanOrEqual(last);
        last = entity.end;
      }
    }
  });
});

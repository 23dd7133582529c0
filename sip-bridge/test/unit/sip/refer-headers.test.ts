import { describe, expect, it } from 'vitest';
import { fitHeaders } from '../../../src/sip/refer-headers.js';

const SUMMARY = encodeURIComponent('来电者想退回上周买的电话，已核实身份。'.repeat(6));
const SLOTS = encodeURIComponent(
  JSON.stringify(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`slot${n}`, `价值 ${n}`]))),
);
const HEADERS = {
  'X-Hearken-Session': 'abc',
  'X-Hearken-Reason': 'asked',
  'X-Hearken-Summary': SUMMARY,
  'X-Hearken-Slots': SLOTS,
};

function read(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
}

describe('headers of a transfer', () => {
  it('are whole where there is room', () => {
    expect(fitHeaders(HEADERS, Number.POSITIVE_INFINITY)).toEqual({
      lines: Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`),
      cut: [],
    });
  });

  it.each(Array.from({ length: 60 }, (_, n) => n * 40))('fit in %i bytes and can still be read', (budget) => {
    const { lines, cut } = fitHeaders(HEADERS, budget);
    expect(lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 2, 0)).toBeLessThanOrEqual(budget);
    const got = read(lines);
    const summary = decodeURIComponent(got['X-Hearken-Summary'] ?? '');
    expect(decodeURIComponent(SUMMARY).startsWith(summary)).toBe(true);
    const slots: unknown = JSON.parse(decodeURIComponent(got['X-Hearken-Slots'] ?? '{}'));
    expect(JSON.parse(decodeURIComponent(SLOTS))).toMatchObject(slots as object);
    for (const [name, value] of Object.entries(HEADERS)) expect(cut.includes(name)).toBe(got[name] !== value);
    if (budget >= 80) expect(got).toMatchObject({ 'X-Hearken-Session': 'abc', 'X-Hearken-Reason': 'asked' });
    if (budget >= 520) expect(summary.length * Object.keys(slots as object).length).toBeGreaterThan(0);
  });

  it('never bring line breaks along, and slots that are no JSON are left out rather than broken', () => {
    expect(fitHeaders({ 'X-A': 'a\r\nRoute: evil' }, 100).lines).toEqual(['X-A: a Route: evil']);
    expect(fitHeaders({ 'X-Hearken-Slots': '%7B%22a%22%3A'.repeat(20) }, 100)).toEqual({
      lines: [],
      cut: ['X-Hearken-Slots'],
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GrownJson, writeJson } from '../../../src/store/grown-json.js';
import { frozenCopy, KeptValue } from '../../../src/store/kept-value.js';

const textOf = (json: GrownJson): string => json.bytes.toString('utf8');
const event = (n: number) => frozenCopy({ event: 'bot', text: `第${n}句 "好"\n😀`, atMs: n });
const conversation = (from: number, to: number) =>
  frozenCopy({
    schema: 1,
    state: { language: 'zh-CN', slots: { name: '李' } },
    events: Array.from({ length: to - from }, (_, n) => ({ n: from + n, text: `第${from + n}句` })),
    memory: {},
  });

describe('the JSON of a value that has grown', () => {
  it('is what JSON.stringify makes of it, whatever was there before', () => {
    const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null));
    const element = fc.oneof(leaf, fc.dictionary(fc.string(), leaf, { maxKeys: 3 }));
    const list = fc.array(element, { maxLength: 9 });
    const steps = fc.array(fc.record({ drop: fc.nat(4), insert: fc.nat(9), add: list, other: fc.array(element) }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.string(), steps, (name, changes) => {
        let before: GrownJson | undefined;
        let kept: readonly unknown[] = [];
        for (const { drop, insert, add, other } of changes) {
          const left = kept.slice(drop);
          const value = frozenCopy({
            [name]: [...left.slice(0, insert), ...add, ...left.slice(insert)],
            other,
            last: 1,
          });
          before = writeJson(value, before);
          expect(textOf(before)).toBe(JSON.stringify(value));
          kept = (value as Record<string, readonly unknown[]>)[name] ?? [];
        }
      }),
      { numRuns: 100 },
    );
  });

  it('takes what is still the same from there', () => {
    const events = Array.from({ length: 40 }, (_, n) => event(n));
    const first = writeJson(frozenCopy({ events }));
    // What was written is marked, to be seen again.
    first.bytes.set(Buffer.from('BOT'), first.bytes.lastIndexOf('bot'));
    const second = writeJson(frozenCopy({ events: [...events.slice(3), event(40), event(41)] }), first);
    expect(textOf(second)).toContain('"BOT"');
    expect(JSON.parse(textOf(second)).events.map(({ atMs }: { atMs: number }) => atMs)).toEqual(
      Array.from({ length: 39 }, (_, n) => n + 3),
    );
  });

  it('has room for values of any size, one after the other', () => {
    for (const length of [3, 60_000, 400_000, 5]) {
      const value = frozenCopy({
        first: '好'.repeat(length),
        list: ['a', 'b', 'c', 'd'.repeat(length), '😀'],
        last: length,
      });
      expect(textOf(writeJson(value)) === JSON.stringify(value), `${length} signs`).toBe(true);
    }
  });

  it('knows values without members too', () => {
    for (const value of [null, 1, 'a', [], [1, 2, 3, 4, 5], {}, { a: [] }])
      expect(textOf(writeJson(value))).toBe(JSON.stringify(value));
  });
});

describe('a kept value', () => {
  it('grows, is folded, and grows again without losing anything', () => {
    let kept: KeptValue<unknown> = KeptValue.of(conversation(0, 10));
    for (let turn = 1; turn < 30; turn++) {
      if (turn % 7 === 0) kept.fold();
      const { events } = kept.value as ReturnType<typeof conversation>;
      const next = conversation(turn, turn + 10);
      const grown = { ...next, events: [...events.slice(1), next.events.at(-1)] };
      kept = kept.grown(grown);
      expect(kept.value).toEqual(grown);
      expect(kept.json.toString()).toBe(JSON.stringify(next));
    }
  });
});

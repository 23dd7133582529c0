import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frozenCopy } from '../../../src/store/frozen-copy.js';
import { type Change, changed, grownFrom } from '../../../src/store/json-change.js';

const names = fc.oneof(fc.constantFrom('a', 'b', 'c', '1', '__proto__', 'list', 'set', 'in', 'gone'), fc.string());
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 6 }).map((members) => Object.fromEntries(members)),
  ),
}));

/** Another value with parts of the first one, as they are, moved, changed, gone, and others between them. */
function reworked(value: unknown, dice: () => number): unknown {
  if (typeof value !== 'object' || value === null || dice() < 0.3) return value;
  const parts = Object.entries(value)
    .filter(() => dice() > 0.2)
    .map(([name, part]): [string, unknown] => [name, dice() < 0.5 ? part : reworked(part, dice)]);
  if (dice() < 0.3) parts.splice(Math.floor(dice() * (parts.length + 1)), 0, [`new${dice()}`, [dice()]]);
  const given = parts[Math.floor(dice() * parts.length)];
  // What JSON has no word for.
  if (given !== undefined && dice() < 0.2) given[1] = dice() < 0.5 ? undefined : Number.NaN;
  if (dice() < 0.1) parts.reverse();
  return Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts);
}

const changeOf = (before: unknown, after: unknown) => grownFrom(before, after).change;
/** On its way through the store. */
const told = (change: Change | undefined): Change => JSON.parse(JSON.stringify(change));
const events = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => ({ n: from + n, text: `第${from + n}句` }));

describe('what has changed of a value', () => {
  it('makes the new one of the old one, whatever they are', () => {
    fc.assert(
      fc.property(json, json, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (value, other, stream) => {
        const before = frozenCopy(value);
        const dice = () => stream.next().value as number;
        for (const after of [reworked(before, dice), frozenCopy(reworked(before, dice)), other]) {
          const { copy, change } = grownFrom(before, after);
          expect(JSON.stringify(copy)).toBe(JSON.stringify(after));
          expect(frozenCopy(copy)).toBe(copy);
          if (change === undefined) continue;
          expect(JSON.stringify(changed(before, told(change)))).toBe(JSON.stringify(after));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('is as short as what is new', () => {
    const before = frozenCopy({ schema: 1, state: { slots: { a: 1, b: 2 }, turn: 1 }, events: events(0, 40) });
    const after = frozenCopy({
      ...before,
      state: { ...before.state, turn: 2, slots: { a: 1, c: 3 } },
      events: [...before.events.slice(2), ...events(40, 42)],
    });
    expect(changeOf(before, after)).toEqual({
      in: {
        state: { set: { turn: 2 }, in: { slots: { set: { c: 3 }, gone: ['b'] } } },
        events: { list: [[2, 38], events(40, 42)] },
      },
    });
    expect(changeOf(after, { ...after })).toEqual({});
  });

  it('finds what is still there behind an element that was written anew', () => {
    const before = frozenCopy({ list: events(0, 20) });
    const list = [...before.list.slice(0, 11), { n: 11, text: 'short' }, ...before.list.slice(12), ...events(20, 21)];
    const [, ...after] = [...list];
    expect(changeOf(before, frozenCopy({ list: after }))).toEqual({
      in: { list: { list: [[1, 10], [{ n: 11, text: 'short' }], [12, 8], events(20, 21)] } },
    });
  });

  it('is not told where the order of members is another one, or a list is too long to compare', () => {
    const { a, b } = frozenCopy({ a: { n: 1 }, b: { n: 2 } });
    expect(changeOf(frozenCopy({ a, b }), frozenCopy({ b, a }))).toBeUndefined();
    const list = frozenCopy(events(0, 501));
    expect(changeOf(list, frozenCopy([...list, 1]))).toBeUndefined();
  });

  it('is refused for a value that it is no change of', () => {
    const wrong: readonly [unknown, Change][] = [
      [[1], { list: [[0, 2], []] }],
      [{ a: 1 }, { list: [[0, 0], [1]] }],
      [[1], { set: { a: 1 } }],
      ['text', { set: { a: 1 } }],
      [{ a: 1 }, { in: { b: { set: { c: 1 } } } }],
    ];
    for (const [before, change] of wrong) expect(() => changed(before, change)).toThrow(TypeError);
    let deep: Change = { set: { a: 1 } };
    for (let depth = 0; depth < 200; depth++) deep = { in: { a: deep } };
    const ring: Record<string, unknown> = {};
    ring.a = ring;
    expect(() => changed(ring, deep)).toThrow(TypeError);
  });

  it('takes no member for anything but a member', () => {
    const [before, after] = ['{"a":1}', '{"a":1,"__proto__":{"admin":true}}'].map((text) => JSON.parse(text) as object);
    const { copy, change } = grownFrom(frozenCopy(before), after);
    expect(change).toBeUndefined();
    for (const made of [copy, changed(before, JSON.parse('{"set":{"__proto__":{"admin":true}}}') as Change)]) {
      expect((made as Record<string, unknown>).admin).toBeUndefined();
      expect(Object.keys(made as object)).toEqual(['a', '__proto__']);
    }
  });
});

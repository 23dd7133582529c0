import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { frozenCopy } from '../../../src/store/frozen-copy.js';
import { KeptValue } from '../../../src/store/kept-value.js';

// Asks the engine how it holds an object: as a shape it knows, or as a dictionary, which is ten times slower to copy.
setFlagsFromString('--allow-natives-syntax');
const isShaped = new Function('value', 'return %HasFastProperties(value)') as (value: object) => boolean;

const record = (members: number): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: members }, (_, n) => [`member${n}`, n]));

describe('a frozen copy', () => {
  it('leaves out what is not defined, and is no slower to copy for it', () => {
    const value = {
      first: 1,
      gone: undefined,
      call: () => 1,
      ...record(20),
      last: { deep: undefined, list: [undefined] },
    };
    const copy = frozenCopy(value);
    expect(Object.keys(copy)).toEqual(['first', ...Object.keys(record(20)), 'last']);
    expect(copy.last).toStrictEqual({ list: [null] });
    expect(isShaped(copy)).toBe(true);
    expect(isShaped({ ...copy, first: 2 })).toBe(true);
  });

  it('is frozen all through, and what is frozen already is taken as it is', () => {
    const part = frozenCopy({ list: [{ a: 1 }] });
    const copy = frozenCopy({ part, other: { list: [1] } });
    expect(copy.part).toBe(part);
    expect(Object.isFrozen(copy.other.list)).toBe(true);
  });
});

describe('a kept value', () => {
  const at = (turn: number) => ({
    turn,
    state: { slots: { [`slot${turn % 3}`]: `值${turn}` } },
    events: Array.from({ length: Math.min(turn, 10) }, (_, n) => ({
      n: Math.max(0, turn - 10) + n,
      text: '第 "一" 句😀',
    })),
  });

  it('grows, is folded, and grows again without losing anything', () => {
    let kept: KeptValue<ReturnType<typeof at>> = KeptValue.of(at(0));
    for (let turn = 1; turn < 100; turn++) {
      if (turn % 17 === 0) kept.fold();
      const { events } = kept.value;
      const next = at(turn);
      const grown = { ...next, events: [...events.slice(events.length < 10 ? 0 : 1), ...next.events.slice(-1)] };
      kept = kept.grown(grown);
      expect(kept.value).toEqual(next);
      expect(KeptValue.ofParts(kept.parts.map(String)).value).toEqual(next);
      expect(JSON.parse(kept.json.toString())).toEqual(next);
    }
  });

  it('is told by what has changed, and as a whole when the changes have become longer than the value', () => {
    let kept: KeptValue<{ name: string; number: number }> = KeptValue.of({ name: 'a'.repeat(30_000), number: 0 });
    expect(kept.parts).toHaveLength(1);
    let longest = 0;
    for (let number = 1; number <= 100; number++) {
      kept = kept.grown({ ...kept.value, number });
      longest = Math.max(longest, kept.parts.length);
      if (kept.parts.length > 1) expect(String(kept.parts.at(-1))).toBe(`{"set":{"number":${number}}}`);
    }
    expect(longest).toBeGreaterThan(20);
    expect(longest).toBeLessThan(50);
    kept = kept.grown({ ...kept.value, name: 'b'.repeat(20_000) });
    expect(kept.parts.length).toBeGreaterThan(1);
    kept = kept.grown({ ...kept.value, name: 'c'.repeat(20_000) });
    expect(kept.parts).toHaveLength(1);
    kept = kept.grown({ ...kept.value, number: 0 });
    kept.fold();
    expect(kept.parts).toHaveLength(1);
  });
});

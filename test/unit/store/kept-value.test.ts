import { setFlagsFromString } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { frozenCopy } from '../../../src/store/frozen-copy.js';

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

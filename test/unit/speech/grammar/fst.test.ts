import { describe, expect, it } from 'vitest';
import { FstBuilder, readFst } from '../../../../src/speech/grammar/fst.js';

describe('OpenFst vector files', () => {
  const small = (): FstBuilder => {
    const fst = new FstBuilder();
    const a = fst.addState(1.5);
    const b = fst.addState();
    fst.addArc(a, 3, 0, 0.25, b);
    fst.addArc(b, 0, 7, -2, a);
    return fst;
  };

  it('come back from bytes as they were', () => {
    const read = readFst(small().toBuffer(1));
    expect(read.start).toBe(1);
    expect(read.final).toEqual([1.5, 0]);
    expect(read.arcs[0]).toEqual([{ input: 3, output: 0, weight: 0.25, next: 1 }]);
    expect(read.arcs[1]).toEqual([{ input: 0, output: 7, weight: -2, next: 0 }]);
  });

  it('begin with the magic number, type names and counts that OpenFst expects', () => {
    const bytes = small().toBuffer(0);
    expect(bytes.readInt32LE(0)).toBe(2_125_659_606);
    expect(bytes.toString('latin1', 8, 14)).toBe('vector');
    expect(bytes.toString('latin1', 18, 26)).toBe('standard');
    expect(bytes.readInt32LE(26)).toBe(2);
    expect(Number(bytes.readBigInt64LE(50))).toBe(2);
    expect(Number(bytes.readBigInt64LE(58))).toBe(2);
  });

  it.each([
    ['an empty file', Buffer.alloc(0)],
    ['text', Buffer.from('not a graph at all, only some text that is long enough')],
    ['a file cut in the middle of an arc', small().toBuffer(0).subarray(0, 90)],
  ])('refuse %s with a reason', (_what, bytes) => {
    expect(() => readFst(bytes)).toThrow(/graph file|OpenFst/);
  });

  it('refuse a count of states that the file cannot hold', () => {
    const bytes = small().toBuffer(0);
    bytes.writeBigInt64LE(1n << 40n, 50);
    expect(() => readFst(bytes)).toThrow(/claims/);
  });
});

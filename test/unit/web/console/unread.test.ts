import { describe, expect, it } from 'vitest';
import type { Line } from '../../../../web/console/src/api/contract.js';
import { Unread } from '../../../../web/console/src/core/unread.js';

const line = (id: string, who: Line['who'] = 'caller'): Line => ({
  id,
  who,
  text: id,
  final: true,
  atMs: 0,
  fromMs: null,
  toMs: null,
});

describe('what nobody has read', () => {
  it('counts what the visitor writes while another conversation is looked at, until somebody looks', () => {
    let visible = true;
    const unread = new Unread(() => visible);
    expect(unread.count({ id: 'a', lines: [line('1')] })).toBe(0);
    const now = { id: 'a', lines: [line('1'), line('2', 'agent'), line('3'), line('4')] };
    expect(unread.count(now)).toBe(2);
    expect([unread.look('a'), unread.look('a')]).toEqual([true, false]);
    expect(unread.count(now)).toBe(0);
    // Nobody sees a page that lies behind another.
    visible = false;
    const later = { id: 'a', lines: [...now.lines, line('5')] };
    expect(unread.count(later)).toBe(1);
    visible = true;
    expect(unread.count(later)).toBe(0);
    unread.look(undefined);
    expect(unread.count({ id: 'a', lines: [...later.lines, line('6')] })).toBe(1);
  });

  it('adds up over all conversations, and forgets those that are closed', () => {
    const unread = new Unread(() => true);
    const before = new Map([
      ['a', { id: 'a', lines: [] as Line[] }],
      ['b', { id: 'b', lines: [line('1')] }],
    ]);
    expect(unread.total(before)).toBe(0);
    before.set('a', { id: 'a', lines: [line('2')] });
    before.set('b', { id: 'b', lines: [line('1'), line('3')] });
    expect(unread.total(before)).toBe(2);
    before.delete('a');
    expect(unread.total(before)).toBe(1);
  });
});

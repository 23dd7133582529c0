import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { saidInChinese } from '../../../../web/console/src/words/service-zh.js';

/** Where the service makes what the console shows. */
const ROOMS = ['src/api/console', 'src/handoff'];
const HINT = /hint: ('(?:[^'\\\\]|\\\\.)*'|"[^"]*")/g;

const hints = ROOMS.flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(join(room, file), 'utf8').matchAll(HINT)])
    .map((found) => (found[1] ?? '').slice(1, -1)),
);

describe('what the service says, on a Chinese page', () => {
  it('is there in Chinese, each hint of it', () => {
    expect(hints.length).toBeGreaterThan(30);
    expect(hints.filter((hint) => saidInChinese(hint) === undefined)).toEqual([]);
  });

  it('with its numbers; anything else stays as it came', () => {
    expect(saidInChinese('Wait 12 s.')).toBe('请等 12 秒。');
    for (const other of ['', 'toString', '__proto__', 'The line is cut.']) expect(saidInChinese(other)).toBeUndefined();
  });
});

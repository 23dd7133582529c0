import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { factInChinese, saidInChinese } from '../../../../web/console/src/words/service-zh.js';

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

  it('is there in Chinese, the facts of the health page too', () => {
    expect(factInChinese('recogniser')).toBe('语音识别');
    expect(factInChinese('connect ECONNREFUSED 10.0.0.1:5432; 2 events wait, 0 lost')).toBe(
      'connect ECONNREFUSED 10.0.0.1:5432；待写入 2 条，丢失 0 条',
    );
    expect(factInChinese('asr-zh-14m, asr-zh-multi-hans not found; built-in')).toBe(
      '未找到 asr-zh-14m, asr-zh-multi-hans；内置',
    );
    expect(factInChinese('tts-a not found; tts-b incomplete or damaged (hearken models verify); in /m')).toBe(
      '未找到 tts-a；tts-b 不完整或已损坏（hearken models verify）；位于 /m',
    );
    expect(factInChinese('ok, 1 calls, not registered')).toBe('正常，1 路通话，未注册');
  });

  it('with its numbers; anything else stays as it came', () => {
    expect(saidInChinese('Wait 12 s.')).toBe('请等 12 秒。');
    for (const other of ['', 'toString', '__proto__', 'The line is cut.']) expect(saidInChinese(other)).toBeUndefined();
  });
});

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/log.js';
import { AnswerDetector, BeepDetector } from '../../../src/outbound/answer-detection.js';
import { outboundSchema } from '../../../src/outbound/config.js';
import { DoNotCall } from '../../../src/outbound/do-not-call.js';
import { isOpen, nextOpening } from '../../../src/outbound/hours.js';

const settings = outboundSchema.parse({}).answerDetection;
const FRAME = 160;

/** Speech-like noise with a syllable rhythm. */
function voice(ms: number): Int16Array[] {
  let seed = 7;
  return Array.from({ length: ms / 20 }, (_, frame) => {
    const loud = 3000 + 2500 * Math.sin(frame / 2.5);
    return Int16Array.from({ length: FRAME }, (_unused, index) => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
      return loud * (Math.sin(index / 3 + frame) * 0.6 + (seed / 0x4000_0000 - 1) * 0.5);
    });
  });
}
const silence = (ms: number): Int16Array[] => Array.from({ length: ms / 20 }, () => new Int16Array(FRAME));
const beep = (ms: number): Int16Array[] =>
  Array.from({ length: ms / 20 }, (_, frame) =>
    Int16Array.from(
      { length: FRAME },
      (_unused, index) => 8000 * Math.sin(((frame * FRAME + index) * 2 * Math.PI * 1000) / 8000),
    ),
  );

function detect(frames: Int16Array[]): ReturnType<AnswerDetector['accept']> {
  const detector = new AnswerDetector(settings);
  for (const frame of frames) {
    const found = detector.accept(frame);
    if (found) return found;
  }
  return undefined;
}

describe('who answered', () => {
  it.each([
    ['a word and then silence', [...silence(300), ...voice(600), ...silence(1500)], 'person', 'short greeting'],
    [
      'two words with a breath between',
      [...voice(500), ...silence(240), ...voice(500), ...silence(1500)],
      'person',
      'short greeting',
    ],
    ['a long greeting', [...silence(400), ...voice(4000)], 'machine', 'long greeting'],
    [
      'a long greeting with breaths',
      [...voice(1000), ...silence(200), ...voice(1000), ...silence(200), ...voice(1000)],
      'machine',
      'long greeting',
    ],
    ['a beep at once', [...silence(400), ...beep(600)], 'machine', 'a tone'],
    ['nothing at all', silence(5000), 'person', 'silence'],
  ] as const)('%s', (_what, frames, answeredBy, why) => {
    expect(detect([...frames])).toMatchObject({ answeredBy, why });
  });

  it('is decided within the time that is allowed', () => {
    expect(detect(silence(10_000))?.atMs).toBe(settings.longestMs);
    expect(detect([...voice(600), ...silence(2000)])?.atMs).toBeLessThanOrEqual(600 + settings.silenceMs + 40);
  });

  it('of a machine: its message may be answered after the beep, or after two seconds of silence', () => {
    const spoken = (frames: Int16Array[]): number => {
      const detector = new BeepDetector(settings);
      return frames.findIndex((frame) => detector.accept(frame)) * 20;
    };
    expect(spoken([...voice(2000), ...beep(400), ...silence(1000)])).toBeLessThanOrEqual(2460);
    expect(spoken([...voice(2000), ...silence(3000)])).toBe(3980);
  });
});

describe('calling hours', () => {
  const hours = { timeZone: 'Asia/Shanghai', days: [1, 2, 3, 4, 5], from: '09:00', to: '20:00' };
  const at = (iso: string): number => Date.parse(iso);

  it.each([
    ['2026-11-20T08:59:59+08:00', false],
    ['2026-11-20T09:00:00+08:00', true],
    ['2026-11-20T19:59:59+08:00', true],
    ['2026-11-20T20:00:00+08:00', false],
    ['2026-11-21T12:00:00+08:00', false],
  ])('%s: %s (a Friday, then a Saturday)', (iso, open) => {
    expect(isOpen(hours, at(iso))).toBe(open);
  });

  it('begin again on Monday', () => {
    expect(new Date(nextOpening(hours, at('2026-11-20T20:30:00+08:00'))).toISOString()).toBe(
      '2026-11-23T01:00:00.000Z',
    );
    expect(nextOpening(hours, at('2026-11-20T10:00:00+08:00'))).toBe(at('2026-11-20T10:00:00+08:00'));
    expect(new Date(nextOpening({ ...hours, from: '09:10' }, at('2026-11-20T08:00:00+08:00'))).toISOString()).toBe(
      '2026-11-20T01:10:00.000Z',
    );
  });

  it('may go over midnight', () => {
    const night = { ...hours, days: [5], from: '21:00', to: '02:00' };
    expect(isOpen(night, at('2026-11-20T23:00:00+08:00'))).toBe(true);
    expect(isOpen(night, at('2026-11-21T01:00:00+08:00'))).toBe(true);
    expect(isOpen(night, at('2026-11-22T01:00:00+08:00'))).toBe(false);
  });
});

describe('the do-not-call list', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'hearken-dnc-')), 'list.txt');

  it('knows a number however it is written, and reads the file again when it changes', () => {
    writeFileSync(file, '# people who asked\n+86 138-0013-8000\n');
    const list = new DoNotCall(file, silentLogger());
    for (const target of [
      '+8613800138000',
      '008613800138000',
      'tel:+86-138-0013-8000',
      'sip:8613800138000@carrier.example',
    ]) {
      expect(list.has(target)).toBe(true);
    }
    expect(list.has('+8613800138001')).toBe(false);
    writeFileSync(file, '+8613800138001 # one more\n\n');
    expect(list.has('+8613800138001')).toBe(true);
    expect(list.has('+8613800138000')).toBe(false);
    list.add('+8613800138000');
    expect(list.has('+8613800138000')).toBe(true);
  });

  it('that can not be read forbids every call', () => {
    expect(new DoNotCall(`${file}.missing`, silentLogger()).has('1')).toBe(true);
  });
});

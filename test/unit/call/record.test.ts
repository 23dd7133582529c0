import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecord, removeOldRecords } from '../../../src/call/record.js';
import { decodeWav } from '../../../src/dsp/wav.js';
import { say } from '../../../src/testing/fake-brain.js';
import { callFolder, greet, ID, ring } from './ring.js';

const folder = callFolder();

/** Of the only call there is, whatever the day that it began on. */
function sound(): ReturnType<typeof decodeWav> {
  const calls = join(folder.path, 'calls');
  const [day = ''] = readdirSync(calls);
  return decodeWav(readFileSync(join(calls, day, `${ID}.wav`)));
}

describe('the call record', () => {
  it('holds every event with its time, and both sides of the sound', async () => {
    const call = ring(folder, greet);
    await call.listen(1000);
    await call.speak('查订单');
    await call.listen(2000);
    await call.over();
    const events = (await readRecord(folder.path, ID))?.events ?? [];
    expect(events.map((event) => event.type)).toEqual(
      expect.arrayContaining([
        'call',
        'started',
        'reply',
        'voice',
        'partial',
        'final',
        'turn',
        'timing',
        'heard',
        'ended',
      ]),
    );
    expect(events[0]).toMatchObject({ type: 'call', callId: `call-of-${ID}`, language: 'zh-CN' });
    const times = events.map((event) => event.atMs);
    expect(times.every((time) => Number.isFinite(time) && time >= 0)).toBe(true);
    const wav = sound();
    expect(wav.channels).toHaveLength(2);
    const [left, right] = wav.channels as [Int16Array, Int16Array];
    expect(left.length / 8000).toBeGreaterThan(3.9);
    expect(left.slice(0, 8000).some((sample) => sample === 500)).toBe(true);
    // The greeting is two characters, 400 ms, from the very beginning.
    expect(right.slice(800, 2400).some((sample) => sample > 3000)).toBe(true);
    expect(right.slice(4800, 12_000).every((sample) => sample === 0)).toBe(true);
  });

  it('does not hold what the caller never heard of an interrupted prompt', async () => {
    const call = ring(folder, () => [say('一二三四五六七八九十')]);
    await call.listen(400);
    call.session.press('1');
    await call.listen(3500);
    await call.over();
    const [, right] = sound().channels as [Int16Array, Int16Array];
    expect(right.slice(0, 3000).some((sample) => sample > 3000)).toBe(true);
    expect(right.slice(3600, 24_000).every((sample) => sample === 0)).toBe(true);
  });

  it('never stands in the way of the call when the disk fails', async () => {
    const call = ring(folder, greet, { store: { folder: 'x' } });
    rmSync(folder.path, { recursive: true });
    await call.listen(1500);
    expect(call.synthesizer.spoken).toEqual(['您好']);
    await call.over();
  });
});

describe('old call records', () => {
  it('are removed after their days, and nothing else is', async () => {
    for (const name of ['2026-01-01', '2026-02-25', '2026-03-01', 'notes'])
      mkdirSync(join(folder.path, 'calls', name), { recursive: true });
    expect(await removeOldRecords(folder.path, 10, new Date('2026-03-02T12:00:00Z'))).toEqual(['2026-01-01']);
    expect(readdirSync(join(folder.path, 'calls')).sort()).toEqual(['2026-02-25', '2026-03-01', 'notes']);
    expect(await removeOldRecords(folder.path, 0, new Date('2027-03-02T12:00:00Z'))).toEqual([]);
  });
});

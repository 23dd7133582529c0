import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Ear } from '../../../src/replay/ear.js';
import { endOfSpeechMs, readScript, splitUtterances } from '../../../src/replay/utterances.js';

const RATE = 8000;
function tone(ms: number, amplitude = 8000): Int16Array {
  return Int16Array.from({ length: (ms * RATE) / 1000 }, (_, index) => amplitude * Math.sin(index / 3));
}
function join2(...pieces: Int16Array[]): Int16Array {
  return Int16Array.from(pieces.flatMap((piece) => [...piece]));
}
const silence = (ms: number): Int16Array => new Int16Array((ms * RATE) / 1000);

describe('the utterances of a recording', () => {
  it('are parted by long pauses, not by those inside a number', () => {
    const pcm = join2(silence(500), tone(600), silence(800), tone(600), silence(2000), tone(400), silence(300));
    expect(splitUtterances(pcm, RATE)).toEqual([
      { startMs: 380, endMs: 2620 },
      { startMs: 4380, endMs: 5020 },
    ]);
  });

  it('are found on a noisy line', () => {
    const noise = Int16Array.from({ length: RATE * 4 }, (_, index) => 60 * Math.sin(index * index));
    noise.set(tone(800), RATE);
    expect(splitUtterances(noise, RATE)).toEqual([{ startMs: 880, endMs: 1920 }]);
  });

  it('end where the last word ends, not where the file does', () => {
    expect(endOfSpeechMs(join2(silence(100), tone(500), silence(700)), RATE)).toBe(600);
    expect(endOfSpeechMs(silence(300), RATE)).toBe(300);
  });

  it('are none in silence', () => {
    expect(splitUtterances(silence(3000), RATE)).toEqual([]);
    expect(splitUtterances(new Int16Array(0), RATE)).toEqual([]);
  });
});

describe('the script beside a recording', () => {
  it('is read, is optional, and is told apart from something else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-script-'));
    try {
      const file = join(folder, 'a.wav');
      expect(readScript(file)).toBeUndefined();
      writeFileSync(
        join(folder, 'a.json'),
        '{"language":"zh-CN","utterances":[{"startMs":0,"endMs":900,"text":"转人工"}]}',
      );
      expect(readScript(file)).toEqual({ language: 'zh-CN', utterances: [{ startMs: 0, endMs: 900, text: '转人工' }] });
      writeFileSync(join(folder, 'a.json'), '{"utterances":"none"}');
      expect(() => readScript(file)).toThrow(/is not a call script/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the caller's ear", () => {
  it('hears when the other side begins and how long it has been quiet', () => {
    const ear = new Ear();
    const frame = (level: number): Int16Array => tone(20, level);
    for (let ms = 0; ms < 2000; ms += 20) ear.hear(frame(ms >= 500 && ms < 1000 ? 5000 : 2), ms);
    expect(ear.onsetAfter(0)).toBe(500);
    expect(ear.lastSoundMs).toBe(980);
    expect(ear.onsetAfter(1000)).toBeUndefined();
  });

  it('does not take a click for speech', () => {
    const ear = new Ear();
    for (let ms = 0; ms < 1000; ms += 20) ear.hear(tone(20, ms === 400 ? 9000 : 0), ms);
    expect(ear.heardSomething).toBe(false);
  });
});

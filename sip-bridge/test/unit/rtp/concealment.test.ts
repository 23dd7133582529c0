import { describe, expect, it } from 'vitest';
import { NoiseSource, noiseFrames } from '../../../src/rtp/comfort-noise.js';
import { LineConverter, LineReader, samplesOf } from '../../../src/rtp/line.js';
import { Concealer } from '../../../src/rtp/plc.js';
import { RelayBuffer } from '../../../src/rtp/relay.js';
import { RecordingTap } from '../../../src/rtp/tap.js';
import { rms, share, tone } from '../../support/g711.js';

/** A voiced sound: a fundamental and its harmonics. */
const voice = (rate: number, from: number, count: number): Int16Array =>
  Int16Array.from({ length: count }, (_, index) => {
    const phase = (2 * Math.PI * 130 * (from + index)) / rate;
    return 5000 * Math.sin(phase) + 2500 * Math.sin(2 * phase + 1) + 1200 * Math.sin(3 * phase + 2);
  });
const level = (pcm: Int16Array): number => Math.sqrt(pcm.reduce((sum, value) => sum + value * value, 0) / pcm.length);

describe.each([8000, 16_000])('a packet lost at %d Hz', (rate) => {
  const frame = rate / 50;
  const before = voice(rate, 0, rate / 20);

  it('is made up so that a voice goes on, far nearer to it than silence or the last packet again', () => {
    const concealer = new Concealer(rate);
    concealer.begin(before);
    const made = concealer.next(frame);
    const truth = voice(rate, before.length, frame);
    const error = level(truth.map((sample, index) => sample - (made[index] ?? 0)));
    const repeated = level(truth.map((sample, index) => sample - (before[before.length - frame + index] ?? 0)));
    expect(error / level(truth)).toBeLessThan(0.35);
    expect(error).toBeLessThan(repeated / 2);
  });

  it('fades to nothing within 60 ms, however long the loss is', () => {
    const concealer = new Concealer(rate);
    concealer.begin(before);
    const levels = Array.from({ length: 5 }, () => level(concealer.next(frame)));
    expect(levels[1]).toBeLessThan(levels[0] ?? 0);
    expect(levels[3]).toBe(0);
  });

  it('leaves no click where the voice comes back', () => {
    const concealer = new Concealer(rate);
    concealer.begin(before);
    const made = concealer.next(frame);
    const back = voice(rate, before.length + frame, frame);
    const steepest = Math.max(...back.map((sample, index) => Math.abs(sample - (back[index - 1] ?? sample))));
    concealer.merge(back);
    expect(Math.abs((back[0] ?? 0) - (made.at(-1) ?? 0))).toBeLessThan(steepest * 2.5);
    expect(concealer.active).toBe(false);
  });
});

describe('comfort noise', () => {
  it.each([-40, -50, -60])('has the level that was told: %d dBov', (dbov) => {
    const pcm = noiseFrames('l16', dbov).map((frame) => level(samplesOf(frame)));
    const mean = Math.sqrt(pcm.reduce((sum, value) => sum + value * value, 0) / pcm.length);
    expect(20 * Math.log10(mean / 32_768)).toBeCloseTo(dbov, 0);
  });

  it('is no tone and does not cost a buffer for each frame', () => {
    const source = new NoiseSource('pcmu', -45);
    const first = source.next();
    expect(share(Buffer.concat(Array.from({ length: 20 }, () => source.next())), 500)).toBeLessThan(0.2);
    for (let index = 0; index < 107; index++) source.next();
    expect(source.next().buffer).toBe(first.buffer);
  });
});

describe('between two lines', () => {
  it('a tone passes from G.711 to wideband and back', () => {
    const note = tone(1000, 400);
    const wide = new LineConverter('pcmu', 'l16').convert(note);
    const back = new LineConverter('l16', 'pcmu').convert(wide);
    expect(wide.length).toBe(note.length * 4);
    expect(share(back.subarray(200), 1000)).toBeGreaterThan(0.98);
    expect(rms(back.subarray(200)) / rms(note)).toBeCloseTo(1, 1);
  });

  it('what a telephone can not carry is not folded into what it can', () => {
    const high = Int16Array.from({ length: 3200 }, (_, at) => 8000 * Math.sin((2 * Math.PI * 5500 * at) / 16_000));
    const narrow = new LineReader('l16', 8000).read(new Uint8Array(high.buffer));
    expect(20 * Math.log10(level(narrow.subarray(100)) / level(high))).toBeLessThan(-45);
  });
});

describe('a joined call', () => {
  const frames = (count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, index) => tone(440, 20 + index * 0));

  it('is held back by as much as the network needs, and goes on over a packet that is late', () => {
    const relay = new RelayBuffer('pcmu', 'pcmu');
    const [first, second, third, ...rest] = frames(10);
    for (const frame of [first, second, third]) if (frame) relay.push(frame);
    expect(relay.next(80)).toBeUndefined();
    for (const frame of rest) relay.push(frame);
    for (let index = 0; index < 10; index++) expect(relay.next(80)).toBeDefined();
    expect(relay.next(80)).toBeDefined();
    expect(relay.stats.concealed).toBe(1);
  });

  it('does not grow longer with a clock that runs fast', () => {
    const relay = new RelayBuffer('pcmu', 'pcmu');
    for (let tick = 0; tick < 3000; tick++) {
      for (const frame of frames(tick % 100 === 0 ? 2 : 1)) relay.push(frame);
      relay.next(40);
    }
    expect(relay.queuedMs).toBeLessThanOrEqual(140);
    expect(relay.stats.shortened).toBeGreaterThan(10);
  });

  it('passes from narrow to wide', () => {
    const relay = new RelayBuffer('pcma', 'l16');
    for (let index = 0; index < 4; index++) relay.push(new Uint8Array(160).fill(0xd5));
    expect(relay.next(20)?.length).toBe(640);
  });
});

describe('the tap of a recording', () => {
  it('keeps both sides beside each other, and a pause silent', () => {
    const batches: Uint8Array[] = [];
    const tap = new RecordingTap('pcmu', (batch) => batches.push(new Uint8Array(batch)));
    tap.heard(new Uint8Array(160).fill(1));
    tap.tick(new Uint8Array(160).fill(2));
    tap.paused = true;
    tap.heard(new Uint8Array(160).fill(3));
    tap.tick(new Uint8Array(160).fill(4));
    tap.flush();
    const all = Buffer.concat(batches);
    expect(all.length).toBe(640);
    expect([...all.subarray(0, 4)]).toEqual([1, 2, 1, 2]);
    expect(new Set(all.subarray(320))).toEqual(new Set([0xff]));
  });

  it('keeps nothing of what was said in a pause, also where it came in a burst', () => {
    const batches: Uint8Array[] = [];
    const tap = new RecordingTap('pcmu', (batch) => batches.push(new Uint8Array(batch)));
    const frame = (value: number): Uint8Array => new Uint8Array(160).fill(value);
    // A network that stood still leaves frames that wait for the clock.
    for (let count = 0; count < 5; count++) tap.heard(frame(1));
    tap.tick(undefined);
    tap.paused = true;
    for (let count = 0; count < 10; count++) tap.heard(frame(3));
    tap.tick(undefined);
    tap.paused = false;
    tap.heard(frame(5));
    for (let count = 0; count < 20; count++) tap.tick(undefined);
    tap.flush();
    const caller = Buffer.concat(batches).filter((_, index) => index % 2 === 0);
    expect([...new Set(caller)].sort((a, b) => a - b)).toEqual([1, 5, 0xff]);
  });
});

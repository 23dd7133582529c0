import { describe, expect, it } from 'vitest';
import { LoadMeter } from '../../../src/speech/load-meter.js';

describe('load of a worker', () => {
  it('is the share of the last seconds it was at work', () => {
    const meter = new LoadMeter();
    expect(meter.load(0)).toBe(0);
    for (let ms = 20; ms <= 10_000; ms += 20) meter.add(ms, 10);
    expect(meter.load(10_000)).toBeCloseTo(0.5, 1);
  });

  it('falls when the work is over', () => {
    const meter = new LoadMeter();
    for (let ms = 20; ms <= 5000; ms += 20) meter.add(ms, 18);
    expect(meter.load(5000)).toBeGreaterThan(0.8);
    expect(meter.load(9000)).toBeLessThan(0.6);
    expect(meter.load(30_000)).toBe(0);
  });

  it('is not judged by its first moment', () => {
    const meter = new LoadMeter();
    meter.add(900, 900);
    expect(meter.load(900)).toBeCloseTo(0.3, 2);
  });

  it('is no more than everything', () => {
    const meter = new LoadMeter();
    meter.add(1000, 9000);
    expect(meter.load(1000)).toBe(1);
  });
});

describe('load that decides whether another caller is taken', () => {
  /** So many ms of work in each 20 ms. */
  const work = (meter: LoadMeter, fromMs: number, toMs: number, busyMs: number): void => {
    for (let ms = fromMs + 20; ms <= toMs; ms += 20) meter.add(ms, busyMs);
  };

  it('does not know a machine that was busy with something else for a second', () => {
    const meter = new LoadMeter();
    work(meter, 0, 10_000, 14);
    expect(meter.steadyLoad(10_000)).toBeCloseTo(0.7, 1);
    // What has piled up in the meantime takes until the second after the next.
    meter.add(11_000, 1000);
    meter.add(12_700, 1700);
    work(meter, 12_700, 14_000, 14);
    for (const ms of [11_000, 12_000, 12_700, 13_000, 14_000]) expect(meter.steadyLoad(ms), `${ms}`).toBeLessThan(0.75);
    expect(meter.load(13_000)).toBeGreaterThan(0.75);
  });

  it('knows after four seconds when there is too much to do', () => {
    const meter = new LoadMeter();
    work(meter, 0, 10_000, 4);
    work(meter, 10_000, 16_000, 20);
    expect(meter.steadyLoad(13_000)).toBeLessThan(0.5);
    expect(meter.steadyLoad(14_000)).toBe(1);
    expect(meter.steadyLoad(16_000)).toBe(1);
  });

  it('counts long pieces of work in the seconds that they took', () => {
    const meter = new LoadMeter();
    for (let ms = 2000; ms <= 10_000; ms += 2000) meter.add(ms, 1900);
    expect(meter.steadyLoad(10_000)).toBeGreaterThan(0.8);
  });

  it('falls when the work is over', () => {
    const meter = new LoadMeter();
    work(meter, 0, 10_000, 20);
    expect(meter.steadyLoad(14_000)).toBeLessThan(0.1);
  });
});

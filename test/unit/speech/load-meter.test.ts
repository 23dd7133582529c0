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

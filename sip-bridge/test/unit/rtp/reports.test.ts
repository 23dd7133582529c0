import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../../src/rtp/arrivals.js';
import { JitterEstimator } from '../../../src/rtp/jitter.js';
import { Reports } from '../../../src/rtp/reports.js';

const UNIX = 1_700_000_000_000;

describe('reports of two peers on each other', () => {
  it('tell loss, jitter and the round trip', () => {
    const [a, b] = [new Reports(1, 'a', 0), new Reports(2, 'b', 0)];
    const heardByB = new Arrivals(1, 8);
    for (let n = 0; n < 100; n++) {
      if (n % 10 === 3) continue;
      heardByB.count(n);
      heardByB.measure(n * 160, n * 20 + (n % 2) * 8);
    }
    const sent = { packets: 100, octets: 16_000, timestamp: 16_000 };
    // 30 ms to B, 200 ms there, 30 ms back.
    b.accept(a.build(sent, undefined, false, 2000, UNIX), 2030, UNIX + 30);
    expect(a.accept(b.build({ ...sent, packets: 0 }, heardByB, false, 2230, UNIX + 230), 2260, UNIX + 260)).toBe(true);
    expect(a.roundTripMs).toBeGreaterThan(59);
    expect(a.roundTripMs).toBeLessThan(61);
    expect(a.remoteLossPercent).toBeGreaterThan(8);
    expect(a.remoteLossPercent).toBeLessThan(12);
    expect(a.remoteJitterUnits).toBeGreaterThan(40);
    expect(a.goodbye).toBe(false);
    a.accept(b.build(sent, heardByB, true, 3000, UNIX + 1000), 3030, UNIX + 1030);
    expect(a.goodbye).toBe(true);
    // Nothing was lost since the last report.
    expect(a.remoteLossPercent).toBe(0);
  });

  it('count wraps of the sequence', () => {
    const arrivals = new Arrivals(1, 8);
    for (let n = 65_000; n < 66_000; n++) arrivals.count(n & 0xffff);
    expect(arrivals.extendedHighest).toBe(65_999);
    expect(arrivals.losses()).toEqual({ cumulative: 0, fraction: 0 });
    expect(arrivals.count(65_999 & 0xffff)).toBe(false);
  });

  it('are not fooled by rubbish', () => {
    expect(new Reports(1, 'a', 0).accept(Buffer.from('no report at all'), 0, UNIX)).toBe(false);
  });
});

describe('the depth of the jitter buffer', () => {
  const after = (lateMs: (n: number) => number, count = 600, driftPpm = 0): number => {
    const jitter = new JitterEstimator();
    for (let n = 0; n < count; n++) jitter.observe(n * 20 * (1 + driftPpm / 1e6) + lateMs(n), n * 20);
    return jitter.depthMs;
  };

  it('is small on a quiet network, follows its jitter, and is bounded', () => {
    expect(after(() => 0)).toBe(20);
    const busy = after((n) => (n % 7) * 10);
    expect(busy).toBeGreaterThanOrEqual(60);
    expect(busy).toBeLessThanOrEqual(75);
    expect(after((n) => (n % 5) * 100)).toBe(120);
  });

  it('does not take a drifting clock for jitter', () => {
    expect(after(() => 0, 15_000, 200)).toBeLessThanOrEqual(25);
    expect(after(() => 0, 15_000, -200)).toBeLessThanOrEqual(25);
  });

  it('comes down again when the network is quiet again', () => {
    const jitter = new JitterEstimator();
    for (let n = 0; n < 300; n++) jitter.observe(n * 20 + (n % 5) * 25, n * 20);
    const high = jitter.depthMs;
    for (let n = 300; n < 3000; n++) jitter.observe(n * 20, n * 20);
    expect(high).toBeGreaterThan(95);
    expect(jitter.depthMs).toBeLessThan(35);
  });
});

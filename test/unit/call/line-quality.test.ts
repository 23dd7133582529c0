import { describe, expect, it } from 'vitest';
import { formatLineQuality, lineQuality } from '../../../src/call/line-quality.js';

const told = { receivedPackets: 500, lossPercent: 1.25, jitterMs: 4.6 };

describe('the line of a recorded call', () => {
  it('is what the bridge told last', () => {
    const events = [
      { atMs: 0, type: 'call' },
      { atMs: 4000, type: 'quality', ...told },
      { atMs: 14_000, type: 'quality', ...told, receivedPackets: 700, final: true },
      { atMs: 14_001, type: 'ended' },
    ];
    expect(lineQuality(events)).toEqual({ ...told, receivedPackets: 700, final: true });
    expect(lineQuality([{ atMs: 0, type: 'call' }])).toBeUndefined();
    expect(lineQuality([{ atMs: 0, type: 'quality', lossPercent: 'much' }])).toBeUndefined();
  });

  it('is one line for people, without what nobody knows', () => {
    expect(formatLineQuality(told)).toBe('Line: 1.3 % of 500 packets lost, jitter 5 ms');
    expect(
      formatLineQuality({
        ...told,
        ...{ remoteLossPercent: 0.4, roundTripMs: 30.2, concealedFrames: 6, encrypted: true, codec: 'opus' },
      }),
    ).toBe(
      'Line (opus): 1.3 % of 500 packets lost, 0.4 % on the way back, jitter 5 ms, round trip 30 ms, 120 ms made up, encrypted',
    );
  });
});

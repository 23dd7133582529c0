import { describe, expect, it } from 'vitest';
import { buildRtp, parseRtp, type RtpPacket } from '../../../src/rtp/packet.js';
import { type FrameKind, RtpReceiver } from '../../../src/rtp/receiver.js';

interface Out {
  readonly first: number | undefined;
  readonly kind: FrameKind;
  readonly length: number;
}

function receiver(fill = true): { receiver: RtpReceiver; out: Out[]; keys: string[] } {
  const out: Out[] = [];
  const keys: string[] = [];
  return {
    out,
    keys,
    receiver: new RtpReceiver(
      { format: { codec: 'pcmu', payloadType: 0, dtmfPayloadType: 101 }, line: 'pcmu' },
      {
        frame: (payload, _timestamp, kind) => out.push({ first: payload[0], kind, length: payload.length }),
        key: (key) => keys.push(key.digit),
      },
      { fill, nowMs: 0 },
    ),
  };
}

/** Packet n of a stream; its bytes are all n. */
function packet(n: number, extra: Partial<RtpPacket> = {}, bytes = 160): RtpPacket {
  return {
    payloadType: 0,
    marker: false,
    sequence: (65_530 + n) & 0xffff,
    timestamp: (0xffff_ff00 + n * bytes) >>> 0,
    ssrc: 1,
    payload: new Uint8Array(bytes).fill(n),
    ...extra,
  };
}

const heard = (out: readonly Out[]): (number | undefined)[] => out.map((frame) => frame.first);

describe('the receiver', () => {
  it('hands packets on at once, over the wrap of sequence and timestamp', () => {
    const { receiver: r, out } = receiver();
    for (let n = 0; n < 20; n++) r.accept(packet(n), n * 20);
    expect(heard(out)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(r.stats.lost).toBe(0);
  });

  it('puts swapped packets in order and forgets doubles', () => {
    const { receiver: r, out } = receiver();
    for (const n of [0, 2, 1, 1, 3, 3, 5, 4]) r.accept(packet(n), n * 20);
    expect(heard(out)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('makes a lost packet up, and goes on after a short wait', () => {
    const { receiver: r, out } = receiver();
    for (let n = 0; n < 5; n++) r.accept(packet(n), n * 20);
    r.accept(packet(6), 120);
    r.tick(130);
    expect(out).toHaveLength(5);
    r.accept(packet(7), 140);
    r.tick(145);
    expect(out.map(({ kind }) => kind)).toEqual([...Array(5).fill('audio'), 'concealed', 'audio', 'audio']);
    expect(r.stats).toMatchObject({ lost: 1, concealedFrames: 1 });
  });

  it('does not wait longer for what is missing than the network’s jitter is worth', () => {
    const waitOn = (jitterMs: number): number => {
      const { receiver: r, out } = receiver();
      let n = 0;
      for (; n < 300; n++) r.accept(packet(n), n * 20 + (n % 3) * (jitterMs / 2));
      n++;
      r.accept(packet(n), n * 20);
      const before = out.length;
      let ms = n * 20;
      while (out.length === before) r.tick(++ms);
      return ms - n * 20;
    };
    expect(waitOn(0)).toBeLessThanOrEqual(20);
    expect(waitOn(80)).toBeGreaterThan(50);
    expect(waitOn(400)).toBeLessThanOrEqual(120);
  });

  it('counts what came twice and what came too late, and plays neither', () => {
    const { receiver: r, out } = receiver();
    for (let n = 0; n < 5; n++) r.accept(packet(n), n * 20);
    r.accept(packet(4), 90);
    for (let n = 6; n < 12; n++) {
      r.accept(packet(n), n * 20);
      r.tick(n * 20 + 10);
    }
    const before = out.length;
    r.accept(packet(5), 250);
    expect(out).toHaveLength(before);
    expect(r.stats).toMatchObject({ duplicates: 1, late: 1, lost: 1 });
    expect(r.arrivals?.losses().cumulative).toBe(0);
  });

  it('fills a pause that the peer told of with noise of its level, and counts no loss', () => {
    const { receiver: r, out } = receiver();
    for (let n = 0; n < 5; n++) r.accept(packet(n), n * 20);
    r.accept(packet(5, { payloadType: 13, payload: Uint8Array.of(50) }), 100);
    for (let ms = 110; ms <= 400; ms += 20) r.tick(ms);
    const noise = out.slice(5);
    expect(noise.length).toBeGreaterThanOrEqual(14);
    expect(noise.every(({ kind }) => kind === 'noise')).toBe(true);
    r.accept(packet(6, { timestamp: (0xffff_ff00 + 20 * 160) >>> 0, marker: true }), 400);
    expect(out.at(-1)?.kind).toBe('audio');
    expect(r.stats).toMatchObject({ lost: 0, concealedFrames: 0 });
  });

  it('takes a jump of the timestamps for a new beginning', () => {
    const { receiver: r, out } = receiver();
    for (let n = 0; n < 5; n++) r.accept(packet(n), n * 20);
    for (let n = 5; n < 10; n++) r.accept(packet(n, { timestamp: 77_000_000 + n * 160 }), n * 20);
    expect(heard(out)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(out.every(({ kind }) => kind === 'audio')).toBe(true);
  });

  it('keeps the listener’s clock going while nothing comes', () => {
    const { receiver: r, out } = receiver();
    for (let ms = 0; ms <= 1000; ms += 20) r.tick(ms);
    expect(out.length).toBeGreaterThanOrEqual(49);
    expect(out.every((frame) => frame.kind === 'silence' && frame.first === 0xff)).toBe(true);
    const before = out.length;
    r.accept(packet(0), 1010);
    r.accept(packet(1), 1030);
    expect(heard(out.slice(before))).toEqual([0, 1]);
  });

  it('makes up for one second at most after the machine stood still, and then keeps time', () => {
    const { receiver: r, out } = receiver();
    r.accept(packet(0), 0);
    r.tick(600_000);
    expect(out).toHaveLength(1 + 50);
    for (let ms = 600_020; ms <= 600_100; ms += 20) r.tick(ms);
    expect(out).toHaveLength(1 + 50 + 5);
    r.accept(packet(1, { timestamp: (0xffff_ff00 + 30_000 * 160) >>> 0 }), 600_100);
    expect(heard(out).at(-1)).toBe(1);
    expect(out).toHaveLength(1 + 50 + 6);
  });

  it('does not count silence twice when the sender paused and its timestamps went on', () => {
    const { receiver: r, out } = receiver();
    r.accept(packet(0), 0);
    for (let ms = 20; ms <= 400; ms += 20) r.tick(ms);
    const during = out.length;
    r.accept(packet(1, { timestamp: (0xffff_ff00 + 20 * 160) >>> 0, marker: true }), 400);
    expect(out.length).toBe(during + 1);
    expect(Math.abs(out.length - 21)).toBeLessThanOrEqual(1);
  });

  it('makes 20 ms frames of any packet time', () => {
    const { receiver: r, out } = receiver();
    for (let n = 0; n < 6; n++) r.accept(packet(n, {}, 80), n * 10);
    for (let n = 0; n < 2; n++) {
      r.accept(packet(6 + n, { timestamp: (0xffff_ff00 + 480 + n * 240) >>> 0 }, 240), 60 + n * 30);
    }
    expect(out).toHaveLength(6);
    expect(out.every((frame) => frame.length === 160)).toBe(true);
  });

  it('starts anew with a new source or a jump in the sequence', () => {
    const { receiver: r, out } = receiver();
    r.accept(packet(0), 0);
    r.accept(packet(5000), 20);
    r.accept(packet(1, { ssrc: 99 }), 40);
    expect(out).toHaveLength(3);
  });

  it('ignores payload types that were not agreed on', () => {
    const { receiver: r, out } = receiver();
    r.accept(packet(0, { payloadType: 18 }), 0);
    expect(out).toEqual([]);
  });
});

describe('RTP packets', () => {
  it('are read as they were built', () => {
    const built = buildRtp({ ...packet(3), marker: true });
    expect(parseRtp(built)).toMatchObject({ marker: true, ssrc: 1, payloadType: 0 });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['too short', Buffer.alloc(11, 0x80)],
    ['version 1', Buffer.concat([Buffer.of(0x40), Buffer.alloc(20)])],
    ['more contributors than bytes', Buffer.concat([Buffer.of(0x8f), Buffer.alloc(15)])],
    ['an extension beyond the end', Buffer.concat([Buffer.of(0x90), Buffer.alloc(11), Buffer.of(0, 0, 0xff, 0xff)])],
    ['padding longer than the packet', Buffer.concat([Buffer.of(0xa0), Buffer.alloc(15), Buffer.of(200)])],
  ])('%s is none', (_what, bytes) => {
    expect(parseRtp(bytes)).toBeUndefined();
  });
});

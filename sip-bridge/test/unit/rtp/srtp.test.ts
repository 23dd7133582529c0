import { describe, expect, it } from 'vitest';
import { Latch } from '../../../src/rtp/latch.js';
import { buildRtp, parseRtp } from '../../../src/rtp/packet.js';
import { buildRtcp, parseRtcp } from '../../../src/rtp/rtcp.js';
import { ReplayWindow, SRTP_KEY_BYTES, SRTP_SUITES, SrtpContext, type SrtpSuite } from '../../../src/rtp/srtp.js';

const key = (suite: SrtpSuite, fill: number): string => Buffer.alloc(SRTP_KEY_BYTES[suite], fill).toString('base64');
const packet = (sequence: number): Buffer =>
  buildRtp({
    payloadType: 0,
    marker: false,
    sequence,
    timestamp: sequence * 160,
    ssrc: 7,
    payload: new Uint8Array(160).fill(sequence & 0xff),
  });

describe.each(SRTP_SUITES)('%s', (suite) => {
  const pair = async (): Promise<[SrtpContext, SrtpContext]> => [
    await SrtpContext.open({ suite, local: key(suite, 1), remote: key(suite, 2) }),
    await SrtpContext.open({ suite, local: key(suite, 2), remote: key(suite, 1) }),
  ];

  it('hides the audio from whoever has no key, and not from the peer, over the wrap of the sequence', async () => {
    const [a, b] = await pair();
    for (let n = 65_500; n < 65_700; n++) {
      const plain = packet(n & 0xffff);
      const sent = a.protect(plain);
      expect(sent.includes(plain.subarray(12, 44))).toBe(false);
      expect(parseRtp(sent)?.sequence).toBe(n & 0xffff);
      expect(b.unprotect(sent)).toEqual(plain);
    }
    expect(b.refused).toBe(0);
  });

  it('goes on after an outage of seconds around the wrap', async () => {
    const [a, b] = await pair();
    for (let n = 65_300; n < 65_900; n++) {
      const sent = a.protect(packet(n & 0xffff));
      const lost = n > 65_400 && n < 65_750;
      if (!lost) expect(b.unprotect(sent)).toEqual(packet(n & 0xffff));
    }
    expect(b.refused).toBe(0);
  });

  it('refuses what was changed, what was here before, and what is in the clear', async () => {
    const [a, b] = await pair();
    const sent = a.protect(packet(1));
    const changed = Buffer.from(sent);
    changed.writeUInt8(changed.readUInt8(20) ^ 1, 20);
    expect(b.unprotect(changed)).toBeUndefined();
    expect(b.unprotect(sent)).toBeDefined();
    expect(b.unprotect(sent)).toBeUndefined();
    expect(b.unprotect(packet(2))).toBeUndefined();
    expect(b.unprotect(Buffer.from('nonsense that is long enough'))).toBeUndefined();
    expect(b.refused).toBe(3);
  });

  it('does the same for reports', async () => {
    const [a, b] = await pair();
    const report = buildRtcp(7, { timestamp: 1, packets: 2, octets: 3 }, undefined, 'cname', false, 1_700_000_000_000);
    const sent = a.protectRtcp(report);
    expect(sent.includes(Buffer.from('cname'))).toBe(false);
    const plain = b.unprotectRtcp(sent);
    expect(plain && parseRtcp(plain)?.srNtpMiddle).toBeDefined();
    expect(b.unprotectRtcp(sent)).toBeUndefined();
    expect(b.unprotectRtcp(Buffer.alloc(9))).toBeUndefined();
  });

  it('goes on where it was when a re-negotiation keeps the keys', async () => {
    const [a, b] = await pair();
    const old = a.protect(packet(5));
    expect(b.unprotect(old)).toBeDefined();
    const again = await SrtpContext.open(b.keys, b);
    expect(again.unprotect(old)).toBeUndefined();
    expect(again.unprotect(a.protect(packet(6)))).toEqual(packet(6));
  });
});

describe('the replay window', () => {
  it('forgets what is too old to be told apart', () => {
    const window = new ReplayWindow();
    for (const index of [10, 500, 499]) {
      expect(window.isNew(index)).toBe(true);
      window.remember(index);
    }
    expect([10, 372, 373, 499, 500, 501].map((index) => window.isNew(index))).toEqual([
      ...[false, false, true, false, false, true],
    ]);
  });
});

describe('where RTP may come from', () => {
  const signalled = { address: '192.0.2.7', port: 4000 };

  it('is the address of the SDP, from any port, once', () => {
    const latch = new Latch(signalled, []);
    expect(latch.check('198.51.100.1', 4000, 20)).toBe('foreign');
    expect(latch.check('192.0.2.7', 61_000, 20)).toBe('new');
    expect(latch.remote).toEqual({ address: '192.0.2.7', port: 61_000 });
    expect(latch.check('192.0.2.7', 61_002, 20)).toBe('foreign');
    expect(latch.check('192.0.2.7', 4000, 20)).toBe('new');
    expect(latch.foreign).toBe(2);
  });

  it('may change in mid-call to another plausible one, but not while the old one still sends', () => {
    const latch = new Latch(signalled, ['198.51.100.0/24']);
    latch.check('192.0.2.7', 4000, 20);
    expect(latch.check('198.51.100.1', 9, 400)).toBe('foreign');
    expect(latch.check('203.0.113.9', 9, 5000)).toBe('foreign');
    expect(latch.check('198.51.100.1', 9, 500)).toBe('new');
    expect(latch.remote).toEqual({ address: '198.51.100.1', port: 9 });
    const open = new Latch(signalled, undefined);
    open.check('203.0.113.9', 9, 20);
    expect(open.check('203.0.113.10', 9, 5000), 'where anybody may send, the first one keeps the call').toBe('foreign');
  });

  it('may be a network, or anywhere where that was said', () => {
    expect(new Latch(signalled, ['198.51.100.0/24']).check('198.51.100.1', 9, 20)).toBe('new');
    expect(new Latch(signalled, undefined).check('203.0.113.9', 9, 20)).toBe('new');
  });
});

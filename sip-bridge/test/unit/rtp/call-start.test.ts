import type { Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { parseRtp } from '../../../src/rtp/packet.js';
import type { PortPair } from '../../../src/rtp/ports.js';
import { RtpReceiver } from '../../../src/rtp/receiver.js';
import { RtpSession } from '../../../src/rtp/session.js';
import { LocalDescription, readSdp } from '../../../src/sdp.js';
import { offer } from '../../support/raw-phone.js';

const CODECS = ['opus', 'pcmu'] as const;

describe('keys beside Opus', () => {
  const slow = offer(4000, {
    formats: '107 101',
    lines: ['a=rtpmap:107 opus/48000/2', 'a=rtpmap:101 telephone-event/8000'],
  });

  it('are taken at the old clock where the peer has no other, and answered so', () => {
    const remote = readSdp(slow, CODECS);
    expect(remote.audio?.format).toMatchObject({ codec: 'opus', dtmfPayloadType: 101, dtmfClockRate: 8000 });
    const answer = new LocalDescription('192.0.2.1', 30_000).answer(remote);
    expect(answer).toContain('m=audio 30000 RTP/AVP 107 101\r\n');
    expect(answer).toContain('a=rtpmap:101 telephone-event/8000\r\n');
  });

  it('are taken at its own clock where the peer has both', () => {
    const both = slow.replace('107 101', '107 101 110').concat('a=rtpmap:110 telephone-event/48000\r\n');
    const format = readSdp(both, CODECS).audio?.format;
    expect(format).toMatchObject({ codec: 'opus', dtmfPayloadType: 110 });
    expect(format?.dtmfClockRate).toBeUndefined();
  });

  it('are as long as they were pressed', () => {
    const keys: object[] = [];
    const receiver = new RtpReceiver(
      {
        format: { codec: 'opus', payloadType: 107, dtmfPayloadType: 101, dtmfClockRate: 8000 },
        line: 'l16',
        opus: undefined,
      },
      { frame: () => {}, key: (key) => void keys.push(key) },
      { fill: false, nowMs: 0 },
    );
    const end = Uint8Array.of(5, 0x80 | 10, 1280 >> 8, 1280 & 0xff);
    receiver.accept({ payloadType: 101, marker: true, sequence: 1, timestamp: 960, ssrc: 7, payload: end }, 0);
    expect(keys).toEqual([{ digit: '5', durationMs: 160 }]);
  });
});

/** A socket that keeps what is sent. */
class Kept extends EventEmitter {
  readonly sent: Buffer[] = [];
  send(datagram: Buffer): void {
    this.sent.push(datagram);
  }
  close(): void {}
}

it('the sequence begins in the lower half, so that a peer of SRTP that misses the first packets does not miss a wrap', () => {
  const nothing = (): void => {};
  for (let call = 0; call < 24; call++) {
    const rtp = new Kept();
    const ports = { rtp, rtcp: new Kept(), port: 4000 } as unknown as PortPair & { rtp: Socket };
    const session = new RtpSession(
      ports,
      { fill: false, maxQueueFrames: 10, mediaTimeoutMs: 0, cname: 'test', sendComfortNoise: false },
      {
        ...{ frame: nothing, key: nothing, mark: nothing, cleared: nothing, overflow: nothing },
        ...{ latched: nothing, silent: nothing, recorded: nothing },
      },
    );
    session.configure(
      {
        ...{ format: { codec: 'pcmu', payloadType: 0 }, line: 'pcmu', rtcpPort: 4003, send: true, receive: true },
        remote: { address: '127.0.0.1', port: 4002 },
      },
      {},
    );
    session.tick(20, 0);
    const [first] = rtp.sent;
    expect(parseRtp(first ?? Buffer.alloc(0))?.sequence).toBeLessThan(0x8000);
    session.close();
  }
});

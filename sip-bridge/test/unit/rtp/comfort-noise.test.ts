import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { parseRtp, type RtpPacket } from '../../../src/rtp/packet.js';
import { RtpSender } from '../../../src/rtp/sender.js';
import type { StreamFormat } from '../../../src/rtp/wire.js';
import { rms, tone } from '../../support/g711.js';
import { offer, RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

type Sent = Pick<RtpPacket, 'payloadType' | 'marker' | 'timestamp' | 'payload'> & { readonly tick: number };

const WITH_NOISE: StreamFormat = { codec: 'pcmu', payloadType: 0, cnPayloadType: 13 };
const WITHOUT: StreamFormat = { codec: 'pcmu', payloadType: 0 };

/** A sender, how to let 20 ms of it pass, and what it sent. */
function line(
  format: StreamFormat,
  sendComfortNoise: boolean,
): { sender: RtpSender; sent: Sent[]; pass(n: number): void } {
  const sent: Sent[] = [];
  let tick = 0;
  const sender = new RtpSender(
    format,
    'pcmu',
    undefined,
    { idleDbov: -62, sendComfortNoise, maxQueueFrames: 100, timestamp: 1000 },
    {
      mark: () => undefined,
      packet: (payloadType, marker, timestamp, payload) =>
        sent.push({ payloadType, marker, timestamp, payload: Uint8Array.from(payload), tick }),
    },
  );
  sender.release();
  const pass = (count: number): void => {
    for (let n = 0; n < count; n++, tick++) sender.tick(format, true, undefined);
  };
  return { sender, sent, pass };
}

describe('a line that tells of its silence', () => {
  it('says once in a while how loud it is, and begins a talkspurt when there is something to hear again', () => {
    const { sender, sent, pass } = line(WITH_NOISE, true);
    sender.queue.push(tone(440, 100));
    pass(5);
    expect(sent.every(({ payloadType }) => payloadType === 0)).toBe(true);
    sent.length = 0;
    pass(100);
    const told = sent.filter(({ payloadType }) => payloadType === 13);
    // A gap between two words is still sent; then a packet every 400 ms in place of twenty.
    expect(sent.length - told.length).toBe(10);
    expect(told.length).toBe(5);
    expect(told.map(({ payload }) => [...payload])).toEqual(Array.from({ length: 5 }, () => [62]));
    expect(told.some(({ marker }) => marker)).toBe(false);
    sent.length = 0;
    sender.queue.push(tone(440, 40));
    pass(2);
    expect(sent.map(({ payloadType, marker }) => [payloadType, marker])).toEqual([
      [0, true],
      [0, false],
    ]);
  });

  it('keeps the clock of its timestamps going meanwhile', () => {
    const { sender, sent, pass } = line(WITH_NOISE, true);
    pass(60);
    sender.queue.push(tone(440, 20));
    pass(1);
    for (const packet of sent) expect(packet.timestamp).toBe(1000 + packet.tick * 160);
  });

  it.each([
    ['the peer has no comfort noise', WITHOUT, true],
    ['it is not asked to', WITH_NOISE, false],
  ])('sends soft noise without a pause where %s', (_why, format, send) => {
    const { sent, pass } = line(format, send);
    pass(100);
    expect(sent.length).toBe(100);
    expect(sent.every(({ payloadType }) => payloadType === 0)).toBe(true);
    const level = 20 * Math.log10(rms(Buffer.concat(sent.map(({ payload }) => payload))) / 32_768);
    expect(Math.abs(level + 62)).toBeLessThan(3);
  });
});

describe('comfort noise on a call', () => {
  let world: World | undefined;
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    await world?.stop();
    world = undefined;
  });

  it('is agreed on in SDP and sent while the bot says nothing', async () => {
    world = await World.start({
      rtp: { portMin: 0, portMax: 0, comfortNoise: { idleDbov: -55, send: true } },
    });
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    ends.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    const heard: RtpPacket[] = [];
    socket.on('message', (datagram) => {
      const packet = parseRtp(datagram);
      if (packet && packet.payloadType < 64) heard.push(packet);
    });
    const phone = await RawPhone.open(world.bridge.port);
    ends.push(() => phone.close());
    const ok = await phone.dial({
      sdp: offer(socket.address().port, {
        formats: '0 13 101',
        lines: ['a=rtpmap:0 PCMU/8000', 'a=rtpmap:13 CN/8000', 'a=rtpmap:101 telephone-event/8000'],
      }),
    });
    phone.ack();
    expect(ok).toMatch(/m=audio \d+ RTP\/AVP 0 13 101\r\n/);
    const session = await world.service.session(0);
    const told = (): RtpPacket[] => heard.filter(({ payloadType }) => payloadType === 13);
    await until(() => told().length >= 2, 'silence is told of');
    expect([...(told()[0]?.payload ?? [])]).toEqual([55]);
    const before = heard.length;
    session.play(tone(600, 200));
    await until(
      () => heard.slice(before).some(({ payloadType, marker }) => payloadType === 0 && marker),
      'a talkspurt',
    );
    const sequences = heard.map(({ sequence }) => sequence);
    expect(sequences.every((value, at) => at === 0 || value === (((sequences[at - 1] ?? 0) + 1) & 0xffff))).toBe(true);
  });
});

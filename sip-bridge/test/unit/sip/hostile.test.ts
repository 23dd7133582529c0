import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Retransmitter } from '../../../src/sip/retransmit.js';
import { framedLength, headerOf, markVia, parseUri, parseVia, splitFirst } from '../../../src/sip/text.js';
import { RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

/** Small, fast, seeded: the same rubbish each time. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

let world: World;
const warnings: string[] = [];
const onWarning = (warning: Error): void => {
  warnings.push(warning.message);
};

beforeAll(async () => {
  process.on('warning', onWarning);
  world = await World.start({ maxCalls: 10 });
});

afterAll(async () => {
  process.off('warning', onWarning);
  await world.stop();
});

describe('datagrams that are hostile', () => {
  it('of all sorts never end the bridge, and the next call works', async () => {
    const phone = await RawPhone.open(world.bridge.port);
    const next = random(20_261_121);
    const seeds = [
      phone.invite(),
      phone.request('OPTIONS'),
      phone.request('BYE'),
      phone.request('CANCEL'),
      phone.request('ACK'),
      phone.request('INFO', { type: 'application/dtmf-relay', body: 'Signal=5\r\n' }),
      'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nCSeq: 1 INVITE\r\nCall-ID: a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n\r\n',
    ];
    const spice = [
      '\r\n',
      '\0',
      ':',
      ';',
      '<',
      '>',
      '"',
      ',',
      '%',
      'ÿ',
      '\r\n ',
      'Via: ',
      'x'.repeat(3000),
      '-1',
      '4294967296',
      'SIP/2.0',
    ];
    for (let round = 0; round < 3000; round++) {
      let text = seeds[Math.floor(next() * seeds.length)] ?? '';
      for (let change = 0; change <= next() * 6; change++) {
        const at = Math.floor(next() * text.length);
        const cut = Math.floor(next() * 20);
        text =
          text.slice(0, at) +
          (spice[Math.floor(next() * spice.length)] ?? '') +
          text.slice(at + (next() < 0.5 ? cut : 0));
      }
      phone.send(next() < 0.05 ? Buffer.from(text, 'utf16le') : text.slice(0, 60_000));
      // Let the bridge read: a loopback buffer holds only so much.
      if (round % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
    // Repeated as any request over UDP: the first may find the bridge's buffer still full.
    const last = phone.request('OPTIONS', { branch: 'z9hG4bKafterall' });
    const repeating = setInterval(() => phone.send(last), 500);
    phone.send(last);
    await phone.heard(/branch=z9hG4bKafterall/).finally(() => clearInterval(repeating));
    await phone.close();
    await until(() => world.bridge.calls.size < 10, 'room for a call', 60_000);
    const { call } = await world.call();
    await call.hangup();
    const { sipMessages } = await world.bridge.health();
    expect(sipMessages.received).toBeGreaterThan(1000);
    expect(sipMessages.dropped + sipMessages.refused).toBeGreaterThan(300);
    expect(warnings).toEqual([]);
  }, 180_000);

  it('at the RTP port of a call do not disturb it', async () => {
    const { call, session } = await world.call();
    const port = Number(/m=audio (\d+)/.exec([...world.bridge.calls][0]?.leg.media?.lastSent ?? '')?.[1]);
    const socket = createSocket('udp4');
    const next = random(7);
    for (let round = 0; round < 500; round++) {
      const bytes = Buffer.from(Array.from({ length: Math.floor(next() * 300) }, () => Math.floor(next() * 256)));
      if (bytes.length > 0 && next() < 0.5) bytes[0] = 0x80;
      socket.send(bytes, port + (next() < 0.2 ? 1 : 0), '127.0.0.1');
    }
    const before = session.receivedFrames;
    await until(() => session.receivedFrames > before + 20, 'audio flows');
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    await call.hangup();
  });
});

describe('SIP as text', () => {
  it('finds headers in long, short and folded form, in the head only', () => {
    const message = 'OPTIONS sip:a SIP/2.0\r\nv: SIP/2.0/UDP a\r\nSubject: one\r\n two\r\n\r\nCall-ID: body';
    expect(headerOf(message, 'via')).toBe('SIP/2.0/UDP a');
    expect(headerOf(message, 'subject')).toBe('one two');
    expect(headerOf(message, 'call-id')).toBeUndefined();
  });

  it('splits at commas that separate', () => {
    expect(splitFirst('"a, b" <sip:c,d@e>;x=1, <sip:f>')).toEqual({
      first: '"a, b" <sip:c,d@e>;x=1',
      rest: ', <sip:f>',
    });
  });

  it.each([
    ['sip:bob@example.com:5070;transport=TCP', { user: 'bob', host: 'example.com', port: 5070, transport: 'tcp' }],
    ['"Bob" <sips:[2001:db8::1]:5061;lr>', { scheme: 'sips', host: '2001:db8::1', port: 5061 }],
    ['sip:10.0.0.1', { user: undefined, host: '10.0.0.1', port: undefined }],
    ['sip:bob:secret@h?Replaces=x%3Bto-tag', { user: 'bob', host: 'h' }],
  ])('reads %s', (text, parts) => {
    expect(parseUri(text)).toMatchObject(parts);
  });

  it.each(['mailto:a@b', 'sip:', 'sip:a@h:99999', ''])('"%s" is no SIP address', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });

  it('marks a Via with where it came from, once', () => {
    const marked = markVia('SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bKx, SIP/2.0/UDP b', '192.0.2.9', 1234);
    expect(marked).toBe('SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKx;rport=1234;received=192.0.2.9, SIP/2.0/UDP b');
    expect(markVia(marked, '192.0.2.9', 1234)).toBe(marked);
    expect(parseVia('SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKy')).toMatchObject({ rport: undefined, received: undefined });
  });

  it('frames a stream by Content-Length', () => {
    const whole = Buffer.from('OPTIONS sip:a SIP/2.0\r\nl: 4\r\n\r\nbody');
    expect(framedLength(whole, 1000)).toBe(whole.length);
    expect(framedLength(whole.subarray(0, -1), 1000)).toBe(-1);
    expect(framedLength(Buffer.from('A\r\nContent-Length: 99999\r\n\r\n'), 1000)).toBe(-2);
    expect(framedLength(Buffer.from('A\r\nContent-Length: -5\r\n\r\n'), 1000)).toBe(-2);
    expect(framedLength(Buffer.alloc(1001, 65), 1000)).toBe(-2);
  });
});

describe('messages over an unreliable transport', () => {
  const invite = 'INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKq\r\nCSeq: 1 INVITE\r\n\r\n';

  it('are sent again until something answers', async () => {
    const sent: string[] = [];
    const retransmitter = new Retransmitter((message) => sent.push(message));
    retransmitter.sent(invite);
    await until(() => sent.length >= 1, 'the first repetition');
    retransmitter.received('SIP/2.0 100 Trying\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKq\r\nCSeq: 1 INVITE\r\n\r\n');
    const before = sent.length;
    retransmitter.sent(invite.replace('z9hG4bKq', 'z9hG4bKr'));
    await until(() => sent.some((message) => message.includes('z9hG4bKr')), 'the other one is repeated');
    expect(sent.filter((message) => message.includes('z9hG4bKq'))).toHaveLength(before);
    retransmitter.close();
  });

  it('are acknowledged again when a refusal comes twice', () => {
    const sent: string[] = [];
    const retransmitter = new Retransmitter((message) => sent.push(message));
    retransmitter.sent(invite);
    const busy = 'SIP/2.0 486 Busy\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKq\r\nCSeq: 1 INVITE\r\n\r\n';
    expect(retransmitter.received(busy)).toBe(false);
    const ack = invite.replaceAll('INVITE', 'ACK');
    retransmitter.sent(ack);
    expect(retransmitter.received(busy)).toBe(true);
    expect(sent).toEqual([ack]);
    retransmitter.close();
  });
});

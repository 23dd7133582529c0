import { describe, expect, it } from 'vitest';
import { HearkenError } from '../../../../src/errors.js';
import { asteriskProtocol } from '../../../../src/media/platforms/asterisk.js';
import { AudioSocketWire, encodePacket, PacketReader } from '../../../../src/media/platforms/audiosocket.js';
import { parseObject } from '../../../../src/media/platforms/bounded-json.js';
import { callFacts } from '../../../../src/media/platforms/call-facts.js';
import { freeswitchProtocol } from '../../../../src/media/platforms/freeswitch.js';
import { jambonzProtocol } from '../../../../src/media/platforms/jambonz.js';
import { Pacer } from '../../../../src/media/platforms/pacer.js';
import { PlatformSession } from '../../../../src/media/platforms/platform-session.js';
import { twilioProtocol } from '../../../../src/media/platforms/twilio.js';
import { vonageProtocol } from '../../../../src/media/platforms/vonage.js';
import type { CallFacts, Line, WebSocketProtocol, Wire } from '../../../../src/media/platforms/wire.js';
import { FakeClock } from '../../../../src/testing/fake-clock.js';

const clock = new FakeClock();

function open(facts: CallFacts, sampleRate: number, wire: Wire): PlatformSession {
  return new PlatformSession({
    id: 's',
    peer: { ...facts, protocol: 'fake', remoteAddress: '' },
    sampleRate,
    wire,
    clock,
    incomingQueueMs: 1000,
    onListenerError: (error) => {
      throw error;
    },
  });
}

/** A line that goes nowhere. */
function line(): Line {
  return {
    clock,
    query: new URLSearchParams(),
    session: undefined,
    open,
    send: () => true,
    end: () => undefined,
  };
}

/** mulberry32: the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SEEDS: readonly (readonly [WebSocketProtocol, readonly string[]])[] = [
  [
    asteriskProtocol,
    [
      'MEDIA_START connection_id:a channel:b channel_id:1.2 format:ulaw optimal_frame_size:160 ptime:20',
      '{"event":"MEDIA_START","channel_id":"1.2","format":"slin16","optimal_frame_size":640,"channel_variables":{"__HEARKEN_CALLER":"1"}}',
      'DTMF_END digit:5 channel_id:1.2',
      'MEDIA_MARK_PROCESSED m1',
      '{"event":"DTMF_END","digit":"5"}',
    ],
  ],
  [
    twilioProtocol,
    [
      '{"event":"start","streamSid":"MZ","start":{"callSid":"CA","customParameters":{"caller":"1"},"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000}}}',
      '{"event":"media","media":{"track":"inbound","payload":"//8A"}}',
      '{"event":"dtmf","dtmf":{"digit":"5"}}',
      '{"event":"mark","mark":{"name":"m1"}}',
      '{"event":"stop"}',
    ],
  ],
  [
    jambonzProtocol,
    [
      '{"sampleRate":8000,"mixType":"mono","callSid":"a","from":"1","to":"2","metadata":{"language":"en"}}',
      '{"event":"dtmf","dtmf":"2","duration":"1600"}',
      '{"type":"mark","data":{"name":"m1","event":"playout"}}',
    ],
  ],
  [
    vonageProtocol,
    [
      '{"event":"websocket:connected","content-type":"audio/l16;rate=16000","caller":"1"}',
      '{"event":"websocket:dtmf","digit":"5","duration":260}',
      '{"event":"websocket:notify","payload":{"mark":"m1"}}',
    ],
  ],
  [
    freeswitchProtocol,
    ['{"uuid":"a","caller":"1","sampleRate":"16000"}', '{"event":"dtmf","digit":"5"}', '{"type":"hangup"}'],
  ],
];
const SPICE = [
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\',
  ':',
  ',',
  'null',
  '-1',
  '1e999',
  '__proto__',
  '\u0000',
  '😀',
  'constructor',
  ' ',
];

describe.each(SEEDS)('$name', (protocol, messages) => {
  it('20,000 damaged messages end in a call, in nothing, or in an error of the table', () => {
    const random = seeded(7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    let refused = 0;
    let receiver = protocol.accept(line());
    for (let round = 0; round < 20_000; round++) {
      if (round % 20 === 0) receiver = protocol.accept(line());
      let text = pick(messages);
      for (let change = Math.floor(random() * 4); change > 0; change--) {
        const at = Math.floor(random() * text.length);
        text = text.slice(0, at) + (random() < 0.5 ? pick(SPICE) : '') + text.slice(at + Math.floor(random() * 6));
      }
      try {
        if (random() < 0.1) receiver.binary(Buffer.alloc(Math.floor(random() * 2000), round));
        else receiver.text(text);
      } catch (error) {
        expect(error).toBeInstanceOf(HearkenError);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});

describe('AudioSocket', () => {
  it('20,000 damaged streams in pieces of any size end in a call, in nothing, or in an error of the table', () => {
    const random = seeded(11);
    const whole = Buffer.concat([
      encodePacket(0x01, Buffer.alloc(16, 7)),
      encodePacket(0x10, Buffer.alloc(320)),
      encodePacket(0x03, Buffer.from('5')),
      encodePacket(0xff, Buffer.from([1])),
      encodePacket(0x00),
    ]);
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.from(whole);
      for (let change = Math.floor(random() * 4); change > 0; change--)
        bytes[Math.floor(random() * (random() < 0.5 ? 24 : bytes.length))] = Math.floor(random() * 256);
      const reader = new PacketReader();
      const wire = new AudioSocketWire({
        pacer: new Pacer(),
        secret: undefined,
        open,
        send: () => true,
        end: () => undefined,
      });
      try {
        for (let at = 0; at < bytes.length; ) {
          const size = 1 + Math.floor(random() * 64);
          for (const packet of reader.push(bytes.subarray(at, at + size))) wire.receive(packet);
          at += size;
        }
      } catch (error) {
        expect(error).toBeInstanceOf(HearkenError);
        refused += 1;
      }
      wire.closed(true);
    }
    expect(refused).toBeGreaterThan(100);
  });

  it('a packet cut anywhere is read as one', () => {
    const whole = Buffer.concat([encodePacket(0x01, Buffer.alloc(16, 1)), encodePacket(0x03, Buffer.from('#'))]);
    for (let cut = 0; cut <= whole.length; cut++) {
      const reader = new PacketReader();
      const packets = [...reader.push(whole.subarray(0, cut)), ...reader.push(whole.subarray(cut))];
      expect(packets.map(({ kind, payload }) => [kind, payload.length])).toEqual([
        [0x01, 16],
        [0x03, 1],
      ]);
    }
  });

  it('a UUID that does not begin with the secret gets no call', () => {
    const calls: CallFacts[] = [];
    const make = () =>
      new AudioSocketWire({
        pacer: new Pacer(),
        secret: 'deadbeef',
        open: (facts, rate, wire) => {
          calls.push(facts);
          return open(facts, rate, wire);
        },
        send: () => true,
        end: () => undefined,
      });
    const sound = { kind: 0x10, payload: Buffer.alloc(320) };
    expect(() => make().receive({ kind: 0x01, payload: Buffer.alloc(16, 1) })).toThrow(
      expect.objectContaining({ code: 'UNAUTHORIZED' }),
    );
    expect(() => make().receive(sound)).toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
    const right = make();
    right.receive({ kind: 0x01, payload: Buffer.from('deadbeef000040008000000000000001', 'hex') });
    right.receive(sound);
    right.closed(true);
    expect(calls.map(({ callId }) => callId)).toEqual(['deadbeef-0000-4000-8000-000000000001']);
  });
});

describe('what a message may be', () => {
  it.each([
    ['too deep', `${'['.repeat(9)}${']'.repeat(9)}`],
    ['too deep and never closed', '{"a":'.repeat(5000)],
    ['too long', JSON.stringify({ a: 'x'.repeat(40_000) })],
    ['a list', '[]'],
    ['no JSON', 'hello'],
  ])('%s is refused', (_why, text) => {
    expect(() => parseObject(text)).toThrow(expect.objectContaining({ code: 'PROTOCOL_MESSAGE' }));
  });

  it('brackets inside strings are only text', () => {
    expect(parseObject(JSON.stringify({ a: '[[[[[[[[[[[[\\"{{{{' }))).toEqual({ a: '[[[[[[[[[[[[\\"{{{{' });
  });
});

describe('who calls whom', () => {
  it('is read from any of the platforms words, the rest becomes headers without secrets', () => {
    const facts = callFacts('c1', 'outbound', new URLSearchParams('from=1&to=2&token=geheim&language=en&order=42'), {
      caller: '3',
      Authorization: 'x',
      'bad name': 'y',
      __proto__: 'z',
    });
    expect(facts).toEqual({
      callId: 'c1',
      direction: 'outbound',
      caller: '3',
      callee: '2',
      headers: { order: '42' },
      route: { language: 'en' },
    });
  });

  it('a flood of fields and endless values are bounded', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`f${at}`, 'x'.repeat(10_000)]));
    const { headers } = callFacts('c', undefined, many);
    expect(Object.keys(headers)).toHaveLength(50);
    expect(Math.max(...Object.values(headers).map((value) => value.length))).toBe(512);
  });
});

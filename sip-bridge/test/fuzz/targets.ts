import { BridgeError } from '../../src/errors.js';
import { silentLogger } from '../../src/log.js';
import { readClientMessage, readServerMessage } from '../../src/media/protocol.js';
import { parseRtp } from '../../src/rtp/packet.js';
import { RtpReceiver } from '../../src/rtp/receiver.js';
import { parseRtcp } from '../../src/rtp/rtcp.js';
import { LocalDescription, readSdp, sdpOf } from '../../src/sdp.js';
import type { Source } from '../../src/sip/channel.js';
import { readDigest } from '../../src/sip/digest.js';
import { Locator } from '../../src/sip/dns.js';
import { Endpoint } from '../../src/sip/endpoint.js';
import { plainHeaders } from '../../src/sip/messages.js';
import { framedLength, parseUri, parseVia } from '../../src/sip/text.js';
import { INVALID } from '../conformance/torture-invalid.js';
import { SEMANTICS } from '../conformance/torture-semantics.js';
import { SDP, VALID } from '../conformance/torture-valid.js';
import { offer } from '../support/raw-phone.js';

/** What the fuzzer feeds, and what it starts from. */
export interface FuzzTarget {
  readonly name: 'sip' | 'sdp' | 'websocket' | 'rtp' | 'rtcp' | 'stream';
  readonly seeds: readonly Buffer[];
  /** May throw only what its callers expect; anything else is a finding. */
  feed(input: Buffer): void;
  close(): Promise<void>;
}

const SOURCE: Source = { address: '127.0.0.1', port: 5999, flow: '127.0.0.1:5999' };

export function fuzzTargets(): FuzzTarget[] {
  return [sip(), sdp(), websocket(), rtp(), rtcp(), stream()];
}

const torture = [...VALID, ...INVALID, ...SEMANTICS].map(({ message }) => Buffer.from(message as string));

/** A whole endpoint over a wire of ours: parser, checks, retransmission, transactions. Every call is refused at once. */
function sip(): FuzzTarget {
  const open = (): { endpoint: Endpoint; feed: (text: string) => void } => {
    let hear: (text: string, source: Source) => void = () => {};
    const endpoint: Endpoint = new Endpoint(
      (onMessage) => {
        hear = onMessage;
        return { protocol: 'UDP', port: 5060, send: () => Promise.resolve(), close: () => Promise.resolve() };
      },
      {
        ...{ advertisedHost: '127.0.0.1', advertisedPort: 5060, user: 'bot', userAgent: 'fuzz' },
        allow: ['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'INFO', 'NOTIFY', 'PRACK', 'UPDATE'],
        supported: ['timer', '100rel'],
        locator: new Locator({ servers: ['127.0.0.1:9'], srv: false, family: 4 }),
        logger: silentLogger(),
      },
      {
        onInvite: (request) => {
          plainHeaders(request.message);
          request.reject({ statusCode: 486 });
        },
        optionsStatus: () => 200,
        mayTalk: () => true,
        judge: () => ({ kind: 'pass' }),
        onFault: () => {},
        onTraffic: () => {},
        siblings: () => [],
      },
    );
    return { endpoint, feed: (text) => hear(text, SOURCE) };
  };
  let current = open();
  let fed = 0;
  return {
    name: 'sip',
    seeds: torture,
    feed(input) {
      // Transactions live for 32 s; a fuzzer is quicker than any clock.
      if (++fed % 2000 === 0) {
        current.endpoint.close().catch(() => {});
        current = open();
      }
      current.feed(input.toString('utf8'));
    },
    close: () => current.endpoint.close(),
  };
}

function sdp(): FuzzTarget {
  return {
    name: 'sdp',
    seeds: [
      SDP,
      offer(4000),
      offer(4000, { formats: '8 0 101 13', lines: ['a=rtpmap:101 telephone-event/8000', 'a=sendonly'] }),
      offer(4000, {
        formats: '107 9 0 110',
        lines: [
          ...['a=rtpmap:107 opus/48000/2', 'a=rtpmap:110 telephone-event/48000', 'a=rtcp-mux', 'a=rtcp:4001'],
          `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.alloc(30, 7).toString('base64')}|2^20`,
        ],
      }).replace('RTP/AVP', 'RTP/SAVP'),
    ].map((text) => Buffer.from(text)),
    feed(input) {
      const text = input.toString('utf8');
      sdpOf('multipart/mixed;boundary=x', text);
      try {
        for (const policy of ['off', 'optional'] as const) {
          const read = readSdp(text, ['opus', 'g722', 'pcmu', 'pcma'], policy);
          new LocalDescription('127.0.0.1', 4000).answer(read);
        }
      } catch (error) {
        if (!(error instanceof BridgeError) || error.code !== 'SDP_INVALID') throw error;
      }
    },
    close: async () => {},
  };
}

function websocket(): FuzzTarget {
  const messages = [
    {
      type: 'ready',
      sessionId: 's',
      resumeToken: 't',
      resumeWindowMs: 1000,
      media: { encoding: 'pcmu', sampleRate: 8000 },
      generation: 0,
    },
    {
      type: 'quality',
      receivedPackets: 500,
      lossPercent: 1.2,
      jitterMs: 4,
      roundTripMs: 30,
      codec: 'opus',
      final: true,
    },
    { type: 'transfer', transferId: 't', target: 'sip:a@b', mode: 'blind', headers: { 'X-A': 'b' }, timeoutMs: 1000 },
    { type: 'clear', generation: 3 },
    { type: 'hangup', cause: 'normal', reason: 'x' },
    { type: 'error', code: 'OVERLOADED', message: 'x', fatal: true },
    {
      type: 'start',
      callId: 'c',
      direction: 'inbound',
      caller: 'a',
      callee: 'b',
      media: { encoding: 'pcma', sampleRate: 8000 },
      route: { language: 'en' },
    },
    { type: 'dtmf', digit: '5', durationMs: 100 },
  ];
  return {
    name: 'websocket',
    seeds: messages.map((message) => Buffer.from(JSON.stringify(message))),
    feed(input) {
      const text = input.toString('utf8');
      readServerMessage(text);
      readClientMessage(text);
    },
    close: async () => {},
  };
}

function rtp(): FuzzTarget {
  const head = (payloadType: number, sequence: number): Buffer => {
    const bytes = Buffer.alloc(12);
    bytes[0] = 0x80;
    bytes[1] = payloadType;
    bytes.writeUInt16BE(sequence, 2);
    bytes.writeUInt32BE(sequence * 160, 4);
    bytes.writeUInt32BE(0x1234, 8);
    return bytes;
  };
  const receivers = (['pcmu', 'g722'] as const).map(
    (codec) =>
      new RtpReceiver(
        {
          format: { codec, payloadType: 0, dtmfPayloadType: 101, cnPayloadType: 13 },
          line: codec === 'g722' ? 'l16' : 'pcmu',
        },
        { frame: () => {}, key: () => {} },
        { fill: true, nowMs: 0 },
      ),
  );
  let nowMs = 0;
  return {
    name: 'rtp',
    seeds: [
      Buffer.concat([head(0, 1), Buffer.alloc(160, 0xff)]),
      Buffer.concat([head(101, 2), Buffer.of(5, 0x8a, 0, 160)]),
      Buffer.concat([head(13, 3), Buffer.of(40)]),
    ],
    feed(input) {
      const packet = parseRtp(input);
      nowMs += 5;
      for (const receiver of receivers) {
        if (packet) receiver.accept(packet, nowMs);
        receiver.tick(nowMs);
      }
    },
    close: async () => {},
  };
}

function rtcp(): FuzzTarget {
  const report = Buffer.alloc(52);
  report.writeUInt32BE(0x81c8000c, 0);
  const source = Buffer.concat([
    Buffer.from('81ca0003', 'hex'),
    Buffer.alloc(4),
    Buffer.from('0105'),
    Buffer.from('hello\0'),
  ]);
  return {
    name: 'rtcp',
    seeds: [report, Buffer.concat([report, source]), Buffer.from('81cb000100001234', 'hex')],
    feed(input) {
      parseRtcp(input);
    },
    close: async () => {},
  };
}

/** What reads single lines, and what splits a TCP stream. */
function stream(): FuzzTarget {
  return {
    name: 'stream',
    seeds: torture,
    feed(input) {
      framedLength(input, 65_535);
      const text = input.toString('utf8').slice(0, 2000);
      parseUri(text);
      parseVia(text);
      readDigest(text);
    },
    close: async () => {},
  };
}

import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import type { Logger } from '../log.js';
import { withoutKeys } from '../sdes.js';
import type { Destination, Protocol } from '../sip/channel.js';
import { headerOf } from '../sip/text.js';
import type { HepConfig } from './config.js';

/** HEP3, Homer's encapsulation of SIP: https://github.com/sipcapture/HEP (revision 36). */

const CHUNK = {
  family: 1,
  ipProtocol: 2,
  sourceIp4: 3,
  targetIp4: 4,
  sourceIp6: 5,
  targetIp6: 6,
  sourcePort: 7,
  targetPort: 8,
  seconds: 9,
  microseconds: 10,
  payloadType: 11,
  captureId: 12,
  password: 14,
  payload: 15,
  correlation: 17,
} as const;
const SIP = 1;
/** A datagram holds no more; longer messages lose their end. */
const MAX_PAYLOAD_BYTES = 60_000;

export interface HepMessage {
  readonly protocol: Protocol;
  readonly from: Pick<Destination, 'address' | 'port'>;
  readonly to: Pick<Destination, 'address' | 'port'>;
  readonly atMs: number;
  readonly text: string;
}

export function hepPacket(message: HepMessage, config: Pick<HepConfig, 'captureId' | 'password'>): Buffer {
  const v6 = isIPv6(message.from.address);
  const chunks = [
    chunk(CHUNK.family, Buffer.of(v6 ? 10 : 2)),
    chunk(CHUNK.ipProtocol, Buffer.of(message.protocol === 'UDP' ? 17 : 6)),
    chunk(v6 ? CHUNK.sourceIp6 : CHUNK.sourceIp4, ipBytes(message.from.address, v6)),
    chunk(v6 ? CHUNK.targetIp6 : CHUNK.targetIp4, ipBytes(message.to.address, v6)),
    chunk(CHUNK.sourcePort, uint16(message.from.port)),
    chunk(CHUNK.targetPort, uint16(message.to.port)),
    chunk(CHUNK.seconds, uint32(Math.floor(message.atMs / 1000))),
    chunk(CHUNK.microseconds, uint32(Math.floor((message.atMs % 1000) * 1000))),
    chunk(CHUNK.payloadType, Buffer.of(SIP)),
    chunk(CHUNK.captureId, uint32(config.captureId)),
    ...(config.password === undefined ? [] : [chunk(CHUNK.password, Buffer.from(config.password))]),
    chunk(CHUNK.correlation, Buffer.from((headerOf(message.text, 'call-id') ?? '').slice(0, 256))),
    chunk(CHUNK.payload, Buffer.from(withoutKeys(message.text)).subarray(0, MAX_PAYLOAD_BYTES)),
  ];
  const body = Buffer.concat(chunks);
  return Buffer.concat([Buffer.from('HEP3'), uint16(body.length + 6), body]);
}

function chunk(type: number, value: Buffer): Buffer {
  return Buffer.concat([uint16(0), uint16(type), uint16(value.length + 6), value]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** 4 or 16 bytes; what is no address becomes zeros. */
function ipBytes(address: string, v6: boolean): Buffer {
  if (!v6) return Buffer.from(isIP(address) === 4 ? address.split('.').map(Number) : [0, 0, 0, 0]);
  const bytes = Buffer.alloc(16);
  if (isIP(address) !== 6) return bytes;
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? [];
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [left, right] = [groups(head), groups(tail)];
  for (const [index, value] of left.entries()) bytes.writeUInt16BE(value, index * 2);
  for (const [index, value] of right.entries()) bytes.writeUInt16BE(value, 16 - (right.length - index) * 2);
  return bytes;
}

/** Sends a copy of every SIP message to Homer. What can't be sent is not missed. */
export class HepMirror {
  readonly #config: HepConfig;
  readonly #address: string;
  readonly #socket: Socket;

  private constructor(config: HepConfig, address: string) {
    this.#config = config;
    this.#address = address;
    this.#socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    this.#socket.on('error', () => {});
    this.#socket.unref();
  }

  /** Undefined when the host can't be found: telephony goes on without its mirror. */
  static async open(config: HepConfig, logger: Logger): Promise<HepMirror | undefined> {
    try {
      const address = isIP(config.host) ? config.host : (await lookup(config.host)).address;
      return new HepMirror(config, address);
    } catch (error) {
      logger.error({ host: config.host, err: String(error) }, 'no SIP is mirrored: the host was not found');
      return undefined;
    }
  }

  send(message: HepMessage): void {
    this.#socket.send(hepPacket(message, this.#config), this.#config.port, this.#address, () => {});
  }

  close(): void {
    this.#socket.close();
  }
}

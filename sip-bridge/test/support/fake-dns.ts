import { createSocket, type Socket } from 'node:dgram';

export type FakeRecord =
  | { readonly type: 'A'; readonly address: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | {
      readonly type: 'NAPTR';
      readonly order: number;
      readonly preference: number;
      readonly flags: string;
      readonly service: string;
      readonly replacement: string;
    };

const TYPES: Readonly<Record<number, FakeRecord['type']>> = { 1: 'A', 33: 'SRV', 35: 'NAPTR' };
const NUMBERS = { A: 1, SRV: 33, NAPTR: 35 } as const;

/** A name server on a free port that knows only what a test tells it; everything else does not exist. */
export class FakeDns {
  readonly asked: string[] = [];
  readonly #socket: Socket;
  readonly #zone: Readonly<Record<string, readonly FakeRecord[]>>;

  private constructor(socket: Socket, zone: Readonly<Record<string, readonly FakeRecord[]>>) {
    this.#socket = socket;
    this.#zone = zone;
    socket.on('message', (query, from) => socket.send(this.#answer(query), from.port, from.address));
  }

  static async start(zone: Readonly<Record<string, readonly FakeRecord[]>>): Promise<FakeDns> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new FakeDns(socket, zone);
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #answer(query: Buffer): Buffer {
    let at = 12;
    const labels: string[] = [];
    while ((query[at] ?? 0) !== 0) {
      const length = query[at] ?? 0;
      labels.push(query.toString('ascii', at + 1, at + 1 + length));
      at += length + 1;
    }
    const name = labels.join('.').toLowerCase();
    const type = TYPES[query.readUInt16BE(at + 1)];
    this.asked.push(`${type} ${name}`);
    const records = (this.#zone[name] ?? []).filter((record) => record.type === type);
    const head = Buffer.from(query.subarray(0, at + 5));
    head.writeUInt16BE(records.length > 0 ? 0x8180 : 0x8183, 2);
    head.writeUInt16BE(records.length, 6);
    head.writeUInt16BE(0, 8);
    head.writeUInt16BE(0, 10);
    return Buffer.concat([head, ...records.map(encode)]);
  }
}

function encode(record: FakeRecord): Buffer {
  const data = dataOf(record);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(NUMBERS[record.type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function dataOf(record: FakeRecord): Buffer {
  const u16 = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 2);
    values.forEach((value, index) => void bytes.writeUInt16BE(value, index * 2));
    return bytes;
  };
  const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  if (record.type === 'A') return Buffer.from(record.address.split('.').map(Number));
  if (record.type === 'SRV')
    return Buffer.concat([u16(record.priority, record.weight, record.port), nameBytes(record.target)]);
  return Buffer.concat([
    u16(record.order, record.preference),
    text(record.flags),
    text(record.service),
    text(''),
    nameBytes(record.replacement),
  ]);
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
    Buffer.of(0),
  ]);
}

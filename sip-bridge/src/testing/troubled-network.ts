import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface Trouble {
  /** Of 100 packets. */
  readonly lossPercent: number;
  /** Each packet waits between 0 and this, evenly spread; what overtakes is reordered. */
  readonly jitterMs: number;
  readonly duplicatePercent: number;
}

export interface TroubledNetworkOptions {
  /** The bridge's SIP port on `hosts.bridge`. */
  readonly bridgePort: number;
  /** Addresses of the bridge, and ours towards the phone and towards the bridge; default: all are 127.0.0.1. */
  readonly hosts?: { readonly bridge: string; readonly outside: string; readonly inside: string };
  /** Same seed, same dice; what they fall on depends on when packets come. */
  readonly seed: number;
  readonly trouble: Trouble;
}

export interface NetworkCounts {
  passed: number;
  lost: number;
  doubled: number;
  /** Left after one that came later. */
  overtaken: number;
}

type Send = (datagram: Buffer) => void;

const LOOPBACK = { bridge: '127.0.0.1', outside: '127.0.0.1', inside: '127.0.0.1' };
const MAX_CALLS = 100;
const MAX_WAITING = 5000;

/**
 * A bad network between one phone and the bridge, in user space, for machines whose kernel has no netem: a SIP-aware relay like a provider's session border controller, which puts itself
 * into Contact and SDP, loses, delays, reorders and doubles what passes (signalling too), and can change the address that a phone's audio comes from as a NAT does.
 */
export class TroubledNetwork {
  /** All calls and both directions together; audio only. */
  readonly audio: NetworkCounts = { passed: 0, lost: 0, doubled: 0, overtaken: 0 };
  readonly #options: TroubledNetworkOptions;
  readonly #outside: Socket;
  readonly #inside: Socket;
  /** By the address in the phone's SDP, and in the bridge's. */
  readonly #lines = new Map<string, MediaLine>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #phone: RemoteInfo | undefined;
  #state: number;
  #closed = false;

  private constructor(options: TroubledNetworkOptions, outside: Socket, inside: Socket) {
    this.#options = options;
    this.#state = options.seed >>> 0;
    this.#outside = outside;
    this.#inside = inside;
    outside.on('message', (datagram, from) => {
      this.#phone = from;
      this.#signal(datagram, 'in');
    });
    inside.on('message', (datagram) => this.#signal(datagram, 'out'));
  }

  static async open(options: TroubledNetworkOptions): Promise<TroubledNetwork> {
    const { outside, inside } = options.hosts ?? LOOPBACK;
    return new TroubledNetwork(options, await bound(outside), await bound(inside));
  }

  get #hosts(): { readonly bridge: string; readonly outside: string; readonly inside: string } {
    return this.#options.hosts ?? LOOPBACK;
  }

  /** Where the phone dials. */
  get uri(): string {
    const { address, port } = this.#outside.address();
    return `sip:hearken@${address}:${port}`;
  }

  /** The audio of all calls comes from another port of another address from here on (the bridge has to allow that network). */
  async changeAddress(address = '127.0.0.2'): Promise<void> {
    await Promise.all([...this.#lines.values()].map((line) => line.move(address)));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#outside.close();
    this.#inside.close();
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
  }

  /** One packet through the bad network. */
  pass(datagram: Buffer, counts: NetworkCounts | undefined, order: { last: number; next: number }, send: Send): void {
    const { lossPercent, jitterMs, duplicatePercent } = this.#options.trouble;
    if (this.#roll() * 100 < lossPercent || this.#timers.size > MAX_WAITING) {
      if (counts) counts.lost++;
      return;
    }
    const copies = this.#roll() * 100 < duplicatePercent ? 2 : 1;
    if (counts && copies === 2) counts.doubled++;
    const number = order.next++;
    const kept = Buffer.from(datagram);
    for (let copy = 0; copy < copies; copy++) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        if (counts && copy === 0) {
          counts.passed++;
          if (number < order.last) counts.overtaken++;
          order.last = Math.max(order.last, number);
        }
        if (!this.#closed) send(kept);
      }, this.#roll() * jitterMs);
      this.#timers.add(timer);
    }
  }

  readonly #signalOrder = { last: 0, next: 0 };

  #signal(datagram: Buffer, direction: 'in' | 'out'): void {
    this.#rewrite(datagram.toString('utf8'), direction).then(
      (text) =>
        this.pass(Buffer.from(text), undefined, this.#signalOrder, (message) => {
          if (direction === 'in') this.#inside.send(message, this.#options.bridgePort, this.#hosts.bridge);
          else if (this.#phone) this.#outside.send(message, this.#phone.port, this.#phone.address);
        }),
      // What can't be passed on is lost, as on any bad network.
      () => undefined,
    );
  }

  /** We stand in Contact and SDP in place of the one who wrote them. */
  async #rewrite(text: string, direction: 'in' | 'out'): Promise<string> {
    const { address: host, port: own } = (direction === 'in' ? this.#inside : this.#outside).address();
    const contact = text.replace(
      /^(Contact:\s*<sip:[^@>]*@)[\d.]+(?::\d+)?/im,
      (_all, start: string) => `${start}${host}:${own}`,
    );
    const end = contact.indexOf('\r\n\r\n');
    const body = contact.slice(end + 4);
    const address = /^c=IN IP4 ([\d.]+)/m.exec(body)?.[1];
    const port = Number(/^m=audio (\d+)/m.exec(body)?.[1] ?? 0);
    if (end < 0 || address === undefined || port === 0) return contact;
    const callId = /^Call-ID:\s*(\S+)/im.exec(text)?.[1] ?? '';
    const line = await this.#line(callId);
    const mine = line.signalled(direction === 'in' ? 'phone' : 'bridge', address, port);
    const changed = body
      .replace(/^c=IN IP4 [\d.]+/gm, `c=IN IP4 ${mine.address}`)
      .replace(/^m=audio \d+/m, `m=audio ${mine.port}`);
    const head = contact
      .slice(0, end)
      .replace(/^Content-Length:\s*\d+/im, `Content-Length: ${Buffer.byteLength(changed)}`);
    return `${head}\r\n\r\n${changed}`;
  }

  async #line(callId: string): Promise<MediaLine> {
    const known = this.#lines.get(callId);
    if (known) return known;
    if (this.#lines.size >= MAX_CALLS) throw new Error('too many calls for this network');
    const line = new MediaLine(this, await bound(this.#hosts.outside), await bound(this.#hosts.inside));
    // Sent twice, the same INVITE may be here twice by now.
    const other = this.#lines.get(callId);
    if (other) {
      line.close();
      return other;
    }
    this.#lines.set(callId, line);
    return line;
  }

  /** mulberry32: small, seeded, good enough for dice. */
  #roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** One call's audio: a socket towards the phone and one towards the bridge. */
class MediaLine {
  readonly #network: TroubledNetwork;
  readonly #outside: Socket;
  #inside: Socket;
  #phone: { readonly address: string; readonly port: number } | undefined;
  #bridge: { readonly address: string; readonly port: number } | undefined;
  readonly #orders = { in: { last: 0, next: 0 }, out: { last: 0, next: 0 } };

  constructor(network: TroubledNetwork, outside: Socket, inside: Socket) {
    this.#network = network;
    this.#outside = outside;
    this.#inside = inside;
    outside.on('message', (datagram) =>
      network.pass(datagram, network.audio, this.#orders.in, (packet) => {
        if (this.#bridge) this.#inside.send(packet, this.#bridge.port, this.#bridge.address);
      }),
    );
    this.#hear(inside);
  }

  /** Where that side wants its audio; returns what the other side is told. */
  signalled(by: 'phone' | 'bridge', address: string, port: number): { address: string; port: number } {
    if (by === 'phone') this.#phone = { address, port };
    else this.#bridge = { address, port };
    return (by === 'phone' ? this.#inside : this.#outside).address();
  }

  async move(address: string): Promise<void> {
    const old = this.#inside;
    this.#inside = await bound(address);
    this.#hear(this.#inside);
    old.close();
  }

  close(): void {
    this.#outside.close();
    this.#inside.close();
  }

  #hear(inside: Socket): void {
    inside.on('message', (datagram) =>
      this.#network.pass(datagram, this.#network.audio, this.#orders.out, (packet) => {
        if (this.#phone) this.#outside.send(packet, this.#phone.port, this.#phone.address);
      }),
    );
  }
}

async function bound(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

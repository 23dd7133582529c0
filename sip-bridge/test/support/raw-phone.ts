import { createSocket, type Socket } from 'node:dgram';
import { headerOf, startLineOf } from '../../src/sip/text.js';

export interface InviteOptions {
  readonly sdp?: string | null;
  readonly headers?: readonly string[];
  readonly callId?: string;
}

export function offer(
  port: number,
  options: { readonly formats?: string; readonly lines?: readonly string[] } = {},
): string {
  const lines = options.lines ?? ['a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', 'a=sendrecv'];
  return `${[
    'v=0',
    'o=test 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP ${options.formats ?? '0 101'}`,
    ...lines,
  ].join('\r\n')}\r\n`;
}

let count = 0;

/** A SIP peer whose every word is the test's: nothing is sent or repeated by itself. */
export class RawPhone {
  readonly received: string[] = [];
  readonly callId = `raw-${process.pid}-${++count}@test`;
  readonly fromTag = `from${count}`;
  readonly #socket: Socket;
  readonly #port: number;
  readonly #to: number;
  readonly #waiters = new Set<() => void>();
  toTag = '';
  cseq = 1;
  #branches = 0;
  readonly #answers = new Map<string, { status: number; headers: readonly string[]; body: string }>();

  private constructor(socket: Socket, to: number) {
    this.#socket = socket;
    this.#port = socket.address().port;
    this.#to = to;
    socket.on('message', (datagram) => {
      this.received.push(datagram.toString('utf8'));
      this.#answer(datagram.toString('utf8'));
      for (const waiter of this.#waiters) waiter();
    });
  }

  static async open(bridgePort: number): Promise<RawPhone> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return new RawPhone(socket, bridgePort);
  }

  get port(): number {
    return this.#port;
  }

  send(text: string | Uint8Array): void {
    this.#socket.send(text, this.#to, '127.0.0.1');
  }

  branch(): string {
    return `z9hG4bK-${this.fromTag}-${process.pid}-${++this.#branches}`;
  }

  /** A request in (or before) this phone's one dialog. */
  request(
    method: string,
    options: {
      readonly branch?: string;
      readonly cseq?: number;
      readonly headers?: readonly string[];
      readonly body?: string;
      readonly type?: string;
    } = {},
  ): string {
    const body = options.body ?? '';
    const cseq = options.cseq ?? (method === 'ACK' || method === 'CANCEL' ? this.cseq : ++this.cseq);
    return `${[
      `${method} sip:bot@127.0.0.1:${this.#to} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.#port};branch=${options.branch ?? this.branch()};rport`,
      'Max-Forwards: 70',
      `From: <sip:raw@127.0.0.1>;tag=${this.fromTag}`,
      `To: <sip:bot@127.0.0.1>${this.toTag === '' ? '' : `;tag=${this.toTag}`}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:raw@127.0.0.1:${this.#port}>`,
      ...(options.headers ?? []),
      ...(body === '' ? [] : [`Content-Type: ${options.type ?? 'application/sdp'}`]),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ].join('\r\n')}\r\n\r\n${body}`;
  }

  invite(options: InviteOptions & { readonly branch?: string } = {}): string {
    const body = options.sdp === null ? '' : (options.sdp ?? offer(this.#port + 1));
    return this.request('INVITE', {
      body,
      headers: options.headers ?? [],
      ...(options.branch === undefined ? {} : { branch: options.branch }),
    });
  }

  /** The first message that fits, whether it is here already or not. */
  async heard(pattern: RegExp, limitMs = 30_000, from = 0): Promise<string> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const found = this.received.slice(from).find((message) => pattern.test(message));
      if (found !== undefined) return found;
      const left = deadline - Date.now();
      if (left <= 0) {
        throw new Error(`No ${pattern} within ${limitMs} ms; heard: ${this.received.map(startLineOf).join(' | ')}`);
      }
      await this.#news(left);
    }
  }

  /** INVITE, wait for the 200, remember its tag. No ACK. */
  async dial(options: InviteOptions = {}): Promise<string> {
    this.send(this.invite(options));
    const ok = await this.heard(/^SIP\/2\.0 200 OK[\s\S]*CSeq: \d+ INVITE/);
    this.toTag = /;tag=([^;\s]+)/.exec(headerOf(ok, 'to') ?? '')?.[1] ?? '';
    return ok;
  }

  ack(options: { readonly body?: string } = {}): void {
    this.send(this.request('ACK', options));
  }

  /** 200 to a request of the other side. */
  ok(request: string): void {
    const keep = (name: string): string => `${name}: ${headerOf(request, name.toLowerCase()) ?? ''}`;
    this.send(
      `${['SIP/2.0 200 OK', keep('Via'), keep('From'), keep('To'), keep('Call-ID'), keep('CSeq'), 'Content-Length: 0'].join('\r\n')}\r\n\r\n`,
    );
  }

  /** From here on requests of that method get this status. */
  answerWith(method: string, status: number, headers: readonly string[] = [], body = ''): void {
    this.#answers.set(method, { status, headers, body });
  }

  #answer(request: string): void {
    const method = startLineOf(request).split(' ')[0] ?? '';
    const answer = this.#answers.get(method);
    if (!answer) return;
    const keep = (name: string): string => `${name}: ${headerOf(request, name.toLowerCase()) ?? ''}`;
    const to = /;tag=/.test(headerOf(request, 'to') ?? '') ? '' : `;tag=to${this.#port}`;
    const lines = [
      `SIP/2.0 ${answer.status} Said by the test`,
      ...[keep('Via'), keep('From'), `${keep('To')}${to}`, keep('Call-ID'), keep('CSeq')],
      `Contact: <sip:raw@127.0.0.1:${this.#port}>`,
      ...answer.headers,
      ...(answer.body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(answer.body)}`,
    ];
    const port = Number(/:(\d+)/.exec(headerOf(request, 'via') ?? '')?.[1]);
    this.#socket.send(`${lines.join('\r\n')}\r\n\r\n${answer.body}`, port, '127.0.0.1');
  }

  count(pattern: RegExp): number {
    return this.received.filter((message) => pattern.test(message)).length;
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #news(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limitMs);
      this.#waiters.add(done);
    });
  }
}

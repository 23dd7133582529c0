import { connect, createServer, type Server, type Socket } from 'node:net';
import { BridgeError } from '../errors.js';
import type { Channel, ChannelOptions, Destination } from './channel.js';
import { framedLength } from './text.js';
import { bindError } from './transport-udp.js';

const MAX_CONNECTIONS = 1000;
const CONNECT_TIMEOUT_MS = 5000;
/** A peer with no call and no registration has nothing to say for longer than this. */
const IDLE_TIMEOUT_MS = 15 * 60_000;
/** Unsent bytes at which a peer counts as stuck. */
const MAX_UNSENT_BYTES = 1024 * 1024;
const KEEP_ALIVE_PING = '\r\n\r\n';

/** SIP over TCP: one listener, and connections in both directions that are used for whatever goes to that peer. */
export class TcpChannel implements Channel {
  readonly protocol = 'TCP';
  readonly port: number;
  readonly #server: Server;
  readonly #options: ChannelOptions;
  readonly #connections = new Map<string, Socket>();
  #closed = false;

  private constructor(server: Server, port: number, options: ChannelOptions) {
    this.#server = server;
    this.port = port;
    this.#options = options;
    server.on('connection', (socket) => this.#adopt(socket));
    server.on('error', () => {});
  }

  /** Throws PORT_TAKEN. */
  static async listen(options: ChannelOptions): Promise<TcpChannel> {
    const server = createServer({ noDelay: true, keepAlive: true });
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(bindError('TCP', options, error)));
      server.listen({ host: options.host, port: options.port, exclusive: true }, resolve);
    });
    server.removeAllListeners('error');
    const address = server.address();
    return new TcpChannel(server, typeof address === 'object' && address ? address.port : options.port, options);
  }

  async send(message: string, to: Destination): Promise<void> {
    if (this.#closed) throw new BridgeError('CLOSED', 'The TCP listener is closed.');
    const known = (to.flow && this.#connections.get(to.flow)) || this.#connections.get(`${to.address}:${to.port}`);
    const socket = known && !known.destroyed ? known : await this.#connect(to);
    if (socket.writableLength > MAX_UNSENT_BYTES) {
      socket.destroy();
      throw new BridgeError('SIP_ADDRESS', `${to.address}:${to.port} does not read what it is sent.`);
    }
    await new Promise<void>((resolve, reject) => {
      socket.write(message, 'utf8', (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const socket of this.#connections.values()) socket.destroySoon();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #connect(to: Destination): Promise<Socket> {
    const socket = connect({ host: to.address, port: to.port, noDelay: true, keepAlive: true });
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () =>
            reject(
              new BridgeError(
                'TIMEOUT',
                `No TCP connection to ${to.address}:${to.port} within ${CONNECT_TIMEOUT_MS} ms.`,
              ),
            ),
          CONNECT_TIMEOUT_MS,
        );
        socket.once('connect', () => {
          clearTimeout(timer);
          resolve();
        });
        socket.once('error', (error) => {
          clearTimeout(timer);
          reject(error);
        });
      });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    this.#adopt(socket);
    return socket;
  }

  #adopt(socket: Socket): void {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const port = socket.remotePort ?? 0;
    const flow = `${address}:${port}`;
    this.#connections.set(flow, socket);
    let pending: Buffer = Buffer.alloc(0);
    socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.#connections.get(flow) === socket) this.#connections.delete(flow);
    });
    socket.on('data', (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      for (;;) {
        pending = this.#skipKeepAlive(pending, socket);
        if (pending.length === 0) return;
        const length = framedLength(pending, this.#options.maxMessageBytes);
        if (length === -1) return;
        if (length === -2) {
          // Out of step with the stream, or hostile: nothing after this can be trusted.
          socket.destroy();
          return;
        }
        const message = pending.subarray(0, length).toString('utf8');
        pending = pending.subarray(length);
        this.#options.onMessage(message, { address, port, flow });
      }
    });
  }

  /** RFC 5626 §3.5.1: a double CRLF between messages is a ping and wants one back. */
  #skipKeepAlive(pending: Buffer, socket: Socket): Buffer {
    let at = 0;
    while (at < pending.length && (pending[at] === 13 || pending[at] === 10)) at++;
    if (at >= KEEP_ALIVE_PING.length && at === pending.length) socket.write('\r\n');
    return at === 0 ? pending : pending.subarray(at);
  }
}

import { connect, createServer, isIP, type Server, type Socket } from 'node:net';
import {
  connect as connectTls,
  createServer as createTlsServer,
  type SecureContextOptions,
  type TLSSocket,
  type Server as TlsServer,
} from 'node:tls';
import { BridgeError } from '../errors.js';
import type { Channel, ChannelOptions, Destination } from './channel.js';
import { framedLength } from './text.js';
import { bindError } from './transport-udp.js';

const MAX_CONNECTIONS = 1000;
const CONNECT_TIMEOUT_MS = 5000;
/** A peer with no call and no registration has nothing to say for longer than this. */
const IDLE_TIMEOUT_MS = 15 * 60_000;
/** Probes of TCP's own, without which a NAT forgets the connection of a registration between two refreshes (AWS: after 350 s). */
const KEEP_ALIVE_MS = 60_000;
/** While there are no more than so many, those that we opened are kept: registrars and targets call back over them. */
const KEPT_CONNECTIONS = 500;
/** Unsent bytes at which a peer counts as stuck. */
const MAX_UNSENT_BYTES = 1024 * 1024;
const KEEP_ALIVE_PING = '\r\n\r\n';

/** PEM texts, and whom they are held against. */
export interface TlsMaterial extends Pick<SecureContextOptions, 'cert' | 'key' | 'ca'> {
  readonly clientCertificates: 'none' | 'check' | 'require';
  readonly verifyServers: boolean;
}

/** SIP over TCP or TLS: one listener, and connections in both directions that are used for whatever goes to that peer. */
export class StreamChannel implements Channel {
  readonly protocol: 'TCP' | 'TLS';
  readonly port: number;
  #tls: TlsMaterial | undefined;
  readonly #server: Server;
  readonly #options: ChannelOptions;
  readonly #connections = new Map<string, Socket>();
  /** Whether a call is up that began on that connection. */
  carries: (flow: string) => boolean = () => false;
  #closed = false;

  private constructor(server: Server, port: number, options: ChannelOptions, tls: TlsMaterial | undefined) {
    this.#server = server;
    this.port = port;
    this.#options = options;
    this.#tls = tls;
    this.protocol = tls ? 'TLS' : 'TCP';
    server.on('connection', (socket: Socket) => {
      if (!tls) this.#adopt(socket, false);
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      // `check`: none is fine, a bad one is not.
      const presented = Object.keys(socket.getPeerCertificate() ?? {}).length > 0;
      if (this.#tls?.clientCertificates === 'check' && presented && !socket.authorized) socket.destroy();
      else this.#adopt(socket, false);
    });
    server.on('error', () => {});
    // A handshake that fails is the peer's loss; without this it would be nobody's.
    server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  }

  /** Throws PORT_TAKEN. */
  static async listen(options: ChannelOptions, tls?: TlsMaterial): Promise<StreamChannel> {
    const server = tls
      ? createTlsServer({ ...serverContext(tls), handshakeTimeout: CONNECT_TIMEOUT_MS })
      : createServer({ noDelay: true });
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(bindError(tls ? 'TLS' : 'TCP', options, error)));
      server.listen({ host: options.host, port: options.port, exclusive: true }, resolve);
    });
    server.removeAllListeners('error');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : options.port;
    return new StreamChannel(server, port, options, tls);
  }

  /** New certificates, for connections from now on. Throws what OpenSSL says about bad ones. */
  renew(tls: TlsMaterial): void {
    (this.#server as TlsServer).setSecureContext(serverContext(tls));
    this.#tls = tls;
  }

  async send(message: string, to: Destination): Promise<void> {
    if (this.#closed) throw new BridgeError('CLOSED', `The ${this.protocol} listener is closed.`);
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

  async #connect(to: Destination, limitMs = CONNECT_TIMEOUT_MS): Promise<Socket> {
    const socket = this.#tls ? dialTls(to, this.#tls) : connect({ host: to.address, port: to.port, noDelay: true });
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () =>
            reject(
              new BridgeError(
                'TIMEOUT',
                `No ${this.protocol} connection to ${to.address}:${to.port} within ${limitMs} ms.`,
              ),
            ),
          limitMs,
        );
        socket.once(this.#tls ? 'secureConnect' : 'connect', () => {
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
    this.#adopt(socket, true);
    return socket;
  }

  /** `ours`: we opened it. */
  #adopt(socket: Socket, ours: boolean): void {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const port = socket.remotePort ?? 0;
    const flow = `${address}:${port}`;
    this.#connections.set(flow, socket);
    let pending: Buffer = Buffer.alloc(0);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const { idleTimeoutMs = IDLE_TIMEOUT_MS } = this.#options;
    socket.setTimeout(idleTimeoutMs);
    socket.on('timeout', () => {
      if (this.carries(flow) || (ours && this.#connections.size <= KEPT_CONNECTIONS)) socket.setTimeout(idleTimeoutMs);
      else socket.destroy();
    });
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

  /** Opens a connection where there is none. Rejects when there can't be one within `limitMs`. */
  async reach(to: Destination, limitMs: number): Promise<void> {
    const known = this.#connections.get(`${to.address}:${to.port}`);
    if (known && !known.destroyed) return;
    await this.#connect(to, limitMs);
  }

  /** RFC 5626 §3.5.1: a double CRLF between messages is a ping and wants one back. */
  #skipKeepAlive(pending: Buffer, socket: Socket): Buffer {
    let at = 0;
    while (at < pending.length && (pending[at] === 13 || pending[at] === 10)) at++;
    if (at >= KEEP_ALIVE_PING.length && at === pending.length) socket.write('\r\n');
    return at === 0 ? pending : pending.subarray(at);
  }
}

function serverContext(tls: TlsMaterial): SecureContextOptions & { requestCert: boolean; rejectUnauthorized: boolean } {
  return {
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    minVersion: 'TLSv1.2',
    requestCert: tls.clientCertificates !== 'none',
    rejectUnauthorized: tls.clientCertificates === 'require',
  };
}

function dialTls(to: Destination, tls: TlsMaterial): Socket {
  const name = to.host ?? to.address;
  return connectTls({
    host: to.address,
    port: to.port,
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: tls.verifyServers,
    // The name of the domain, not of the host an SRV record led to (RFC 5922 §4).
    ...(isIP(name) ? {} : { servername: name }),
  });
}

import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { BridgeError, messageOf, systemCode } from '../errors.js';
import type { Channel, ChannelOptions, Destination } from './channel.js';

/** A burst of 50 INVITEs with their bodies must fit while the loop is busy. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** SIP over UDP. */
export class UdpChannel implements Channel {
  readonly protocol = 'UDP';
  readonly #socket: Socket;
  #closed = false;

  private constructor(socket: Socket, options: ChannelOptions) {
    this.#socket = socket;
    socket.on('message', (datagram, from) => {
      // RFC 5626 keep-alives and stray bytes are shorter than any SIP message.
      if (datagram.length < 16 || datagram.length > options.maxMessageBytes) return;
      options.onMessage(datagram.toString('utf8'), {
        address: from.address,
        port: from.port,
        flow: `${from.address}:${from.port}`,
      });
    });
    // ICMP "port unreachable" of an earlier packet; transactions time out by themselves.
    socket.on('error', () => {});
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Throws PORT_TAKEN. */
  static async bind(options: ChannelOptions): Promise<UdpChannel> {
    const socket = createSocket({ type: isIPv6(options.host) ? 'udp6' : 'udp4' });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(bindError('UDP', options, error));
      });
      socket.bind({ address: options.host, port: options.port, exclusive: true }, resolve);
    });
    socket.removeAllListeners('error');
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    } catch {
      // The system allows less: then it is less.
    }
    return new UdpChannel(socket, options);
  }

  send(message: string, to: Destination): Promise<void> {
    if (this.#closed) return Promise.reject(new BridgeError('CLOSED', 'The UDP socket is closed.'));
    return new Promise((resolve, reject) => {
      this.#socket.send(Buffer.from(message, 'utf8'), to.port, to.address, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }
}

/** What a failed bind means to the one who started us. */
export function bindError(
  protocol: string,
  at: { readonly host: string; readonly port: number },
  error: unknown,
): BridgeError {
  const taken = systemCode(error) === 'EADDRINUSE';
  return new BridgeError(
    'PORT_TAKEN',
    taken
      ? `${protocol} port ${at.port} on ${at.host} is taken by another process.`
      : `Can't listen on ${protocol} ${at.host}:${at.port}: ${messageOf(error)}`,
    {
      hint: taken
        ? 'Stop the other process (ss -lpn shows it), or set HEARKEN_SIP_PORT to a free port.'
        : 'HEARKEN_SIP_HOST must be an address of this machine; ports below 1024 need rights.',
      cause: error,
    },
  );
}

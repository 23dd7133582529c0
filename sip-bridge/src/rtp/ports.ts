import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { BridgeError, messageOf, systemCode } from '../errors.js';

export interface PortPair {
  readonly rtp: Socket;
  /** RTP's port plus one (RFC 3550 §11). */
  readonly rtcp: Socket;
  readonly port: number;
}

/** How often a range of "any" (0) is asked for a free pair. */
const FREE_ATTEMPTS = 50;

/**
 * Hands out an even port and the next one. A range of 0-0 means any free pair. Goes round the range, so that a port rests before it is used
 * again and a late packet of the last call does not reach the next one.
 */
export class PortAllocator {
  readonly #next = new Map<string, number>();

  async open(host: string, portMin: number, portMax: number): Promise<PortPair> {
    if (portMax === 0) return this.#openFree(host);
    const first = portMin + (portMin % 2);
    const pairs = Math.floor((portMax - first + 1) / 2);
    if (pairs < 1) {
      throw new BridgeError('RTP_PORTS_EXHAUSTED', `The RTP range ${portMin}-${portMax} holds no pair of ports.`);
    }
    const range = `${host}:${first}:${pairs}`;
    const start = this.#next.get(range) ?? Math.floor(Math.random() * pairs);
    for (let index = 0; index < pairs; index++) {
      const slot = (start + index) % pairs;
      const pair = await bindPair(host, first + slot * 2);
      if (pair) {
        this.#next.set(range, (slot + 1) % pairs);
        return pair;
      }
    }
    throw new BridgeError('RTP_PORTS_EXHAUSTED', `All ${pairs} port pairs in ${portMin}-${portMax} are taken.`, {
      hint: 'Widen HEARKEN_RTP_PORTS, or lower the number of calls.',
    });
  }

  async #openFree(host: string): Promise<PortPair> {
    for (let attempt = 0; attempt < FREE_ATTEMPTS; attempt++) {
      const probe = await bind(host, 0);
      const port = probe?.address().port ?? 0;
      if (probe) await new Promise<void>((resolve) => probe.close(resolve));
      if (!probe) break;
      const pair = await bindPair(host, port % 2 === 0 ? port : port + 1);
      if (pair) return pair;
    }
    throw new BridgeError('RTP_PORTS_EXHAUSTED', `No free pair of UDP ports on ${host}.`);
  }
}

async function bindPair(host: string, port: number): Promise<PortPair | undefined> {
  if (port < 1 || port > 65_534) return undefined;
  const rtp = await bind(host, port);
  if (!rtp) return undefined;
  const rtcp = await bind(host, port + 1);
  if (rtcp) return { rtp, rtcp, port };
  rtp.close();
  return undefined;
}

/** A bound socket, or undefined where the port is taken. Other failures (no such address) throw. */
function bind(host: string, port: number): Promise<Socket | undefined> {
  const family = isIPv6(host) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    // Addresses are always numbers here; the stock look-up would cost a tick for each packet.
    lookup: (address, _options, callback) => callback(null, address, family),
  });
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      const code = systemCode(error);
      if (code === 'EADDRINUSE' || code === 'EACCES') resolve(undefined);
      else
        reject(
          new BridgeError('RTP_PORTS_EXHAUSTED', `Can't bind RTP to ${host}:${port}: ${messageOf(error)}`, {
            cause: error,
          }),
        );
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Whose `X-Forwarded-For` is believed: nobody's, everybody's, or that of proxies at these addresses and networks. */
export type TrustProxy = boolean | readonly string[];

/** Longest `X-Forwarded-For` that is looked at. */
const MAX_HEADER_CHARS = 2000;

/**
 * Who is at the other end, for limits and for the audit. Each proxy writes whom it has seen behind what the client itself has written, so with a list only what trusted proxies wrote counts; with
 * `true` the first entry does, and a proxy that does not replace the header lets clients choose it.
 */
export class ClientAddresses {
  readonly #trust: TrustProxy;
  readonly #proxies = new BlockList();

  constructor(trust: TrustProxy) {
    this.#trust = trust;
    for (const each of typeof trust === 'boolean' ? [] : trust) {
      const [address = '', prefix] = each.split('/', 2);
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#proxies.addAddress(address, family);
      else this.#proxies.addSubnet(address, Number(prefix), family);
    }
  }

  /** Whether what this address tells of others is believed. As fastify's `trustProxy`. */
  readonly trusts = (address: string): boolean => {
    if (typeof this.#trust === 'boolean') return this.#trust;
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && this.#proxies.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };

  /** The client of a request that fastify does not see (an upgrade), by the same rule. */
  readonly of = (request: Pick<IncomingMessage, 'headers' | 'socket'>): string => {
    let address = request.socket.remoteAddress ?? '';
    const told = String(request.headers['x-forwarded-for'] ?? '').slice(-MAX_HEADER_CHARS);
    for (const next of told === '' ? [] : told.split(',').reverse()) {
      if (!this.trusts(address)) return address;
      address = next.trim();
    }
    return address;
  };
}

/**
 * What limits count: an IPv4 address, and of an IPv6 one its /64, which is what one household or machine is given (RFC 6177): whoever has one has 2^64 addresses. Anything else stays as it is.
 */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = (plain.split('%', 1)[0] ?? '').toLowerCase().split('::', 2);
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...new Array<string>(missing).fill('0'), ...back].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}

/** Without the IPv6 dress of an IPv4 address. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}

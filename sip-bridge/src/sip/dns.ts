import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { BridgeError } from '../errors.js';
import type { Protocol } from './channel.js';
import type { SipUriParts } from './text.js';

/** Where requests to a SIP address go, RFC 3263. */

export interface Target {
  readonly address: string;
  readonly port: number;
  /** For the certificate: what was asked for, not what it was found at. */
  readonly host: string;
}

export interface LocatorOptions {
  /** `10.0.0.2` or `10.0.0.2:5353`; the system's where none is given. */
  readonly servers: readonly string[];
  readonly srv: boolean;
  readonly family: 4 | 6;
  readonly nowMs?: () => number;
}

interface Found {
  readonly targets: readonly Target[];
  readonly expiresAtMs: number;
}

const CACHE_MS = 30_000;
/** One that did not answer is passed over for so long. */
const DOWN_MS = 30_000;
const MAX_CACHED = 1000;
const MAX_TARGETS = 20;
const SERVICES: Readonly<Record<Protocol, string>> = { UDP: '_sip._udp', TCP: '_sip._tcp', TLS: '_sips._tcp' };
const NAPTR_SERVICES: Readonly<Record<string, Protocol>> = { 'sip+d2u': 'UDP', 'sip+d2t': 'TCP', 'sips+d2t': 'TLS' };
/** RFC 3261 §19.1.2. */
export const DEFAULT_PORTS: Readonly<Record<Protocol, number>> = { UDP: 5060, TCP: 5060, TLS: 5061 };

/** Finds hosts, remembers which did not answer, and asks the name server once for many requests. */
export class Locator {
  readonly #options: LocatorOptions;
  readonly #resolver: Resolver;
  readonly #nowMs: () => number;
  readonly #cache = new Map<string, Found>();
  readonly #down = new Map<string, number>();

  constructor(options: LocatorOptions) {
    this.#options = options;
    this.#resolver = new Resolver({ timeout: 2000, tries: 2 });
    if (options.servers.length > 0) this.#resolver.setServers([...options.servers]);
    this.#nowMs = options.nowMs ?? (() => Date.now());
  }

  /** The protocol an address without `transport` wants, by its NAPTR records (§4.1); undefined when they say nothing. */
  async protocolOf(uri: SipUriParts, ours: readonly Protocol[]): Promise<Protocol | undefined> {
    if (!this.#options.srv || isIP(uri.host) || uri.port !== undefined) return undefined;
    try {
      const records = await this.#resolver.resolveNaptr(uri.host);
      const fitting = records
        .filter(({ flags }) => flags.toLowerCase() === 's')
        .sort((a, b) => a.order - b.order || a.preference - b.preference)
        .map(({ service }) => NAPTR_SERVICES[service.toLowerCase()]);
      return fitting.find((protocol) => protocol !== undefined && ours.includes(protocol));
    } catch {
      return undefined;
    }
  }

  /** Best first; those that lately did not answer last. Throws SIP_ADDRESS when nothing is found. */
  async find(uri: SipUriParts, protocol: Protocol): Promise<readonly Target[]> {
    const port = uri.port ?? DEFAULT_PORTS[protocol];
    const family = isIP(uri.host);
    if (family !== 0) return [{ address: uri.host, port, host: uri.host }];
    const key = `${protocol} ${uri.host.toLowerCase()}:${uri.port ?? ''}`;
    const known = this.#cache.get(key);
    const targets = known && known.expiresAtMs > this.#nowMs() ? known.targets : await this.#resolve(uri, protocol);
    if (targets !== known?.targets) this.#remember(key, targets);
    const [up, down] = [targets.filter((target) => !this.#isDown(target)), targets.filter((t) => this.#isDown(t))];
    return [...up, ...down];
  }

  /** It did not answer (§4.3). */
  markDown(target: { readonly address: string; readonly port: number }): void {
    this.#down.set(`${target.address}:${target.port}`, this.#nowMs() + DOWN_MS);
    for (const old of this.#down.keys()) {
      if (this.#down.size <= MAX_CACHED) break;
      this.#down.delete(old);
    }
  }

  markUp(target: { readonly address: string; readonly port: number }): void {
    this.#down.delete(`${target.address}:${target.port}`);
  }

  #isDown({ address, port }: Target): boolean {
    return (this.#down.get(`${address}:${port}`) ?? 0) > this.#nowMs();
  }

  #remember(key: string, targets: readonly Target[]): void {
    this.#cache.delete(key);
    this.#cache.set(key, { targets, expiresAtMs: this.#nowMs() + CACHE_MS });
    for (const old of this.#cache.keys()) {
      if (this.#cache.size <= MAX_CACHED) break;
      this.#cache.delete(old);
    }
  }

  async #resolve(uri: SipUriParts, protocol: Protocol): Promise<readonly Target[]> {
    if (!/^[A-Za-z0-9._-]{1,253}$/.test(uri.host)) throw notFound(uri.host);
    const services =
      this.#options.srv && uri.port === undefined ? await this.#srv(`${SERVICES[protocol]}.${uri.host}`) : [];
    const places = services.length > 0 ? services : [{ name: uri.host, port: uri.port ?? DEFAULT_PORTS[protocol] }];
    const found: Target[] = [];
    for (const place of places.slice(0, MAX_TARGETS)) {
      for (const address of await this.#addresses(place.name)) {
        found.push({ address, port: place.port, host: uri.host });
      }
    }
    if (found.length === 0) throw notFound(uri.host);
    return found;
  }

  /** By priority, and at random by weight within one (RFC 2782). */
  async #srv(name: string): Promise<{ name: string; port: number }[]> {
    try {
      const records = await this.#resolver.resolveSrv(name);
      return records
        .filter((record) => record.name !== '' && record.name !== '.')
        .map((record) => ({ ...record, lot: Math.random() ** (1 / Math.max(record.weight, 0.01)) }))
        .sort((a, b) => a.priority - b.priority || b.lot - a.lot)
        .map((record) => ({ name: record.name, port: record.port }));
    } catch {
      return [];
    }
  }

  async #addresses(name: string): Promise<string[]> {
    if (isIP(name)) return [name];
    const { family, servers } = this.#options;
    try {
      if (servers.length > 0) {
        return await (family === 6 ? this.#resolver.resolve6(name) : this.#resolver.resolve4(name));
      }
      // The system's way knows /etc/hosts as well.
      return (await lookup(name, { family, all: true })).map(({ address }) => address);
    } catch {
      return [];
    }
  }
}

function notFound(host: string): BridgeError {
  return new BridgeError('SIP_ADDRESS', `No address was found for ${host.slice(0, 253)}.`, {
    hint: 'Check the name, and bridge.sip.dnsServers where those are set.',
  });
}

import { isIP } from 'node:net';
import { BridgeError } from '../errors.js';
import type { Destination, Protocol, Source } from './channel.js';
import { DEFAULT_PORTS, type Locator } from './dns.js';
import { headerOf, parseUri, parseVia, splitFirst, startLineOf } from './text.js';

const MAX_FLOWS = 20_000;
/** A dialog that is over may still have to answer: a challenged BYE, a repeated 200. */
const LINGER_MS = 32_000;

const BRANCH = 'branch ';

interface Flow extends Source {
  readonly sentBy: string | undefined;
}

/** Under which the way back to a request is remembered. */
export function branchKey(branch: string): string {
  return `${BRANCH}${branch}`;
}

/** Where messages go: the way they came, where that is known; else as RFC 3261 and RFC 3263 say. */
export class Paths {
  readonly #locator: Locator;
  readonly #protocol: Protocol;
  /** The way back to the peer of a dialog (by Call-ID) or of a request (by branch), where a new connection would not reach it. */
  readonly #flows = new Map<string, Flow>();
  /** What a name led to, by Call-ID and name: one call's requests all go to one host. */
  readonly #chosen = new Map<string, Destination>();
  readonly #lingering = new Map<string, NodeJS.Timeout>();

  constructor(locator: Locator, protocol: Protocol) {
    this.#locator = locator;
    this.#protocol = protocol;
  }

  /** `sentBy`: what its own Via calls the sender, where that is another address than it came from: a NAT is in between. */
  remember(key: string, source: Source, sentBy?: string): void {
    this.#flows.delete(key);
    this.#flows.set(key, { ...source, sentBy });
    trim(this.#flows);
  }

  flowOf(key: string): Source | undefined {
    return this.#flows.get(key);
  }

  /** A call began on that connection and is not over. */
  carries(flow: string): boolean {
    for (const [key, known] of this.#flows) if (known.flow === flow && !key.startsWith(BRANCH)) return true;
    return false;
  }

  /** A call begins: one that was refused before under the same Call-ID (422, another SDP, another try of a proxy) must not take its ways along. */
  keep(callId: string): void {
    clearTimeout(this.#lingering.get(callId));
    this.#lingering.delete(callId);
  }

  /** What is remembered, of dialogs that are over and not quite forgotten too. */
  get size(): number {
    return this.#flows.size + this.#chosen.size + this.#lingering.size;
  }

  /** The dialog with that Call-ID is over; `gone` is called when nothing of it can come any more. */
  forget(callId: string, gone: () => void): void {
    this.keep(callId);
    const timer = setTimeout(() => {
      this.#lingering.delete(callId);
      gone();
      this.#flows.delete(callId);
      for (const key of this.#chosen.keys()) if (key.startsWith(`${callId} `)) this.#chosen.delete(key);
    }, LINGER_MS);
    timer.unref();
    this.#lingering.set(callId, timer);
  }

  /** What a request of that Call-ID was sent to gave no answer: the next one goes elsewhere. */
  failed(callId: string): void {
    for (const [key, target] of this.#chosen) {
      if (!key.startsWith(`${callId} `)) continue;
      this.#locator.markDown(target);
      this.#chosen.delete(key);
    }
  }

  clear(): void {
    for (const timer of this.#lingering.values()) clearTimeout(timer);
    this.#lingering.clear();
    this.#flows.clear();
    this.#chosen.clear();
  }

  /** RFC 3261 §18.2.2 and RFC 3581. */
  wayBack(text: string): Destination & { readonly protocol: Protocol } {
    const value = splitFirst(headerOf(text, 'via') ?? '').first;
    const via = parseVia(value);
    if (!via) throw new BridgeError('SIP_ADDRESS', 'A response without Via has nowhere to go.');
    const named = /^SIP\s*\/\s*2\.0\s*\/\s*(UDP|TCP|TLS)/i.exec(value)?.[1]?.toUpperCase();
    const protocol = named === 'UDP' || named === 'TCP' || named === 'TLS' ? named : this.#protocol;
    const flow = protocol === 'UDP' ? undefined : this.#flows.get(branchKey(via.branch ?? ''));
    if (flow) return { ...flow, protocol };
    return {
      address: via.received ?? via.host,
      port: via.rport || via.port || DEFAULT_PORTS[protocol],
      protocol,
    };
  }

  /** RFC 3261 §8.1.2: the first Route, else the Request-URI; but a peer behind NAT, or one that connected to us, is reached the way it came. */
  async wayOut(text: string): Promise<Destination> {
    const route = headerOf(text, 'route');
    const uri = parseUri(route ? splitFirst(route).first : (startLineOf(text).split(' ')[1] ?? ''));
    if (!uri) throw new BridgeError('SIP_ADDRESS', `No address in "${startLineOf(text).slice(0, 200)}".`);
    const callId = headerOf(text, 'call-id') ?? '';
    const flow = this.#flows.get(callId);
    const port = uri.port ?? DEFAULT_PORTS[this.#protocol];
    const literal = isIP(uri.host) !== 0;
    if (flow && this.#protocol !== 'UDP')
      return { address: literal ? uri.host : flow.address, port, flow: flow.flow, host: uri.host };
    if (flow && !route && literal && isPrivate(uri.host) && (!isPrivate(flow.address) || flow.sentBy === uri.host)) {
      return { address: flow.address, port: flow.port };
    }
    if (literal) return { address: uri.host, port };
    const key = `${callId} ${uri.host}:${uri.port ?? ''}`;
    const known = this.#chosen.get(key);
    if (known) return known;
    const [first] = await this.#locator.find(uri, this.#protocol);
    if (!first) throw new BridgeError('SIP_ADDRESS', `No address was found for ${uri.host}.`);
    this.#chosen.set(key, first);
    trim(this.#chosen);
    return first;
  }
}

function trim(map: Map<string, unknown>): void {
  for (const old of map.keys()) {
    if (map.size <= MAX_FLOWS) break;
    map.delete(old);
  }
}

/** RFC 1918, RFC 6598 (carrier NAT), link local, loopback. */
export function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|127\.|f[cd][0-9a-f]{2}:|fe80:|::1$)/i.test(
    address,
  );
}

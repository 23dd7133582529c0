import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { IncomingInviteRequest, IncomingRequestMessage } from 'sip.js/lib/core/index.js';
import { SafeEmitter } from '../emitter.js';
import { BridgeError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Channel, Destination, Protocol, Source } from './channel.js';
import type { Credentials } from './digest.js';
import { Locator } from './dns.js';
import { Endpoint, type Verdict } from './endpoint.js';
import { parseUri } from './text.js';
import { StreamChannel, type TlsMaterial } from './transport-stream.js';
import { UdpChannel } from './transport-udp.js';

export interface UserAgentOptions {
  readonly host: string;
  /** 0 = any free port, the same for both protocols. */
  readonly port: number;
  /** Address others reach us at; by default the one we listen on. */
  readonly advertisedHost?: string | undefined;
  readonly advertisedPort?: number | undefined;
  readonly protocols: readonly Protocol[];
  /** TLS needs certificates and a port of its own. */
  readonly tls?: (TlsMaterial & { readonly port: number }) | undefined;
  readonly dnsServers?: readonly string[] | undefined;
  /** SRV and NAPTR records are looked for; default true. */
  readonly srv?: boolean | undefined;
  readonly user: string;
  readonly userAgent: string;
  readonly allow: readonly string[];
  /** Option tags, `timer` and `100rel` for a start. */
  readonly supported?: readonly string[] | undefined;
  readonly credentials?: Credentials | undefined;
  readonly outboundProxy?: string | undefined;
  readonly maxMessageBytes: number;
  /** Who may talk to us at all, and who may call. Default: everybody. */
  readonly gate?: Gate | undefined;
  readonly logger: Logger;
}

export interface Gate {
  /** Before a message is read. */
  mayTalk(source: Source, text: string): boolean;
  /** A request outside dialogs. */
  judge(message: IncomingRequestMessage, source: Source, protocol: Protocol): Verdict;
  /** A message that made no sense. */
  onFault(source: Source, why: string): void;
}

/** Sees every message on the wire. */
export type Tap = (
  direction: 'in' | 'out',
  protocol: Protocol,
  text: string,
  local: Destination,
  peer: Destination,
) => void;

export interface IncomingCall {
  readonly endpoint: Endpoint;
  readonly request: IncomingInviteRequest;
  /** Request-URI as it came. */
  readonly dialled: string;
  readonly source: Source;
  /** Which trunk it came over, where the gate knows. */
  readonly trunk: string | undefined;
  /** Who logged in for it. */
  readonly login: string | undefined;
}

export interface UserAgentEvents {
  call: [call: IncomingCall];
}

const FREE_PORT_ATTEMPTS = 20;

/** SIP on one address over one or more protocols. */
export class UserAgent extends SafeEmitter<UserAgentEvents> {
  /** Where others reach us. */
  readonly advertisedHost: string;
  readonly port: number;
  readonly locator: Locator;
  readonly #endpoints = new Map<Protocol, Endpoint>();
  readonly #taps = new Set<Tap>();
  /** What OPTIONS is answered with. */
  optionsStatus = 200;

  private constructor(advertisedHost: string, port: number, locator: Locator) {
    super();
    this.advertisedHost = advertisedHost;
    this.port = port;
    this.locator = locator;
  }

  /** Throws PORT_TAKEN. */
  static async start(options: UserAgentOptions): Promise<UserAgent> {
    const handlers = new Map<string, (text: string, source: Source) => void>();
    const onMessage = (protocol: string) => (text: string, source: Source) => handlers.get(protocol)?.(text, source);
    const channels = await openChannels(options, onMessage);
    const port = channels.find(({ protocol }) => protocol !== 'TLS')?.port ?? channels[0]?.port ?? options.port;
    const advertisedHost = options.advertisedHost ?? reachableHost(options.host);
    const family = isIPv6(advertisedHost) ? 6 : 4;
    const locator = new Locator({ servers: options.dnsServers ?? [], srv: options.srv ?? true, family });
    const agent = new UserAgent(advertisedHost, port, locator);
    for (const channel of channels) {
      const adopt = (handler: (text: string, source: Source) => void): Channel => {
        handlers.set(channel.protocol, handler);
        return channel;
      };
      agent.#endpoints.set(channel.protocol, agent.#endpoint(channel, adopt, options));
    }
    return agent;
  }

  #endpoint(
    channel: Channel,
    adopt: (handler: (text: string, source: Source) => void) => Channel,
    options: UserAgentOptions,
  ): Endpoint {
    const { gate, credentials, outboundProxy, user, userAgent, allow, logger } = options;
    const { protocol } = channel;
    return new Endpoint(
      adopt,
      {
        advertisedHost: this.advertisedHost,
        advertisedPort: protocol === 'TLS' ? channel.port : (options.advertisedPort ?? channel.port),
        ...{ user, userAgent, allow, logger },
        supported: options.supported ?? ['timer', '100rel'],
        locator: this.locator,
        ...(credentials ? { credentials } : {}),
        ...(outboundProxy ? { outboundProxy } : {}),
      },
      {
        onInvite: (request, dialled, source, verdict) => {
          const { trunk, login } = verdict.kind === 'pass' ? verdict : {};
          const endpoint = this.#endpoints.get(protocol);
          if (endpoint) this.emit('call', { endpoint, request, dialled, source, trunk, login });
        },
        optionsStatus: () => this.optionsStatus,
        mayTalk: (source, text) => gate?.mayTalk(source, text) ?? true,
        judge: (message, source) => gate?.judge(message, source, protocol) ?? { kind: 'pass' },
        onFault: (source, why) => gate?.onFault(source, why),
        onTraffic: (direction, by, text, peer) => {
          const local = { address: this.advertisedHost, port: channel.port };
          for (const tap of this.#taps) tap(direction, by, text, local, peer);
        },
        siblings: () => this.endpoints.filter((endpoint) => endpoint.protocol !== protocol),
      },
    );
  }

  /** Shows every message to `tap`, until the function returned is called. */
  tap(tap: Tap): () => void {
    this.#taps.add(tap);
    return () => void this.#taps.delete(tap);
  }

  /** The endpoint that can reach `uri`: its `transport` parameter decides, `sips:` wants TLS, UDP without either. Throws SIP_ADDRESS. */
  endpointFor(uri: string): Endpoint {
    const parts = parseUri(uri);
    const transport = (parts?.transport ?? (parts?.scheme === 'sips' ? 'tls' : 'udp')).toUpperCase();
    const wanted = transport === 'TCP' || transport === 'TLS' ? transport : 'UDP';
    const endpoint = this.#endpoints.get(wanted);
    if (endpoint) return endpoint;
    // Nothing was asked for: then what we have will do.
    const [only] = this.endpoints;
    if (only && parts?.transport === undefined && parts?.scheme !== 'sips') return only;
    throw new BridgeError('SIP_ADDRESS', `${uri} needs ${wanted}, which is not switched on.`, {
      hint: 'Add the protocol to bridge.sip.protocols.',
    });
  }

  /** As `endpointFor`, but a name without `transport` is asked for its NAPTR records first (RFC 3263 §4.1). Throws SIP_ADDRESS. */
  async locate(uri: string): Promise<Endpoint> {
    const parts = parseUri(uri);
    if (!parts || parts.transport !== undefined || parts.scheme === 'sips') return this.endpointFor(uri);
    const protocol = await this.locator.protocolOf(parts, [...this.#endpoints.keys()]);
    return (protocol && this.#endpoints.get(protocol)) ?? this.endpointFor(uri);
  }

  get endpoints(): readonly Endpoint[] {
    return [...this.#endpoints.values()];
  }

  async close(): Promise<void> {
    this.removeAllListeners();
    await Promise.all(this.endpoints.map((endpoint) => endpoint.close()));
  }
}

async function openChannels(
  options: UserAgentOptions,
  onMessage: (protocol: string) => (text: string, source: Source) => void,
): Promise<Channel[]> {
  const attempts = options.port === 0 ? FREE_PORT_ATTEMPTS : 1;
  for (let attempt = 1; ; attempt++) {
    const channels: Channel[] = [];
    try {
      for (const protocol of options.protocols) {
        // UDP and TCP share one port, so the second follows the first; TLS has its own.
        const { host, maxMessageBytes, tls } = options;
        const common = { host, maxMessageBytes, onMessage: onMessage(protocol) };
        if (protocol === 'TLS') {
          if (!tls) throw new BridgeError('CONFIG_INVALID', 'TLS needs a certificate.');
          channels.push(await StreamChannel.listen({ ...common, port: tls.port }, tls));
          continue;
        }
        const port = channels.find((channel) => channel.protocol !== 'TLS')?.port ?? options.port;
        channels.push(
          protocol === 'UDP'
            ? await UdpChannel.bind({ ...common, port })
            : await StreamChannel.listen({ ...common, port }),
        );
      }
      return channels;
    } catch (error) {
      await Promise.all(channels.map((channel) => channel.close()));
      if (attempt >= attempts) throw error;
    }
  }
}

/** What to tell others when we listen on all addresses: the first that is not loopback. */
export function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const family = host === '::' ? 'IPv6' : 'IPv4';
  for (const addresses of Object.values(networkInterfaces())) {
    for (const entry of addresses ?? []) {
      if (entry.family === family && !entry.internal && !entry.address.startsWith('fe80:')) return entry.address;
    }
  }
  return family === 'IPv6' ? '::1' : '127.0.0.1';
}

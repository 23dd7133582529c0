import { networkInterfaces } from 'node:os';
import type { IncomingInviteRequest } from 'sip.js/lib/core/index.js';
import { SafeEmitter } from '../emitter.js';
import { BridgeError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Channel, Source } from './channel.js';
import { Endpoint } from './endpoint.js';
import { parseUri } from './text.js';
import { TcpChannel } from './transport-tcp.js';
import { UdpChannel } from './transport-udp.js';

export interface UserAgentOptions {
  readonly host: string;
  /** 0 = any free port, the same for both protocols. */
  readonly port: number;
  /** Address others reach us at; by default the one we listen on. */
  readonly advertisedHost?: string | undefined;
  readonly advertisedPort?: number | undefined;
  readonly protocols: readonly ('UDP' | 'TCP')[];
  readonly user: string;
  readonly userAgent: string;
  readonly allow: readonly string[];
  readonly credentials?: { readonly user: string; readonly password: string } | undefined;
  readonly outboundProxy?: string | undefined;
  readonly maxMessageBytes: number;
  readonly logger: Logger;
}

export interface IncomingCall {
  readonly endpoint: Endpoint;
  readonly request: IncomingInviteRequest;
  /** Request-URI as it came. */
  readonly dialled: string;
  readonly source: Source;
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
  readonly #endpoints = new Map<'UDP' | 'TCP', Endpoint>();
  /** What OPTIONS is answered with. */
  optionsStatus = 200;

  private constructor(advertisedHost: string, port: number) {
    super();
    this.advertisedHost = advertisedHost;
    this.port = port;
  }

  /** Throws PORT_TAKEN. */
  static async start(options: UserAgentOptions): Promise<UserAgent> {
    const handlers = new Map<string, (text: string, source: Source) => void>();
    const onMessage = (protocol: string) => (text: string, source: Source) => handlers.get(protocol)?.(text, source);
    const channels = await openChannels(options, onMessage);
    const port = channels[0]?.port ?? options.port;
    const advertisedHost = options.advertisedHost ?? reachableHost(options.host);
    const agent = new UserAgent(advertisedHost, port);
    for (const channel of channels) {
      const endpoint = new Endpoint(
        (handler) => {
          handlers.set(channel.protocol, handler);
          return channel;
        },
        {
          advertisedHost,
          advertisedPort: options.advertisedPort ?? port,
          user: options.user,
          userAgent: options.userAgent,
          allow: options.allow,
          logger: options.logger,
          ...(options.credentials ? { credentials: options.credentials } : {}),
          ...(options.outboundProxy ? { outboundProxy: options.outboundProxy } : {}),
        },
        {
          onInvite: (request, dialled, source) => agent.emit('call', { endpoint, request, dialled, source }),
          optionsStatus: () => agent.optionsStatus,
        },
      );
      agent.#endpoints.set(channel.protocol, endpoint);
    }
    return agent;
  }

  /** The endpoint that can reach `uri`: its `transport` parameter decides, UDP without one. Throws SIP_ADDRESS. */
  endpointFor(uri: string): Endpoint {
    const transport = parseUri(uri)?.transport ?? 'udp';
    const endpoint = this.#endpoints.get(transport === 'tcp' ? 'TCP' : 'UDP');
    if (endpoint) return endpoint;
    throw new BridgeError('SIP_ADDRESS', `${uri} needs ${transport.toUpperCase()}, which is not switched on.`, {
      hint: 'Add the protocol to bridge.sip.protocols.',
    });
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
        // Both protocols share one port, so the second follows the first.
        const common = {
          host: options.host,
          port: channels[0]?.port ?? options.port,
          maxMessageBytes: options.maxMessageBytes,
          onMessage: onMessage(protocol),
        };
        channels.push(protocol === 'UDP' ? await UdpChannel.bind(common) : await TcpChannel.listen(common));
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

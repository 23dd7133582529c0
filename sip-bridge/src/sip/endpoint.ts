import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import {
  DigestAuthentication,
  Grammar,
  type IncomingInviteRequest,
  type IncomingRequestMessage,
  LoggerFactory,
  type Logger as SipLogger,
  type Transport,
  type URI,
  UserAgentCore,
} from 'sip.js/lib/core/index.js';
import { AllowedMethods } from 'sip.js/lib/core/user-agent-core/allowed-methods.js';
import { BridgeError, messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import type { Channel, Destination, Source } from './channel.js';
import { Retransmitter } from './retransmit.js';
import { headerOf, parseUri, parseVia, splitFirst, startLineOf } from './text.js';
import { plainResponse, vet } from './vetting.js';

export interface EndpointOptions {
  /** Host that others reach us at, for Via and Contact. */
  readonly advertisedHost: string;
  readonly advertisedPort: number;
  /** User part of our Contact. */
  readonly user: string;
  readonly userAgent: string;
  readonly allow: readonly string[];
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Where requests outside dialogs go instead of their Request-URI. */
  readonly outboundProxy?: string;
  readonly logger: Logger;
}

export interface EndpointDelegate {
  onInvite(request: IncomingInviteRequest, dialled: string, source: Source): void;
  /** Status for OPTIONS: 200, or 503 while nothing new is wanted. */
  optionsStatus(): number;
}

export interface EndpointStats {
  received: number;
  dropped: number;
  refused: number;
  /** Messages that made the core throw; each is logged. */
  faults: number;
}

/** Option tags we understand in `Require` and announce in `Supported`. */
const SUPPORTED = ['timer'];
const MAX_FLOWS = 20_000;
const DEFAULT_PORT = 5060;

// The core has one list for the whole process, which it puts into Allow and checks requests against. It promises more than we do, so it starts empty.
AllowedMethods.splice(0);

function announce(methods: readonly string[]): void {
  for (const method of methods) if (!AllowedMethods.includes(method)) AllowedMethods.push(method);
}

/**
 * One protocol's worth of SIP: a channel below, a `UserAgentCore` of sip.js above. Between them what the core leaves to its transport: checking what comes in, finding
 * where messages go, and sending them again over UDP.
 */
export class Endpoint implements Transport {
  readonly core: UserAgentCore;
  readonly stats: EndpointStats = { received: 0, dropped: 0, refused: 0, faults: 0 };
  readonly #options: EndpointOptions;
  readonly #delegate: EndpointDelegate;
  readonly #logger: Logger;
  readonly #sipLogger: SipLogger;
  readonly #retransmitter: Retransmitter | undefined;
  /** The way back to the peer of a dialog (by Call-ID) or of a request (by branch), where a new connection would not reach it. */
  readonly #flows = new Map<string, Source>();
  readonly #contact: URI;
  #channel: Channel | undefined;

  constructor(
    channel: (onMessage: (text: string, source: Source) => void) => Channel,
    options: EndpointOptions,
    delegate: EndpointDelegate,
  ) {
    this.#options = options;
    this.#delegate = delegate;
    this.#logger = options.logger;
    announce(options.allow);
    this.#channel = channel((text, source) => this.#receive(text, source));
    const { protocol } = this.#channel;
    this.#retransmitter =
      protocol === 'UDP'
        ? new Retransmitter((text) => {
            this.#route(text).catch((error: unknown) =>
              this.#logger.debug({ err: messageOf(error) }, 'retransmission failed'),
            );
          })
        : undefined;
    const loggers = sipLoggers(options.logger);
    this.#sipLogger = loggers.getLogger('sip.parser');
    this.#contact = requireUri(
      `sip:${options.user}@${this.#hostPort()}${protocol === 'UDP' ? '' : `;transport=${protocol.toLowerCase()}`}`,
    );
    const contact = this.#contact;
    const credentials = options.credentials;
    this.core = new UserAgentCore(
      {
        aor: contact,
        contact: { pubGruu: undefined, tempGruu: undefined, uri: contact, toString: () => `<${contact.toString()}>` },
        displayName: '',
        loggerFactory: loggers,
        hackViaTcp: false,
        routeSet: options.outboundProxy ? [`<${options.outboundProxy};lr>`] : [],
        sipjsId: '',
        supportedOptionTags: [...SUPPORTED],
        supportedOptionTagsResponse: [...SUPPORTED],
        userAgentHeaderFieldValue: options.userAgent,
        viaForceRport: true,
        viaHost: this.#hostPort(),
        authenticationFactory: () =>
          credentials && new DigestAuthentication(loggers, undefined, credentials.user, credentials.password),
        transportAccessor: () => this,
      },
      {
        onInvite: (request) => {
          const source = this.#flows.get(request.message.callId);
          const dialled = DIALLED.get(request.message) ?? request.message.ruri?.toString() ?? '';
          if (source) delegate.onInvite(request, dialled, source);
        },
      },
    );
  }

  get protocol(): 'UDP' | 'TCP' {
    return this.#channel?.protocol ?? 'UDP';
  }

  get port(): number {
    return this.#channel?.port ?? 0;
  }

  /** `sip:user@host:port` that reaches this endpoint. */
  get contactUri(): string {
    return this.#contact.toString();
  }

  /** For the core. */
  async send(text: string): Promise<void> {
    this.#retransmitter?.sent(text);
    await this.#route(text);
  }

  /** The dialog with that Call-ID is over. */
  forget(callId: string): void {
    this.#flows.delete(callId);
  }

  async close(): Promise<void> {
    this.core.dispose();
    this.#retransmitter?.close();
    this.#flows.clear();
    const channel = this.#channel;
    this.#channel = undefined;
    await channel?.close();
  }

  #hostPort(): string {
    const { advertisedHost, advertisedPort } = this.#options;
    return `${isIPv6(advertisedHost) ? `[${advertisedHost}]` : advertisedHost}:${advertisedPort}`;
  }

  #receive(text: string, source: Source): void {
    this.stats.received++;
    try {
      this.#handle(text, source);
    } catch (error) {
      // The core throws on some messages that break its rules (a re-INVITE without Contact, for one). The sender gets 400, the others notice nothing.
      this.stats.faults++;
      this.#logger.warn({ err: messageOf(error), line: startLineOf(text).slice(0, 80) }, 'a SIP message was refused');
      if (!text.startsWith('SIP/2.0') && !text.startsWith('ACK ')) this.#refuse(text, source, 400, []);
    }
  }

  #handle(text: string, source: Source): void {
    if (this.#retransmitter?.received(text)) return;
    const vetted = vet(text, source, { allow: this.#options.allow, supported: SUPPORTED }, this.#sipLogger);
    if (vetted.kind === 'drop') {
      this.stats.dropped++;
      this.#logger.debug({ why: vetted.why, from: source.address }, 'a SIP message was dropped');
    } else if (vetted.kind === 'refuse') {
      this.stats.refused++;
      this.#logger.debug({ why: vetted.why, from: source.address }, 'a SIP request was refused');
      this.#refuse(text, source, vetted.status, vetted.headers);
    } else if (vetted.kind === 'response') {
      this.core.receiveIncomingResponseFromTransport(vetted.message);
    } else {
      this.#request(vetted.message, source);
    }
  }

  #request(message: IncomingRequestMessage, source: Source): void {
    this.#remember(`branch ${message.viaBranch.split(' ')[0]}`, source);
    if (message.method === 'INVITE') this.#remember(message.callId, source);
    if (message.method === 'OPTIONS' && !message.toTag) {
      this.core.replyStateless(message, {
        statusCode: this.#delegate.optionsStatus(),
        extraHeaders: [`Allow: ${this.#options.allow.join(', ')}`, 'Accept: application/sdp'],
      });
      return;
    }
    // The core accepts only requests to its own user name; which number was dialled is for the application to judge.
    DIALLED.set(message, message.ruri?.toString() ?? '');
    message.ruri = this.#contact.clone();
    this.core.receiveIncomingRequestFromTransport(message);
  }

  #refuse(text: string, source: Source, status: number, headers: readonly string[]): void {
    const response = plainResponse(text, source, status, REASONS[status] ?? 'Refused', [
      ...headers,
      `User-Agent: ${this.#options.userAgent}`,
    ]);
    if (!response) return;
    // Straight back: what could not be read does not decide where packets go.
    this.#channel?.send(response, { address: source.address, port: source.port, flow: source.flow }).catch(() => {});
  }

  #remember(key: string, source: Source): void {
    this.#flows.delete(key);
    this.#flows.set(key, source);
    for (const old of this.#flows.keys()) {
      if (this.#flows.size <= MAX_FLOWS) break;
      this.#flows.delete(old);
    }
  }

  async #route(text: string): Promise<void> {
    const channel = this.#channel;
    if (!channel) throw new BridgeError('CLOSED', 'The SIP endpoint is closed.');
    const to = text.startsWith('SIP/2.0') ? this.#wayBack(text) : await this.#wayOut(text);
    await channel.send(text, to);
  }

  /** RFC 3261 §18.2.2 and RFC 3581. */
  #wayBack(text: string): Destination {
    const via = parseVia(splitFirst(headerOf(text, 'via') ?? '').first);
    if (!via) throw new BridgeError('SIP_ADDRESS', 'A response without Via has nowhere to go.');
    if (this.protocol === 'TCP') {
      const flow = this.#flows.get(`branch ${via.branch}`);
      if (flow) return flow;
    }
    return { address: via.received ?? via.host, port: via.rport || via.port || DEFAULT_PORT };
  }

  /** RFC 3261 §8.1.2: the first Route, else the Request-URI; but a peer behind NAT, or one that connected to us, is reached the way it came. */
  async #wayOut(text: string): Promise<Destination> {
    const route = headerOf(text, 'route');
    const uri = parseUri(route ? splitFirst(route).first : (startLineOf(text).split(' ')[1] ?? ''));
    if (!uri) throw new BridgeError('SIP_ADDRESS', `No address in "${startLineOf(text).slice(0, 200)}".`);
    const flow = this.#flows.get(headerOf(text, 'call-id') ?? '');
    const port = uri.port ?? DEFAULT_PORT;
    if (flow && this.protocol === 'TCP')
      return { address: isIP(uri.host) ? uri.host : flow.address, port, flow: flow.flow };
    if (flow && !route && isIP(uri.host) && isPrivate(uri.host) && !isPrivate(flow.address)) {
      return { address: flow.address, port: flow.port };
    }
    if (isIP(uri.host)) return { address: uri.host, port };
    const found = await lookup(uri.host, { family: isIPv6(this.#options.advertisedHost) ? 6 : 4 });
    return { address: found.address, port };
  }
}

/** What was dialled, of requests whose Request-URI was replaced for the core. */
const DIALLED = new WeakMap<IncomingRequestMessage, string>();

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  420: 'Bad Extension',
  501: 'Not Implemented',
  505: 'Version Not Supported',
};

/** RFC 1918, RFC 6598 (carrier NAT), link local, loopback. */
export function isPrivate(address: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|127\.|f[cd][0-9a-f]{2}:|fe80:|::1$)/i.test(
    address,
  );
}

/** A URI as the core wants it. Throws SIP_ADDRESS. */
export function requireUri(text: string): URI {
  const uri = Grammar.URIParse(text);
  if (!uri) {
    throw new BridgeError('SIP_ADDRESS', `"${text.slice(0, 200)}" is not a SIP address.`, {
      hint: 'Write it as sip:user@host:port.',
    });
  }
  return uri;
}

/** The core's log lines, at warn and above, as debug lines of ours: what matters is logged where it is decided. */
function sipLoggers(logger: Logger): LoggerFactory {
  const factory = new LoggerFactory();
  factory.builtinEnabled = false;
  factory.level = 1;
  factory.connector = (level, category, _label, content) => {
    if (level === 'error' || level === 'warn') logger.trace({ category }, String(content).slice(0, 300));
  };
  return factory;
}

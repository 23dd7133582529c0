import { isIPv6 } from 'node:net';
import {
  type IncomingRequestMessage,
  type IncomingResponseMessage,
  type LoggerFactory,
  type OutgoingRequestMessage,
  type Logger as SipLogger,
  type Transport,
  type URI,
  UserAgentCore,
} from 'sip.js/lib/core/index.js';
import { BridgeError, messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import type { Channel, Destination, Protocol, Source } from './channel.js';
import { announce, REASONS, requireUri, sipLoggers, withLr } from './core-setup.js';
import { type Credentials, chooseChallenge, DigestAnswer } from './digest.js';
import type { EndpointDelegate, EndpointHeld, EndpointOptions, EndpointStats, Verdict } from './endpoint-contract.js';
import { branchKey, Paths } from './paths.js';
import { Retransmitter } from './retransmit.js';
import { parseVia, splitFirst, startLineOf } from './text.js';
import { StreamChannel } from './transport-stream.js';
import { nextLocalSequence, openUpdate, type UpdateHandler } from './update.js';
import { plainResponse, vet } from './vetting.js';

export type { EndpointDelegate, EndpointOptions, EndpointStats, Verdict } from './endpoint-contract.js';

/** RFC 3261 §18.1.1: a longer request goes over TCP, because routers and phones lose fragments. */
export const MAX_UDP_REQUEST_BYTES = 1300;
const REACH_LIMIT_MS = 1000;
const ONLY_IN_DIALOGS = new Set(['BYE', 'INFO', 'NOTIFY', 'PRACK', 'UPDATE']);
const MAX_CREDENTIALS = 20_000;

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
  readonly #paths: Paths;
  readonly #contact: URI;
  readonly #credentials = new Map<string, Credentials>();
  readonly #updates = new Map<string, UpdateHandler>();
  readonly #withdrawn = new Set<string>();
  readonly #verdicts = new WeakMap<IncomingRequestMessage, Verdict>();
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
    this.#paths = new Paths(options.locator, protocol);
    if (this.#channel instanceof StreamChannel) this.#channel.carries = (flow) => this.#paths.carries(flow);
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
    this.core = this.#createCore(loggers);
  }

  #createCore(loggers: LoggerFactory): UserAgentCore {
    const { options, contact } = { options: this.#options, contact: this.#contact };
    return new UserAgentCore(
      {
        aor: contact,
        contact: { pubGruu: undefined, tempGruu: undefined, uri: contact, toString: () => `<${contact.toString()}>` },
        displayName: '',
        loggerFactory: loggers,
        hackViaTcp: false,
        routeSet: options.outboundProxy ? [`<${withLr(options.outboundProxy)}>`] : [],
        sipjsId: '',
        supportedOptionTags: [...options.supported],
        supportedOptionTagsResponse: [...options.supported],
        userAgentHeaderFieldValue: options.userAgent,
        viaForceRport: true,
        viaHost: this.#hostPort(),
        authenticationFactory: () =>
          new DigestAnswer(
            (request) => this.#credentialsFor(request),
            (request) => this.#beforeRetry(request),
          ).asCore(),
        transportAccessor: () => this,
      },
      {
        onInvite: (request) => {
          const source = this.#paths.flowOf(request.message.callId);
          this.#paths.keep(request.message.callId);
          const dialled = DIALLED.get(request.message) ?? request.message.ruri?.toString() ?? '';
          const verdict = this.#verdicts.get(request.message) ?? { kind: 'pass' as const };
          if (source) this.#delegate.onInvite(request, dialled, source, verdict);
        },
      },
    );
  }

  get protocol(): Protocol {
    return this.#channel?.protocol ?? 'UDP';
  }

  get port(): number {
    return this.#channel?.port ?? 0;
  }

  /** `sip:user@host:port` that reaches this endpoint. */
  get contactUri(): string {
    return this.#contact.toString();
  }

  get held(): EndpointHeld {
    const { dialogs, userAgentClients, userAgentServers, subscribers } = this.core;
    return {
      dialogs: dialogs.size,
      transactions: userAgentClients.size + userAgentServers.size + subscribers.size,
      repeated: this.#retransmitter?.pending ?? 0,
      perCall: this.#paths.size + this.#credentials.size + this.#updates.size,
    };
  }

  /** Who gave up a call while its INVITE was on the way does not send it again with a password. */
  withdraw(callId: string): void {
    this.#withdrawn.add(callId);
  }

  #credentialsFor({ callId, method, toTag }: OutgoingRequestMessage): Credentials | undefined {
    if (method === 'INVITE' && !toTag && this.#withdrawn.has(callId)) return undefined;
    return this.#credentials.get(callId) ?? this.#options.credentials;
  }

  /** For the core. */
  async send(text: string): Promise<void> {
    if (await this.#sentByStream(text)) return;
    this.#retransmitter?.sent(text);
    await this.#route(text);
  }

  /** What challenges in that call are answered with. */
  useCredentials(callId: string, credentials: Credentials): void {
    this.#credentials.set(callId, credentials);
    for (const old of this.#credentials.keys()) {
      if (this.#credentials.size <= MAX_CREDENTIALS) break;
      this.#credentials.delete(old);
    }
  }

  /** Who takes UPDATE requests of that call. */
  onUpdate(callId: string, handler: UpdateHandler): void {
    this.#updates.set(callId, handler);
  }

  /** The dialog with that Call-ID is over. */
  forget(callId: string): void {
    this.#updates.delete(callId);
    this.#paths.forget(callId, () => {
      this.#credentials.delete(callId);
      this.#withdrawn.delete(callId);
    });
  }

  /** A request of that Call-ID was never answered: the next one goes to the next host of that name. */
  targetFailed(callId: string): void {
    this.#paths.failed(callId);
  }

  /** Whether what is too long for UDP can go to that address over TCP; opens the connection. Never rejects. */
  async reachableByStream(uri: URI, routeSet: readonly string[]): Promise<boolean> {
    const tcp = this.#streamSibling();
    if (!tcp) return false;
    try {
      const head = `X ${uri.toRaw()} SIP/2.0\r\n${routeSet[0] ? `Route: ${routeSet[0]}\r\n` : ''}\r\n`;
      await tcp.reach(await this.#paths.wayOut(head), REACH_LIMIT_MS);
      return true;
    } catch {
      return false;
    }
  }

  /** New certificates. Throws on bad ones. */
  renewTls(material: Parameters<StreamChannel['renew']>[0]): void {
    if (this.#channel instanceof StreamChannel && this.#channel.protocol === 'TLS') this.#channel.renew(material);
  }

  async close(): Promise<void> {
    this.core.dispose();
    this.#retransmitter?.close();
    this.#paths.clear();
    this.#updates.clear();
    const channel = this.#channel;
    this.#channel = undefined;
    await channel?.close();
  }

  /** For a sibling: puts it on this endpoint's wire. */
  async transmit(text: string, to: Destination): Promise<void> {
    const channel = this.#channel;
    if (!channel) throw new BridgeError('CLOSED', 'The SIP endpoint is closed.');
    this.#delegate.onTraffic('out', channel.protocol, text, to);
    await channel.send(text, to);
  }

  #hostPort(): string {
    const { advertisedHost, advertisedPort } = this.#options;
    return `${isIPv6(advertisedHost) ? `[${advertisedHost}]` : advertisedHost}:${advertisedPort}`;
  }

  #receive(text: string, source: Source): void {
    this.stats.received++;
    if (!this.#delegate.mayTalk(source, text)) {
      this.stats.dropped++;
      return;
    }
    this.#delegate.onTraffic('in', this.protocol, text, source);
    try {
      this.#handle(text, source);
    } catch (error) {
      // The core throws on some messages that break its rules (a re-INVITE without Contact, for one). The sender gets 400, the others notice nothing.
      this.stats.faults++;
      this.#logger.warn({ err: messageOf(error), line: startLineOf(text).slice(0, 80) }, 'a SIP message was refused');
      this.#delegate.onFault(source, 'broken');
      if (!text.startsWith('SIP/2.0') && !text.startsWith('ACK ')) this.#refuse(text, source, 400, []);
    }
  }

  #handle(text: string, source: Source): void {
    if (this.#retransmitter?.received(text)) return;
    const rules = { allow: this.#options.allow, supported: this.#options.supported };
    const vetted = vet(text, source, rules, this.#sipLogger);
    if (vetted.kind === 'drop') {
      this.stats.dropped++;
      this.#logger.debug({ why: vetted.why, from: source.address }, 'a SIP message was dropped');
      this.#delegate.onFault(source, vetted.why);
    } else if (vetted.kind === 'refuse') {
      this.stats.refused++;
      this.#logger.debug({ why: vetted.why, from: source.address }, 'a SIP request was refused');
      this.#delegate.onFault(source, vetted.why);
      this.#refuse(text, source, vetted.status, vetted.headers);
    } else if (vetted.kind === 'response') {
      chooseChallenge(vetted.message, text);
      this.#response(vetted.message);
    } else {
      this.#request(vetted.message, source, text);
    }
  }

  /** A request that was too long for UDP is answered over the connection that it took. */
  #response(message: IncomingResponseMessage): void {
    const { statusCode = 0 } = message;
    // The core drops what makes no dialog; that it was heard at all is enough to stay with this host.
    if (statusCode > 100 && statusCode < 200 && !(message.toTag && message.hasHeader('contact')))
      message.statusCode = 100;
    const waits = (endpoint: Endpoint): boolean =>
      endpoint.core.userAgentClients.has(`${message.viaBranch}${message.method}`);
    const owner = waits(this) ? this : (this.#delegate.siblings().find(waits) ?? this);
    owner.core.receiveIncomingResponseFromTransport(message);
  }

  #request(message: IncomingRequestMessage, source: Source, text: string): void {
    // Over UDP the Via alone leads back.
    const branch = this.protocol === 'UDP' ? undefined : branchKey(message.viaBranch.split(' ')[0] ?? '');
    if (branch !== undefined) this.#paths.remember(branch, source);
    if (message.toTag) {
      const id = `${message.callId}${message.toTag}${message.fromTag}`;
      const has = (endpoint: Endpoint): boolean => endpoint.core.dialogs.has(id);
      const owner = has(this) ? this : (this.#delegate.siblings().find(has) ?? this);
      if (owner !== this && branch !== undefined) owner.#paths.remember(branch, source);
      owner.#inDialog(message);
      return;
    }
    if (message.method !== 'ACK' && message.method !== 'CANCEL' && !this.#isRepeated(message)) {
      const verdict = this.#delegate.judge(message, source);
      if (verdict.kind !== 'pass') {
        this.stats.refused++;
        if (verdict.kind === 'refuse') this.#refuse(text, source, verdict.status, verdict.headers ?? []);
        return;
      }
      this.#verdicts.set(message, verdict);
    }
    if (message.method === 'INVITE') this.#paths.remember(message.callId, source, sentByOf(message, source));
    if (ONLY_IN_DIALOGS.has(message.method)) {
      this.core.replyStateless(message, { statusCode: 481 });
      return;
    }
    if (message.method === 'OPTIONS') {
      this.core.replyStateless(message, {
        statusCode: this.#delegate.optionsStatus(),
        extraHeaders: [`Allow: ${this.#options.allow.join(', ')}`, 'Accept: application/sdp'],
      });
      return;
    }
    this.#hand(message);
  }

  #isRepeated(message: IncomingRequestMessage): boolean {
    return this.core.userAgentServers.has(message.viaBranch);
  }

  #inDialog(message: IncomingRequestMessage): void {
    if (message.method !== 'UPDATE') {
      this.#hand(message);
      return;
    }
    const dialog = this.core.dialogs.get(`${message.callId}${message.toTag}${message.fromTag}`);
    openUpdate(this.core, dialog, message, this.#updates.get(message.callId), this.#logger);
  }

  /** The core accepts only requests to its own user name; which number was dialled is for the application to judge. */
  #hand(message: IncomingRequestMessage): void {
    DIALLED.set(message, message.ruri?.toString() ?? startLineOf(message.data).split(' ')[1] ?? '');
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
    this.transmit(response, { address: source.address, port: source.port, flow: source.flow }).catch(() => {});
  }

  async #route(text: string): Promise<void> {
    if (!this.#channel) throw new BridgeError('CLOSED', 'The SIP endpoint is closed.');
    if (!text.startsWith('SIP/2.0')) {
      await this.transmit(text, await this.#paths.wayOut(text));
      return;
    }
    const { protocol, ...to } = this.#paths.wayBack(text);
    const by = protocol === this.protocol ? this : this.#delegate.siblings().find((e) => e.protocol === protocol);
    await (by ?? this).transmit(text, to);
  }

  /** RFC 3261 §18.1.1. False: it is short enough, or there is no TCP to that peer, and UDP has to do. */
  async #sentByStream(text: string): Promise<boolean> {
    if (this.protocol !== 'UDP' || text.length <= MAX_UDP_REQUEST_BYTES / 4 || text.startsWith('SIP/2.0')) return false;
    if (Buffer.byteLength(text) <= MAX_UDP_REQUEST_BYTES) return false;
    const sibling = this.#delegate.siblings().find((endpoint) => endpoint.protocol === 'TCP');
    const tcp = this.#streamSibling();
    if (!sibling || !tcp) return false;
    try {
      const to = await this.#paths.wayOut(text);
      await tcp.reach(to, REACH_LIMIT_MS);
      const stream = text.replace(/^(Via: SIP\/2\.0\/)UDP [^\r;]*/im, `$1TCP ${sibling.#hostPort()}`);
      await sibling.transmit(stream, to);
      return true;
    } catch {
      return false;
    }
  }

  #streamSibling(): StreamChannel | undefined {
    const sibling = this.#delegate.siblings().find((endpoint) => endpoint.protocol === 'TCP');
    if (!sibling) return undefined;
    return sibling.#channel instanceof StreamChannel ? sibling.#channel : undefined;
  }

  /** The core gives a challenged request the next CSeq and does not tell the dialog, whose next request would then have the same. */
  #beforeRetry(request: OutgoingRequestMessage): void {
    if (!request.toTag) return;
    const dialog = this.core.dialogs.get(`${request.callId}${request.fromTag}${request.toTag}`);
    if (dialog) request.cseq = nextLocalSequence(dialog, request.cseq) - 1;
  }
}

/** The address in its own Via, where that is not the one it came from and no proxy is in between. */
function sentByOf(message: IncomingRequestMessage, source: Source): string | undefined {
  const [own, ...others] = message.getHeaders('via');
  const host = own === undefined || others.length > 0 ? undefined : parseVia(splitFirst(own).first)?.host;
  return host === source.address ? undefined : host;
}

/** What was dialled, of requests whose Request-URI was replaced for the core. */
const DIALLED = new WeakMap<IncomingRequestMessage, string>();

import type { IncomingInviteRequest, IncomingRequestMessage } from 'sip.js/lib/core/index.js';
import type { Logger } from '../log.js';
import type { Destination, Protocol, Source } from './channel.js';
import type { Credentials } from './digest.js';
import type { Locator } from './dns.js';
import type { Endpoint } from './endpoint.js';

export interface EndpointOptions {
  /** Host that others reach us at, for Via and Contact. */
  readonly advertisedHost: string;
  readonly advertisedPort: number;
  /** User part of our Contact. */
  readonly user: string;
  readonly userAgent: string;
  readonly allow: readonly string[];
  /** Option tags we understand in `Require` and announce in `Supported`. */
  readonly supported: readonly string[];
  /** Answers challenges where no other credentials are set for the call. */
  readonly credentials?: Credentials;
  /** Where requests outside dialogs go instead of their Request-URI. */
  readonly outboundProxy?: string;
  readonly locator: Locator;
  readonly logger: Logger;
}

/** What the gate says about a request. */
export type Verdict =
  | { readonly kind: 'pass'; readonly trunk?: string; readonly login?: string }
  | { readonly kind: 'drop' }
  | { readonly kind: 'refuse'; readonly status: number; readonly headers?: readonly string[] };

export interface EndpointDelegate {
  onInvite(request: IncomingInviteRequest, dialled: string, source: Source, verdict: Verdict): void;
  /** Status for OPTIONS: 200, or 503 while nothing new is wanted. */
  optionsStatus(): number;
  /** Before anything is read: may this source talk to us? */
  mayTalk(source: Source, text: string): boolean;
  /** A new call or another request outside dialogs. */
  judge(message: IncomingRequestMessage, source: Source): Verdict;
  /** A message that was refused or made no sense. */
  onFault(source: Source, why: string): void;
  /** Every message, as it is on the wire. */
  onTraffic(direction: 'in' | 'out', protocol: Protocol, text: string, peer: Destination): void;
  /** The other protocols of the same user agent. */
  siblings(): readonly Endpoint[];
}

/** What an endpoint holds on account of calls and requests; all of it is 0 half a minute after the last one. */
export interface EndpointHeld {
  readonly dialogs: number;
  /** Requests of ours and of others whose transactions are not over (RFC 3261 §17). */
  readonly transactions: number;
  /** What is sent again until something answers. */
  readonly repeated: number;
  /** Ways back, credentials and handlers that are kept by call. */
  readonly perCall: number;
}

export interface EndpointStats {
  received: number;
  dropped: number;
  refused: number;
  /** Messages that made the core throw; each is logged. */
  faults: number;
}

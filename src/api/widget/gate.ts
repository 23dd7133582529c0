import { randomUUID } from 'node:crypto';
import type { Config } from '../../config.js';
import { HearkenError } from '../../errors.js';
import type { StartMessage } from '../../media/hearken-v1/messages.js';
import type { BrowserCall } from '../../media/hearken-v1/server.js';
import { networkOf } from '../client-address.js';
import { type Visitor, WidgetTokens } from './tokens.js';

/** A token that ran out this recently may still be changed for a new one: a page that slept, a laptop that was shut. */
const RENEWAL_GRACE_MS = 30 * 60_000;

export interface TokenRequest {
  /** The page's, as its browser says; for a site's server, the page it asks for. */
  readonly origin: string;
  readonly address: string;
  /** The old one: its conversation goes on. */
  readonly token?: string | undefined;
  readonly sender?: string | undefined;
  /** A site's server asks: who is signed in there is whom it names, and nobody when it names none. */
  readonly vouched?: boolean;
}

/**
 * Who may talk to us from a web page: pages of the origins that are set, with a short-lived token, a limited number of calls from one address.
 * Nothing that a page says about itself is believed beyond that.
 */
export class WidgetGate {
  readonly #config: Config['widget'];
  readonly #tokens: WidgetTokens;
  readonly #calls = new Map<string, number>();

  constructor(config: Config['widget'], options: { readonly nowMs?: () => number } = {}) {
    this.#config = config;
    this.#tokens = new WidgetTokens({ secret: config.secret, ttlMs: config.tokenTtlMs, ...options });
  }

  get ttlMs(): number {
    return this.#tokens.ttlMs;
  }

  /** Origins are compared whole. */
  allows(origin: string): boolean {
    return this.#config.origins.includes(origin);
  }

  /**
   * A token for a page; with an old one of the same page, for the same conversation, unless that was another user's: what they said and were told is not for who signs in after them.
   * Throws UNAUTHORIZED when the old one is not ours.
   */
  issue(request: TokenRequest): { readonly token: string; readonly conversationId: string } {
    const old = request.token === undefined ? undefined : this.#tokens.read(request.token, RENEWAL_GRACE_MS);
    if (old !== undefined && old.origin !== request.origin) throw wrongPage();
    const sender = request.vouched === true ? request.sender : (request.sender ?? old?.sender);
    const same = old?.sender === undefined || old.sender === sender;
    const visitor: Visitor = {
      conversationId: (same ? old?.conversationId : undefined) ?? randomUUID(),
      origin: request.origin,
      address: networkOf(request.address),
      ...(sender === undefined ? {} : { sender }),
    };
    return { token: this.#tokens.issue(visitor), conversationId: visitor.conversationId };
  }

  /** Whose token this is, for a socket from a page. Throws UNAUTHORIZED, FORBIDDEN. */
  visitor(token: string | undefined, origin: string | undefined, graceMs = 0): Visitor {
    const visitor = this.#tokens.read(token, graceMs);
    if (visitor.origin !== origin) throw wrongPage();
    return visitor;
  }

  /** For the media server. Throws UNAUTHORIZED, FORBIDDEN, OVERLOADED. */
  readonly admit = (start: StartMessage, origin: string | undefined): BrowserCall => {
    // Whoever comes back shows the token of the call as well, so the one of the page may have run out meanwhile.
    const graceMs = start.resume === undefined ? 0 : RENEWAL_GRACE_MS;
    const { conversationId, address, sender } = this.visitor(start.token, origin, graceMs);
    const language = start.route?.language;
    const believed: StartMessage = {
      type: 'start',
      callId: `${conversationId}@web`,
      direction: 'inbound',
      // Whom the site's server vouches for; else nobody: an id would be taken for a number.
      caller: sender ?? '',
      callee: 'web:widget',
      media: start.media,
      ...(language === undefined ? {} : { route: { language } }),
      ...(start.resume === undefined ? {} : { resume: start.resume }),
    };
    if (start.resume !== undefined) return { start: believed, conversationId, ended: () => undefined };
    const live = this.#calls.get(address) ?? 0;
    if (live >= this.#config.callsPerAddress) {
      throw new HearkenError('OVERLOADED', `There are ${live} calls from this address already.`, {
        hint: 'Hang up one of them first. The limit is widget.callsPerAddress.',
      });
    }
    this.#calls.set(address, live + 1);
    return { start: believed, conversationId, ended: () => this.#release(address) };
  };

  #release(address: string): void {
    const live = (this.#calls.get(address) ?? 1) - 1;
    if (live > 0) this.#calls.set(address, live);
    else this.#calls.delete(address);
  }
}

function wrongPage(): HearkenError {
  return new HearkenError('FORBIDDEN', 'This token was made out to a page of another site.', {
    hint: 'Ask for a token from the page that uses it.',
  });
}

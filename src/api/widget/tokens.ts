import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { HearkenError } from '../../errors.js';

/** Who a token was made out to. It goes through the page, so nothing in it is secret; the signature makes it unforgeable. */
export interface Visitor {
  readonly conversationId: string;
  /** The page's origin: a browser tells the true one, so a token is of no use on another site. */
  readonly origin: string;
  /** Who is counted for limits: the address that asked for the token. */
  readonly address: string;
  /** The site's own name of the user, where its server vouches for one. */
  readonly sender?: string;
}

const PREFIX = 'hw1';
/** A token is at most this long; a longer one is not looked at. */
const MAX_TOKEN_CHARS = 2048;

const claims = z.object({
  c: z.string().min(1).max(128),
  o: z.string().min(1).max(300),
  /** An address, or the site's name of the user where it tells none. */
  a: z.string().max(128),
  s: z.string().max(128).optional(),
  e: z.number().int(),
});

/** `hw1.<claims>.<HMAC-SHA-256>`, both base64url. */
export class WidgetTokens {
  readonly #secret: Buffer;
  readonly #ttlMs: number;
  readonly #nowMs: () => number;

  /** Without a secret one is made up: tokens then end with the process, and only this process knows them. */
  constructor(options: {
    readonly secret?: string | undefined;
    readonly ttlMs: number;
    readonly nowMs?: () => number;
  }) {
    this.#secret = options.secret === undefined ? randomBytes(32) : Buffer.from(options.secret);
    this.#ttlMs = options.ttlMs;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  get ttlMs(): number {
    return this.#ttlMs;
  }

  issue(visitor: Visitor): string {
    const body = Buffer.from(
      JSON.stringify({
        c: visitor.conversationId,
        o: visitor.origin,
        a: visitor.address,
        ...(visitor.sender === undefined ? {} : { s: visitor.sender }),
        e: Math.ceil((this.#nowMs() + this.#ttlMs) / 1000),
      } satisfies z.infer<typeof claims>),
    ).toString('base64url');
    return `${PREFIX}.${body}.${this.#sign(body)}`;
  }

  /** Throws UNAUTHORIZED for a token that is not ours, or one that ran out more than `graceMs` ago. */
  read(token: string | undefined, graceMs = 0): Visitor {
    const [prefix, body = '', signature = '', ...rest] = (token ?? '').slice(0, MAX_TOKEN_CHARS + 1).split('.');
    if (
      prefix !== PREFIX ||
      rest.length > 0 ||
      (token ?? '').length > MAX_TOKEN_CHARS ||
      !this.#signed(body, signature)
    )
      throw refused('This is no token of the web widget.');
    const parsed = claims.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
    if (!parsed.success) throw refused('This is no token of the web widget.');
    const { c, o, a, s, e } = parsed.data;
    if (e * 1000 + graceMs <= this.#nowMs()) throw refused('The token of the web widget has run out.');
    return { conversationId: c, origin: o, address: a, ...(s === undefined ? {} : { sender: s }) };
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#secret).update(`${PREFIX}.${body}`).digest('base64url');
  }

  #signed(body: string, signature: string): boolean {
    const expected = Buffer.from(this.#sign(body));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }
}

function refused(message: string): HearkenError {
  return new HearkenError('UNAUTHORIZED', message, { hint: 'Ask POST /api/widget/token for a new one.' });
}

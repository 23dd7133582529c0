import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { FastifyRequest } from 'fastify';
import type { Config } from '../../config.js';
import { HearkenError } from '../../errors.js';

export type SignInConfig = Pick<Config['http'], 'apiKeys' | 'trustLoopback'>;

/** What a key may be used for: `history`, `calls`, `metrics`, …; `admin` opens everything. */
export type Scope = string;

/** Who asks: the name of the key, or `local` for a program on this machine. */
export interface Principal {
  readonly name: string;
  readonly scopes: readonly Scope[];
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const LOCAL: Principal = { name: 'local', scopes: ['admin'] };
/** Headers that a reverse proxy adds: whoever sends one is not simply a program on this machine. */
const PROXY_HEADERS = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'] as const;
/** Longest key that is looked at; a longer one can't be ours. */
const MAX_KEY_CHARS = 512;

/**
 * Guards what is not for everybody. A program on the same machine gets in without a key (unless `http.trustLoopback` is off, or a proxy passed it on); anybody else shows an
 * API key as `Authorization: Bearer <key>` or `X-API-Key: <key>`. Only SHA-256 sums of keys are held, and all of them are compared in constant time.
 */
export class SignIn {
  readonly #keys: readonly { readonly name: string; readonly sum: Buffer; readonly scopes: readonly Scope[] }[];
  readonly #trustLoopback: boolean;

  constructor(config: SignInConfig) {
    this.#keys = config.apiKeys.map(({ name, sha256, scopes }) => ({ name, sum: Buffer.from(sha256, 'hex'), scopes }));
    this.#trustLoopback = config.trustLoopback;
  }

  /** A fastify `onRequest` hook that lets in whoever has this scope. Throws UNAUTHORIZED without a valid key, FORBIDDEN when its scopes don't do. */
  require(scope: Scope): (request: FastifyRequest) => Promise<void> {
    return async (request) => {
      const principal = this.principal(request);
      if (has(principal, scope)) return;
      throw new HearkenError('FORBIDDEN', `The key "${principal.name}" has no scope "${scope}".`, {
        hint: 'Use another key, or give this one the scope in http.apiKeys.',
      });
    };
  }

  /** Whether this scope's door would open. Throws UNAUTHORIZED for a key that is none of ours: whoever shows one means to use it. */
  may(request: Pick<FastifyRequest, 'headers' | 'socket'>, scope: Scope): boolean {
    if (keyOf(request.headers) === undefined && !(this.#trustLoopback && isLocal(request))) return false;
    return has(this.principal(request), scope);
  }

  /** Who sends this request. Throws UNAUTHORIZED. */
  principal(request: Pick<FastifyRequest, 'headers' | 'socket'>): Principal {
    const key = keyOf(request.headers);
    if (key === undefined) {
      if (this.#trustLoopback && isLocal(request)) return LOCAL;
      throw unauthorized('This needs an API key.');
    }
    const sum = createHash('sha256').update(key.slice(0, MAX_KEY_CHARS)).digest();
    let found: Principal | undefined;
    // No early end: how long it takes tells nothing about which key it was.
    for (const each of this.#keys) if (timingSafeEqual(each.sum, sum) && key.length <= MAX_KEY_CHARS) found = each;
    if (found === undefined) throw unauthorized('This API key is not known.');
    return found;
  }
}

function has({ scopes }: Principal, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}

/**
 * Whether a program on this machine asks. A page of another site whose name was made to point here (DNS rebinding) runs in a browser on this machine too, but asks by that name: names with a dot are
 * taken only when they are this machine's own.
 */
function isLocal(request: Pick<FastifyRequest, 'headers' | 'socket'>): boolean {
  return (
    LOOPBACK.has(request.socket.remoteAddress ?? '') &&
    isOwnName(request.headers.host) &&
    PROXY_HEADERS.every((name) => request.headers[name] === undefined)
  );
}

function isOwnName(host: string | undefined): boolean {
  const name = (host ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
  return !name.includes('.') || isIP(name) !== 0 || name === hostname().toLowerCase() || name.endsWith('.localhost');
}

function keyOf(headers: FastifyRequest['headers']): string | undefined {
  const own = headers['x-api-key'];
  if (typeof own === 'string' && own !== '') return own;
  const { authorization } = headers;
  const match = authorization === undefined ? null : /^Bearer +(\S+)$/i.exec(authorization);
  return match === null ? undefined : match[1];
}

function unauthorized(message: string): HearkenError {
  return new HearkenError('UNAUTHORIZED', message, {
    hint: 'Send Authorization: Bearer <key>; keys are set in HEARKEN_API_KEYS or http.apiKeys. From the same machine none is needed.',
  });
}

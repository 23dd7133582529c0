import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HearkenError } from '../../errors.js';
import { sameOrigin } from '../same-origin.js';
import type { Role } from './contract.js';
import type { ConsoleSession, ConsoleSessions } from './sessions.js';
import type { User } from './user-store.js';

export const COOKIE = 'hearken_console';
/** A page of another site can't set it without asking first, and is told no. */
export const PAGE_HEADER = 'x-hearken-console';

type Headers = IncomingHttpHeaders;

/** Who is at the other end, and what they may see. */
export class Viewer {
  readonly name: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  /** Their telephone, where it is known. */
  readonly extension: string | undefined;

  constructor(user: Pick<User, 'name' | 'displayName' | 'roles' | 'extension'>) {
    this.name = user.name;
    this.displayName = user.displayName;
    this.roles = user.roles;
    this.extension = user.extension;
  }

  is(role: Role): boolean {
    return this.roles.includes(role) || this.roles.includes('admin');
  }

  /** At the desk: whether it may ring at them. */
  get rung(): boolean {
    return this.is('agent');
  }

  /** All calls, and what was said in them as it was said. */
  get seesAll(): boolean {
    return this.is('supervisor');
  }
}

/** The console's door: sessions by cookie, roles, and no help from pages of other sites. */
export class ConsoleGuard {
  readonly #sessions: ConsoleSessions;
  readonly #viewers = new WeakMap<FastifyRequest, Viewer>();

  constructor(sessions: ConsoleSessions) {
    this.#sessions = sessions;
  }

  /** A fastify hook: lets in who is signed in and has one of these roles (without any: whoever is signed in). Throws UNAUTHORIZED, FORBIDDEN. */
  require(...roles: readonly Role[]): (request: FastifyRequest) => Promise<void> {
    return async (request) => {
      fromOurPage(request.method, request.headers);
      this.#viewers.set(request, await this.admit(request.headers, roles));
    };
  }

  /** Who sends this request; only after `require` has let it in. */
  viewer(request: FastifyRequest): Viewer {
    const viewer = this.#viewers.get(request);
    if (viewer === undefined) throw unauthorized();
    return viewer;
  }

  /** The same for an upgrade or a look in between. Throws UNAUTHORIZED, FORBIDDEN. */
  async admit(headers: Headers, roles: readonly Role[], use = true): Promise<Viewer> {
    const session = await this.session(headers, use);
    if (session === undefined) throw unauthorized();
    const viewer = new Viewer(session.user);
    if (roles.length === 0 || roles.some((role) => viewer.is(role))) return viewer;
    throw new HearkenError('FORBIDDEN', `This is for the role ${roles.join(' or ')}.`, {
      hint: 'An administrator gives roles: hearken users change NAME --role …',
    });
  }

  session(headers: Headers, use = true): Promise<ConsoleSession | undefined> {
    return this.#sessions.get(cookieOf(headers), use);
  }
}

/** Throws FORBIDDEN for a request that changes something and comes from a page that is not ours. */
export function fromOurPage(method: string, headers: Headers): void {
  if (method === 'GET' || method === 'HEAD') return;
  if (headers[PAGE_HEADER] === '1' && sameOrigin(headers)) return;
  throw new HearkenError('FORBIDDEN', 'This did not come from a page of the console.', {
    hint: 'Send X-Hearken-Console: 1, from the same origin.',
  });
}

export function cookieOf(headers: Headers): string | undefined {
  for (const part of (headers.cookie ?? '').slice(0, 4096).split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === COOKIE) return value;
  }
  return undefined;
}

/** Gives the cookie, or takes it away. */
export function setCookie(request: FastifyRequest, reply: FastifyReply, token: string | undefined): void {
  const secure = request.protocol === 'https' ? '; Secure' : '';
  const life = token === undefined ? '; Max-Age=0' : '';
  void reply.header('set-cookie', `${COOKIE}=${token ?? ''}; Path=/console; HttpOnly; SameSite=Strict${secure}${life}`);
}

function unauthorized(): HearkenError {
  return new HearkenError('UNAUTHORIZED', 'Nobody is signed in here.', { hint: 'Sign in.' });
}

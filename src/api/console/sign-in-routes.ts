import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { HearkenError } from '../../errors.js';
import { networkOf } from '../client-address.js';
import { errorResponse } from '../schemas.js';
import type { Audit } from './audit.js';
import { type Me, me, signInRequest } from './contract.js';
import { type ConsoleGuard, cookieOf, fromOurPage, setCookie, Viewer } from './guard.js';
import { Lockout } from './lockout.js';
import type { ConsoleSessions } from './sessions.js';
import type { User, UserStore } from './user-store.js';

export interface SignInRouteOptions {
  readonly users: UserStore;
  readonly sessions: ConsoleSessions;
  readonly guard: ConsoleGuard;
  readonly audit: Audit;
  readonly nowMs?: () => number;
}

/** Wrong passwords of one address before it has to wait: an office shares one. */
const ADDRESS_TRIES = 30;
/** Passwords that are looked at together: each takes 32 MiB and a thread. */
const MAX_CHECKS = 4;

/** `POST /sign-in`, `POST /sign-out`, `GET /me`. */
export async function signInRoutes(app: FastifyInstance, options: SignInRouteOptions): Promise<void> {
  const { users, sessions, guard, audit, nowMs = Date.now } = options;
  const api = app.withTypeProvider<ZodTypeProvider>();
  const lockout = new Lockout();
  let checks = 0;

  const check = async (name: string, password: string): Promise<User | undefined> => {
    if (checks >= MAX_CHECKS)
      throw new HearkenError('OVERLOADED', 'Many people sign in just now.', { hint: 'Try again.' });
    checks++;
    try {
      return await users.verify(name, password);
    } finally {
      checks--;
    }
  };

  api.post(
    '/sign-in',
    {
      schema: {
        hide: true,
        body: signInRequest,
        response: { 200: me, 401: errorResponse, 403: errorResponse, 429: errorResponse, 503: errorResponse },
      },
    },
    async (request, reply) => {
      fromOurPage(request.method, request.headers);
      const { name, password } = request.body;
      const [byName, byAddress] = [`name ${name}`, `address ${networkOf(request.ip)}`];
      const waitMs = Math.max(lockout.waitMs(byName, nowMs()), lockout.waitMs(byAddress, nowMs()));
      if (waitMs > 0) {
        void reply.header('retry-after', String(Math.ceil(waitMs / 1000)));
        throw new HearkenError('RATE_LIMITED', 'Too many wrong passwords.', {
          hint: `Wait ${Math.ceil(waitMs / 1000)} s.`,
        });
      }
      const user = await check(name, password);
      if (user === undefined) {
        lockout.failed(byName, nowMs());
        lockout.failed(byAddress, nowMs(), ADDRESS_TRIES);
        // What is nobody's name may be a password in the wrong field: it is not written down.
        const known = (await users.get(name)) !== undefined;
        audit.add({ who: '', what: 'signInFailed', about: known ? name : '?', address: request.ip });
        throw new HearkenError('UNAUTHORIZED', 'That name and password do not go together.', {
          hint: await firstSteps(users, 'Check both; letters may be capital by accident.'),
        });
      }
      // A whole office's slips of a day would add up to a wait for everybody.
      lockout.forgive(byAddress, lockout.succeeded(byName));
      // A session that was there before is not taken along.
      await sessions.end(cookieOf(request.headers));
      const { token, session } = await sessions.begin(user);
      setCookie(request, reply, token);
      audit.add({ who: user.name, what: 'signIn', address: request.ip });
      return meOf(user, session.expiresAtMs);
    },
  );

  api.post('/sign-out', { schema: { hide: true } }, async (request, reply) => {
    fromOurPage(request.method, request.headers);
    const session = await guard.session(request.headers);
    // First: the browser forgets it even when the store can't.
    setCookie(request, reply, undefined);
    await sessions.end(cookieOf(request.headers));
    if (session !== undefined) audit.add({ who: session.user.name, what: 'signOut', address: request.ip });
    return reply.status(204).send();
  });

  api.get('/me', { schema: { hide: true, response: { 200: me, 401: errorResponse } } }, async (request) => {
    const session = await guard.session(request.headers);
    if (session === undefined)
      throw new HearkenError('UNAUTHORIZED', 'Nobody is signed in here.', {
        hint: await firstSteps(users, 'Sign in.'),
      });
    return meOf(session.user, session.expiresAtMs);
  });
}

async function firstSteps(users: UserStore, otherwise: string): Promise<string> {
  const none = (await users.list()).length === 0;
  return none ? 'There are no users yet. On the machine: npx hearken users add NAME --role admin' : otherwise;
}

function meOf(user: User, expiresAtMs: number): Me {
  const viewer = new Viewer(user);
  const all = viewer.seesAll;
  return {
    name: user.name,
    displayName: user.displayName,
    roles: [...user.roles],
    expiresAtMs,
    can: {
      desk: viewer.is('agent'),
      search: true,
      listenIn: all,
      superviseDesk: all,
      playground: all,
      health: all,
      audio: all,
    },
  };
}

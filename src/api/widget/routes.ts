import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Config } from '../../config.js';
import { HearkenError } from '../../errors.js';
import type { SignIn } from '../plugins/sign-in.js';
import { errorResponse } from '../schemas.js';
import { widgetFile } from './files.js';
import type { WidgetGate } from './gate.js';
import { isLocal, ownOrigin } from './local.js';

export interface WidgetRouteOptions {
  readonly gate: WidgetGate;
  readonly config: Config['widget'];
  readonly mediaPath: string;
  readonly signIn: SignIn;
}

/** A year: an address with a version never changes its content. */
const FOR_GOOD = 'public, max-age=31536000, immutable';
/** The address that sites write into their pages: an hour, then browsers ask whether it has changed. */
const FOR_AN_HOUR = 'public, max-age=3600, stale-while-revalidate=86400';

const origin = z.string().regex(/^https?:\/\/[^/\s]{1,290}$/, 'an origin such as https://shop.example.com');
const tokenRequest = z
  .strictObject({
    token: z.string().max(2048).optional().describe('The old one: its conversation goes on.'),
    origin: origin.optional().describe('From a site’s server only: the page that will use the token.'),
    sender: z
      .string()
      .max(128)
      .regex(/^[\x21-\x7e]+$/, 'visible ASCII characters only')
      .optional()
      .describe('From a site’s server only: who is signed in there.'),
    address: z.string().max(64).optional().describe('From a site’s server only: the visitor’s address, for limits.'),
  })
  .meta({ examples: [{ origin: 'https://shop.example.com', sender: 'user-1042' }] });
const tokenResponse = z.object({
  token: z.string(),
  conversationId: z.string(),
  expiresInMs: z.number().int(),
  mediaPath: z.string().describe('WebSocket path for speech (hearken.media.v1).'),
  textPath: z.string().describe('WebSocket path for typing.'),
});

/** The widget's door: tokens, the script, and a page to try it on this machine. */
export async function widgetRoutes(app: FastifyInstance, options: WidgetRouteOptions): Promise<void> {
  const { gate, config, signIn } = options;
  const api = app.withTypeProvider<ZodTypeProvider>();

  /** The page that asks, when it may. */
  const pageOf = (request: FastifyRequest): string | undefined => {
    const asked = request.headers.origin;
    if (asked === undefined) return undefined;
    if (gate.allows(asked) || (config.demo && asked === ownOrigin(request))) return asked;
    throw new HearkenError('FORBIDDEN', 'Pages of this site may not use the widget here.', {
      hint: 'Add its origin to widget.origins.',
    });
  };
  const allowReading = (reply: FastifyReply, page: string): void => {
    // Helmet says "same-origin"; a page that was let in needs to read the answer.
    void reply.headers({
      'access-control-allow-origin': page,
      'cross-origin-resource-policy': 'cross-origin',
      vary: 'Origin',
    });
  };

  api.options('/api/widget/token', { schema: { hide: true } }, async (request, reply) => {
    const page = pageOf(request);
    if (page !== undefined) allowReading(reply, page);
    return reply
      .headers({ 'access-control-allow-methods': 'POST', 'access-control-allow-headers': 'Content-Type' })
      .header('access-control-max-age', '600')
      .status(204)
      .send();
  });
  api.post(
    '/api/widget/token',
    {
      config: { rateLimit: { max: config.tokensPerMinute, timeWindow: 60_000 } },
      schema: {
        summary:
          'A short-lived token for the voice widget: for a page of an allowed site, or for a site’s server (API key, scope widget)',
        tags: ['widget'],
        body: tokenRequest,
        response: {
          200: tokenResponse,
          400: errorResponse,
          401: errorResponse,
          403: errorResponse,
          429: errorResponse,
        },
      },
    },
    async (request, reply) => {
      const { token, sender, address, origin: named } = request.body;
      const page = pageOf(request);
      if (page !== undefined) allowReading(reply, page);
      else requireKey(signIn, request);
      const target = page ?? named;
      if (target === undefined) {
        throw new HearkenError('REQUEST_INVALID', 'The origin of the page is missing.', {
          hint: 'Name the page that will use the token: {"origin":"https://shop.example.com"}.',
        });
      }
      // What a page says about its visitor is not believed; a site's server is.
      const vouched =
        page === undefined
          ? { sender, address: address ?? sender ?? request.ip, vouched: true }
          : { address: request.ip };
      const issued = gate.issue({ origin: target, token, ...vouched });
      void reply.header('cache-control', 'no-store');
      return { ...issued, expiresInMs: gate.ttlMs, mediaPath: options.mediaPath, textPath: '/ws' };
    },
  );

  api.get(
    '/widget/hearken-call.js',
    {
      schema: {
        summary: 'The widget: <script type="module"> and <hearken-call>',
        tags: ['widget'],
        querystring: z.object({ v: z.string().max(64).optional() }),
        response: { 200: z.any().describe('JavaScript'), 404: errorResponse },
      },
    },
    async (request, reply) => {
      // Any page may load it (also as its own worklet, which browsers fetch with CORS): it holds no secret, and tokens decide who may talk.
      void reply.headers({ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' });
      return serve(request, reply, 'hearken-call.js', request.query.v);
    },
  );

  if (!config.demo) return;
  const hidden = { schema: { hide: true } };
  app.get('/widget', hidden, async (_request, reply) => reply.redirect('/widget/'));
  app.get('/widget/', hidden, async (request, reply) => {
    const own = ownOrigin(request);
    if (own === undefined) return reply.callNotFound();
    void reply.header('content-security-policy', demoPolicy(own)).header('cache-control', 'no-cache');
    return serve(request, reply, 'demo.html');
  });
  for (const name of ['demo.js', 'demo.css']) {
    app.get(`/widget/${name}`, hidden, async (request, reply) =>
      isLocal(request) ? serve(request, reply, name) : reply.callNotFound(),
    );
  }
}

function requireKey(signIn: SignIn, request: FastifyRequest): void {
  const { name, scopes } = signIn.principal(request);
  if (scopes.includes('widget') || scopes.includes('admin')) return;
  throw new HearkenError('FORBIDDEN', `The key "${name}" has no scope "widget".`, {
    hint: 'Use another key, or give this one the scope in http.apiKeys.',
  });
}

function serve(request: FastifyRequest, reply: FastifyReply, name: string, asked?: string): FastifyReply {
  const file = widgetFile(name);
  const etag = `"${file.version}"`;
  void reply.headers({ etag, 'content-type': file.type, vary: 'Accept-Encoding' });
  if (!reply.hasHeader('cache-control'))
    void reply.header('cache-control', asked === file.version ? FOR_GOOD : FOR_AN_HOUR);
  if (request.headers['if-none-match'] === etag) return reply.status(304).send();
  const gzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (gzip) void reply.header('content-encoding', 'gzip');
  // No serializer: these are bytes.
  return reply.serializer((value) => value as never).send(gzip ? file.gzip : file.plain);
}

/** As strict as a site could be that uses the widget: nothing inline, nothing from elsewhere, no string ever becomes markup. */
function demoPolicy(own: string): string {
  const socket = own.replace(/^http/, 'ws');
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src 'self' ${socket}`,
    "img-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

import type { FastifyInstance } from 'fastify';

/** How long a browser may remember a preflight (https://fetch.spec.whatwg.org/#cors-protocol). Browsers cap it at 2 h or less. */
const MAX_AGE_SECONDS = 600;

/**
 * Lets pages of these origins call the API from a browser. Off when the list is empty: then no header is sent, and browsers keep other sites' pages out. Cookies are never
 * allowed; origins are compared whole.
 */
export function registerCors(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    reply.header('vary', 'Origin');
    if (origin === undefined || !allowed.has(origin)) return;
    reply.header('access-control-allow-origin', origin);
    // Helmet says "same-origin"; a page that was let in above needs to read the answer.
    reply.header('cross-origin-resource-policy', 'cross-origin');
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return;
    await reply
      .headers({
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'Content-Type, Authorization, X-API-Key',
        'access-control-max-age': String(MAX_AGE_SECONDS),
      })
      .status(204)
      .send();
  });
}

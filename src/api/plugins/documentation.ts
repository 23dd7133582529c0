import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { documentationPage, PAGE_POLICY } from '../documentation-page.js';

/**
 * OpenAPI 3.1, made from the schemas that validate. `GET /documentation` gives it as JSON, and to a browser as a page; `GET /documentation/json` always as JSON.
 * Register before the routes.
 */
export async function registerDocumentation(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hearken',
        description:
          'Text channels, health and call records of a Hearken service. WebSocket: /ws for text, see docs; the media path for audio.',
        version: '1',
      },
    },
    transform: jsonSchemaTransform,
  });
  let page: string | undefined;
  app.get('/documentation', { schema: { hide: true } }, async (request, reply) => {
    void reply.header('vary', 'accept');
    if (!wantsPage(request.headers.accept)) return app.swagger();
    page ??= documentationPage(app.swagger() as unknown as Readonly<Record<string, unknown>>, '/documentation/json');
    return reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8').send(page);
  });
  app.get('/documentation/json', { schema: { hide: true } }, async () => app.swagger());
}

/** Browsers name HTML; programs take anything, or name JSON. */
function wantsPage(accept: string | undefined): boolean {
  return accept !== undefined && /\btext\/html\b/i.test(accept) && !/\bapplication\/json\b/i.test(accept);
}

import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/** OpenAPI 3.1, made from the schemas that validate; `GET /documentation` gives it as JSON. Register before the routes. */
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
  app.get('/documentation', { schema: { hide: true } }, async () => app.swagger());
}

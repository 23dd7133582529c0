import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorResponse } from '../schemas.js';
import type { Audit } from './audit.js';
import {
  playground,
  playgroundList,
  playgroundMessageRequest,
  playgroundReply,
  playgroundRequest,
} from './contract.js';
import type { ConsoleGuard } from './guard.js';
import type { Playgrounds } from './playgrounds.js';

export interface PlaygroundRouteOptions {
  readonly guard: ConsoleGuard;
  readonly playgrounds: Playgrounds;
  readonly audit: Audit;
}

const errors = {
  400: errorResponse,
  401: errorResponse,
  403: errorResponse,
  404: errorResponse,
  409: errorResponse,
  502: errorResponse,
  503: errorResponse,
  504: errorResponse,
};
const byId = z.object({ id: z.uuid() });

/** Talking to applications that are not live. */
export async function playgroundRoutes(app: FastifyInstance, options: PlaygroundRouteOptions): Promise<void> {
  const { guard, playgrounds, audit } = options;
  const api = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard.require('supervisor');
  api.get(
    '/playground',
    { onRequest, schema: { hide: true, response: { 200: playgroundList, ...errors } } },
    async (request) => ({
      apps: playgrounds.apps,
      sessions: playgrounds.of(guard.viewer(request).name),
    }),
  );
  api.post(
    '/playground',
    { onRequest, schema: { hide: true, body: playgroundRequest, response: { 200: playground, ...errors } } },
    async (request) => {
      const { name } = guard.viewer(request);
      const opened = playgrounds.open(name, request.body.app);
      audit.add({ who: name, what: 'openPlayground', about: opened.app, address: request.ip });
      return opened;
    },
  );
  const one = { onRequest, schema: { hide: true, params: byId, response: { 200: playground, ...errors } } };
  api.get('/playground/:id', one, async (request) => playgrounds.get(guard.viewer(request).name, request.params.id));
  api.delete('/playground/:id', { onRequest, schema: { hide: true, params: byId } }, async (request, reply) => {
    playgrounds.end(guard.viewer(request).name, request.params.id);
    return reply.status(204).send();
  });
  api.post(
    '/playground/:id/messages',
    {
      onRequest,
      schema: {
        hide: true,
        params: byId,
        body: playgroundMessageRequest,
        response: { 200: playgroundReply, ...errors },
      },
    },
    async (request) =>
      playgrounds.say(guard.viewer(request).name, request.params.id, request.body.text, request.body.language),
  );
}

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Metrics } from '../../insight/metrics.js';
import type { SignIn } from '../plugins/sign-in.js';
import { errorResponse } from '../schemas.js';

export interface MetricsRouteOptions {
  readonly metrics: Metrics;
  /** Undefined: for everybody who reaches the port. */
  readonly signIn: SignIn | undefined;
}

/** `GET /metrics` for Prometheus. */
export async function metricsRoute(app: FastifyInstance, { metrics, signIn }: MetricsRouteOptions): Promise<void> {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/metrics',
    {
      config: { rateLimit: false },
      ...(signIn === undefined ? {} : { onRequest: signIn.require('metrics') }),
      schema: {
        summary: "The service's numbers for Prometheus",
        tags: ['operations'],
        produces: ['text/plain'],
        response: {
          200: z.string().describe("Prometheus' text exposition format"),
          401: errorResponse,
          403: errorResponse,
        },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
}

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { messageOf } from '../../errors.js';

export interface HealthOptions {
  /** Facts of the other rooms: models, calls, workers. */
  readonly health: () => Readonly<Record<string, unknown>>;
  /** Asks the session store; rejects when it is away. */
  readonly ping: () => Promise<void>;
}

/** Longest wait for the store; a probe must not hang. */
const PING_LIMIT_MS = 1000;

const health = z
  .object({ status: z.enum(['ok', 'degraded']), store: z.object({ ok: z.boolean(), reason: z.string().optional() }) })
  .loose();

/** `GET /health` (and `/api/health`): 200 when it can serve, 503 when the session store is away. */
export async function healthRoutes(app: FastifyInstance, options: HealthOptions): Promise<void> {
  for (const url of ['/health', '/api/health']) {
    app.withTypeProvider<ZodTypeProvider>().get(
      url,
      {
        config: { rateLimit: false },
        schema: {
          summary: 'Is it well, and what does it run on',
          tags: ['operations'],
          response: { 200: health, 503: health },
        },
      },
      async (_request, reply) => {
        const store = await ping(options.ping);
        return reply
          .status(store.ok ? 200 : 503)
          .send({ status: store.ok ? 'ok' : 'degraded', store, ...options.health() });
      },
    );
  }
}

async function ping(ask: () => Promise<void>): Promise<{ ok: boolean; reason?: string }> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PING_LIMIT_MS} ms`)), PING_LIMIT_MS);
  });
  try {
    await Promise.race([ask(), limit]);
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

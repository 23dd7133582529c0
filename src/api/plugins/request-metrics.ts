import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../../insight/metrics.js';

/** Every request by its route (never its address: that would be a series for each id), method and kind of status, and how long it took. */
export function registerRequestMetrics(app: FastifyInstance, metrics: Metrics): void {
  const seconds = metrics.histogram('http_request_duration_seconds', 'HTTP requests by route, method and status', {
    labels: ['method', 'route', 'status'],
  });
  app.addHook('onResponse', async (request, reply) => {
    seconds.observe(reply.elapsedTime / 1000, {
      method: KNOWN_METHODS.has(request.method) ? request.method : 'other',
      route: request.routeOptions.url ?? 'none',
      status: `${Math.floor(reply.statusCode / 100)}xx`,
    });
  });
}

const KNOWN_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

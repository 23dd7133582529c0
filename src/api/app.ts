import { randomUUID } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import type { Brain } from '../dialogue/brain.js';
import type { VisitorLines } from '../handoff/visitor-lines.js';
import { Metrics } from '../insight/metrics.js';
import type { IntentModel } from '../nlu/intent-model.js';
import type { SearchableLog } from '../store/conversation-log.js';
import type { ShortCodes } from '../store/short-codes.js';
import { ClientAddresses } from './client-address.js';
import { type ConsoleOptions, registerConsole } from './console/index.js';
import { registerCors } from './plugins/cors.js';
import { registerDocumentation } from './plugins/documentation.js';
import { registerErrorHandler } from './plugins/errors.js';
import { registerRequestMetrics } from './plugins/request-metrics.js';
import { registerSecurityHeaders } from './plugins/security-headers.js';
import { SignIn } from './plugins/sign-in.js';
import { type CallRouteOptions, callRoutes } from './routes/calls.js';
import { chatRoutes } from './routes/chat.js';
import { continueRoutes } from './routes/continue.js';
import { conversationRoutes, rasaWebhookRoute } from './routes/conversation.js';
import { type HealthOptions, healthRoutes } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { modelParseRoute } from './routes/model-parse.js';
import { visitorRoutes } from './routes/visitor.js';
import { wechatRoutes } from './routes/wechat.js';
import { TextSocketEndpoint } from './socket.js';
import type { UpgradeRouter } from './upgrade.js';
import type { WidgetGate } from './widget/gate.js';
import { widgetRoutes } from './widget/routes.js';

export interface ApiOptions extends HealthOptions {
  readonly brain: Brain;
  readonly logger: Logger;
  readonly config: Config['http'];
  /** With it there are `/api/history` and `/api/conversations`. */
  readonly log?: SearchableLog;
  readonly calls?: Omit<CallRouteOptions, 'signIn'>;
  /** With them there is `/api/continue`. */
  readonly codes?: ShortCodes;
  /** With a token in it there is `/webhooks/wechat`. */
  readonly wechat?: Config['wechat'];
  /** Told of every request and shown at `/metrics`; without it the API counts for itself. */
  readonly metrics?: Metrics;
  /** With it there are `/widget/` and `/api/widget/token`, and pages may open `/ws` with a token. */
  readonly widget?: { readonly gate: WidgetGate; readonly config: Config['widget']; readonly mediaPath: string };
  /** With it there are `/console/` and what its pages ask. */
  readonly console?: ConsoleOptions;
  /** With it typed conversations may have a person in them. */
  readonly visitors?: VisitorLines;
  /** With it there is `POST /model/parse`. */
  readonly intentModel?: IntentModel;
}

export interface Api {
  /** Not listening yet: tests use `inject`, the composition root `listen`. */
  readonly app: FastifyInstance;
  /** Every route, as `GET /health`. */
  readonly routes: readonly string[];
  /** Puts `/ws` on the router of the HTTP server's upgrades. */
  registerUpgrades(router: UpgradeRouter): void;
}

/** Builds the HTTP side: plugins, then routes. Closing the app closes the text sockets too. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const addresses = new ClientAddresses(options.config.trustProxy);
  const app: FastifyInstance = Fastify({
    loggerInstance: options.logger,
    // Requests are logged below without their query and body: those are what people say.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.config.bodyLimitBytes,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    trustProxy: typeof options.config.trustProxy === 'boolean' ? options.config.trustProxy : addresses.trusts,
    // Slow senders: the whole request within this, headers and body (https://nodejs.org/api/http.html#serverrequesttimeout).
    requestTimeout: 30_000,
    // Headers alone sooner; and Node looks often enough that those limits are what they say.
    http: { headersTimeout: 15_000, connectionsCheckingInterval: 5000 },
    forceCloseConnections: true,
  }) as unknown as FastifyInstance;
  const routes: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) if (each !== 'HEAD') routes.push(`${each} ${url}`);
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  registerErrorHandler(app);
  app.addHook('onResponse', async (request, reply) => {
    request.log.debug(
      {
        method: request.method,
        path: request.url.split('?')[0],
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'answered',
    );
  });
  const metrics = options.metrics ?? new Metrics();
  const signIn = new SignIn(options.config);
  registerRequestMetrics(app, metrics);
  await registerSecurityHeaders(app);
  registerCors(app, options.config.corsOrigins);
  await app.register(rateLimit, { max: options.config.requestsPerMinute, timeWindow: 60_000 });
  await registerDocumentation(app);

  await app.register(healthRoutes, { health: options.health, ping: options.ping });
  await app.register(chatRoutes, { brain: options.brain });
  await app.register(metricsRoute, { metrics, signIn: options.config.openMetrics ? undefined : signIn });
  await app.register(conversationRoutes, { brain: options.brain, log: options.log, signIn });
  if (options.codes !== undefined) await app.register(continueRoutes, { brain: options.brain, codes: options.codes });
  await app.register(rasaWebhookRoute, { brain: options.brain });
  if (options.wechat?.token !== undefined)
    await app.register(wechatRoutes, {
      ...{ brain: options.brain, logger: options.logger, config: options.wechat },
      visitors: options.visitors,
    });
  if (options.calls !== undefined) await app.register(callRoutes, { ...options.calls, signIn });
  if (options.intentModel !== undefined) await app.register(modelParseRoute, { intentModel: options.intentModel });
  if (options.widget !== undefined) await app.register(widgetRoutes, { ...options.widget, signIn });

  if (options.visitors !== undefined) await app.register(visitorRoutes, { visitors: options.visitors });
  const consolePages =
    options.console === undefined ? undefined : await registerConsole(app, options.console, addresses);

  const gate = options.widget?.gate;
  const socket = new TextSocketEndpoint({
    brain: options.brain,
    logger: options.logger,
    addressOf: addresses.of,
    messagesPerMinute: options.config.requestsPerMinute,
    origins: options.config.corsOrigins,
    ...(gate === undefined ? {} : { visitor: (token, origin) => gate.visitor(token, origin) }),
    ...(options.visitors === undefined ? {} : { visitors: options.visitors }),
  });
  app.addHook('preClose', () => socket.close());
  return {
    app,
    routes,
    registerUpgrades: (router) => {
      router.register('/ws', socket.upgrade);
      consolePages?.registerUpgrades(router);
    },
  };
}

import { statfs } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { messageOf } from '../../errors.js';
import type { HourlyStats } from '../../insight/hourly-stats.js';
import { errorResponse } from '../schemas.js';
import { type Health, health, stats, statsQuery } from './contract.js';
import type { ConsoleGuard } from './guard.js';

/** What the other rooms tell about themselves. */
export interface HealthFacts {
  readonly calls: number;
  readonly models: Health['models'];
  readonly stores: readonly {
    readonly name: string;
    readonly kind: string;
    readonly detail: string;
    readonly ok: boolean;
  }[];
  readonly workers: Health['workers'];
}

export interface HealthRouteOptions {
  readonly guard: ConsoleGuard;
  readonly facts: () => HealthFacts;
  /** Asks the session store; rejects when it is away. */
  readonly ping: () => Promise<void>;
  readonly dataFolder: string;
  readonly version: string;
  readonly startedAtMs: number;
  /** Empty: the bridge is not asked. */
  readonly bridgeUrl: string;
  readonly stats: HourlyStats;
}

const LIMIT_MS = 1500;
const MAX_ANSWER_CHARS = 1_000_000;

const trunkState = z.object({
  name: z.string(),
  calls: z.number().catch(0),
  registered: z.boolean().nullable().catch(null),
  registrar: z.string().nullable().catch(null),
  targets: z.record(z.string(), z.boolean()).catch({}),
});
const bridgeHealth = z.object({
  status: z.string(),
  sip: z.string().catch(''),
  calls: z.number().catch(0),
  registered: z.boolean().nullable().catch(null),
  trunks: z.array(trunkState).catch([]),
});

/** `GET /health` and `GET /stats`, for supervisors. */
export async function healthRoutes(app: FastifyInstance, options: HealthRouteOptions): Promise<void> {
  const { guard, facts, ping, dataFolder, version, startedAtMs, bridgeUrl } = options;
  const api = app.withTypeProvider<ZodTypeProvider>();
  const onRequest = guard.require('supervisor');
  const errors = { 401: errorResponse, 403: errorResponse };

  api.get('/health', { onRequest, schema: { hide: true, response: { 200: health, ...errors } } }, async () => {
    const { calls, models, stores, workers } = facts();
    const [session, trunks, disk] = await Promise.all([asked(ping), bridge(bridgeUrl), diskOf(dataFolder)]);
    const shownStores = stores.map(({ name, kind, detail, ok }) => ({
      name,
      value: kind,
      ok: ok && (name !== 'sessions' || session === undefined),
      detail: name === 'sessions' && session !== undefined ? session : detail,
    }));
    const parts = [...shownStores, ...workers, ...trunks.trunks].every(({ ok }) => ok);
    // Callers who are not understood, or not answered in a voice, are not well served.
    const well = parts && models.every(({ name }) => name !== null);
    return {
      status: well ? ('ok' as const) : ('degraded' as const),
      version,
      startedAtMs,
      calls,
      models,
      stores: shownStores,
      ...trunks,
      workers: [...workers],
      disk,
    };
  });

  api.get(
    '/stats',
    { onRequest, schema: { hide: true, querystring: statsQuery, response: { 200: stats, ...errors } } },
    async (request) => options.stats.view(request.query.hours),
  );
}

/** What is wrong, undefined when nothing is. */
async function asked(ping: () => Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    await Promise.race([ping(), limit]);
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    clearTimeout(timer);
  }
}

async function bridge(url: string): Promise<Pick<Health, 'trunks' | 'trunksProblem'>> {
  if (url === '') return { trunks: [], trunksProblem: 'The bridge is not asked (console.bridgeUrl is empty).' };
  try {
    const response = await fetch(new URL('/healthz', url), {
      signal: AbortSignal.timeout(LIMIT_MS),
      redirect: 'error',
    });
    const text = await response.text();
    if (text.length > MAX_ANSWER_CHARS) throw new Error('its answer is too long');
    const { status, sip, calls, registered, trunks } = bridgeHealth.parse(JSON.parse(text));
    const line = {
      name: 'bridge',
      ok: status === 'ok' && registered !== false,
      value: sip,
      detail: `${status}, ${calls} calls${registered === null ? '' : registered ? ', registered' : ', not registered'}`,
    };
    return { trunks: [line, ...trunks.slice(0, 200).map(trunkOf)], trunksProblem: null };
  } catch (error) {
    return { trunks: [], trunksProblem: `The SIP bridge does not answer at ${url}: ${messageOf(error)}` };
  }
}

function trunkOf({
  name,
  calls,
  registered,
  registrar,
  targets,
}: z.infer<typeof trunkState>): Health['trunks'][number] {
  const away = Object.entries(targets).filter(([, up]) => !up);
  const ok = registered !== false && away.length === 0;
  const told = [
    `${calls} calls`,
    ...(registered === null ? [] : [`${registered ? 'registered' : 'not registered'} at ${registrar ?? '?'}`]),
    ...away.map(([target]) => `${target} does not answer`),
  ];
  return { name, ok, value: ok ? 'up' : 'down', detail: told.join(', ').slice(0, 500) };
}

async function diskOf(folder: string): Promise<Health['disk']> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return null;
  }
}

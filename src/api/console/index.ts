import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../../config.js';
import type { AgentDesk } from '../../handoff/agent-desk.js';
import type { DeskStore } from '../../handoff/desk-store.js';
import type { HourlyStats } from '../../insight/hourly-stats.js';
import type { LiveBus } from '../../insight/live-bus.js';
import type { LiveCalls } from '../../insight/live-calls.js';
import type { SearchableLog } from '../../store/conversation-log.js';
import type { SessionStore } from '../../store/session-store.js';
import type { ClientAddresses } from '../client-address.js';
import type { UpgradeRouter } from '../upgrade.js';
import { FileAudit } from './audit.js';
import { BridgeRecordings } from './bridge-recordings.js';
import { callRoutes } from './call-routes.js';
import { deskRoutes } from './desk-routes.js';
import { consoleFiles } from './files.js';
import { ConsoleGuard } from './guard.js';
import { type HealthFacts, healthRoutes } from './health-routes.js';
import { ListenEndpoint } from './listen.js';
import { liveRoutes } from './live-routes.js';
import { PastCalls } from './past-calls.js';
import { playgroundRoutes } from './playground-routes.js';
import { type PlaygroundOptions, Playgrounds } from './playgrounds.js';
import { ConsoleSessions } from './sessions.js';
import { signInRoutes } from './sign-in-routes.js';
import { TALK_PATH, TalkEndpoint } from './talk.js';
import type { UserStore } from './user-store.js';

export interface ConsoleOptions {
  readonly config: Config['console'];
  readonly users: UserStore;
  /** Of sign-ins; keeps them for `config.sessionIdleMs`. */
  readonly sessions: SessionStore;
  readonly bus: LiveBus;
  readonly calls: LiveCalls;
  readonly desk: AgentDesk;
  readonly tickets: DeskStore;
  readonly log: SearchableLog;
  readonly stats: HourlyStats;
  readonly logger: Logger;
  readonly dataFolder: string;
  readonly auditFolder: string;
  /** Of the audit. */
  readonly keepDays: number;
  readonly recordsAudio: boolean;
  readonly recordingsFolder: string;
  readonly version: string;
  readonly facts: () => HealthFacts;
  readonly ping: () => Promise<void>;
  readonly playground: Omit<PlaygroundOptions, 'logger' | 'onTalk'>;
  /** Built pages; default: where `npm run build` puts them. */
  readonly pages?: string;
  readonly heartbeatMs?: number;
  readonly nowMs?: () => number;
}

/** `/console/` and `/console/api`. Closing the app closes its sockets and processes. */
export async function registerConsole(
  app: FastifyInstance,
  options: ConsoleOptions,
  addresses: ClientAddresses,
): Promise<{ registerUpgrades(router: UpgradeRouter): void }> {
  const { config, users, bus, calls, desk, tickets, log, stats, logger, dataFolder } = options;
  const clock = options.nowMs === undefined ? {} : { nowMs: options.nowMs };
  const sessions = new ConsoleSessions({
    ...{ users, store: options.sessions, idleMs: config.sessionIdleMs, lifeMs: config.sessionMs },
    ...clock,
  });
  const guard = new ConsoleGuard(sessions);
  const audit = new FileAudit({ folder: options.auditFolder, keepDays: options.keepDays, logger });
  const playgrounds = new Playgrounds({
    ...options.playground,
    logger,
    onTalk: (owner, playgroundId, callId, change) => {
      if (change.type === 'line')
        bus.publish({ type: 'playgroundLine', playgroundId, callId, line: change.line }, owner);
      else if (change.type === 'turn')
        bus.publish({ type: 'playgroundTurn', playgroundId, callId, turn: change.turn }, owner);
    },
  });
  const talk = new TalkEndpoint({ guard, playgrounds, audit, addressOf: addresses.of });
  const listen = new ListenEndpoint({ guard, calls, audit, logger, addressOf: addresses.of });
  const recordings = new BridgeRecordings(options.recordingsFolder);
  const past = new PastCalls({ recordings, log, dataFolder, tickets, live: calls, recordsAudio: options.recordsAudio });

  app.addHook('preClose', async () => {
    await playgrounds.close();
    await listen.close();
  });
  app.addHook('onClose', () =>
    audit.close().catch((err: unknown) => logger.error({ err }, 'the audit was not written')),
  );
  await app.register(
    async (api) => {
      // What is told here is for one reader, now.
      api.addHook('onSend', async (_request, reply) => {
        if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
      });
      await api.register(signInRoutes, { users, sessions, guard, audit, ...clock });
      await api.register(liveRoutes, {
        ...{ guard, bus, calls, desk, audit },
        ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
      });
      await api.register(callRoutes, { guard, past, desk, audit });
      await api.register(deskRoutes, { guard, desk, tickets, bus, audit });
      await api.register(playgroundRoutes, { guard, playgrounds, audit });
      await api.register(healthRoutes, {
        ...{ guard, stats, dataFolder, bridgeUrl: config.bridgeUrl },
        ...{ facts: options.facts, ping: options.ping, version: options.version, startedAtMs: Date.now() },
      });
    },
    { prefix: '/console/api' },
  );
  await app.register(consoleFiles, options.pages === undefined ? {} : { folder: options.pages });
  return {
    registerUpgrades: (router) => {
      router.registerPattern(/^\/console\/api\/calls\/[^/]+\/listen$/, listen.upgrade);
      router.registerPattern(TALK_PATH, talk.upgrade);
    },
  };
}

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { HealthFacts } from './api/console/health-routes.js';
import type { ConsoleOptions } from './api/console/index.js';
import type { OpenLine } from './api/console/playground-talk.js';
import { UserStore, usersFile } from './api/console/user-store.js';
import type { CallManagerParts } from './call/manager.js';
import { type Clock, systemClock } from './clock.js';
import type { LoadedConfig } from './config.js';
import type { Brain } from './dialogue/brain.js';
import { AgentDesk } from './handoff/agent-desk.js';
import { deskBrain } from './handoff/desk-brain.js';
import { withDesk } from './handoff/desk-session.js';
import type { DeskStore } from './handoff/desk-store.js';
import { HourlyStats } from './insight/hourly-stats.js';
import { LiveBrain } from './insight/live-brain.js';
import { LiveBus } from './insight/live-bus.js';
import { LiveCalls } from './insight/live-calls.js';
import { LiveVoice } from './insight/live-voice.js';
import type { MediaSession } from './media/session.js';
import type { SearchableLog } from './store/conversation-log.js';
import { createSessionStore } from './store/index.js';

/** A part of the composition root: what watches calls, the desk of the people who take over, and the console that shows both. */

export interface ConsolePartsOptions {
  readonly loaded: LoadedConfig;
  readonly dataFolder: string;
  readonly appFolder: string;
  readonly tickets: DeskStore;
  readonly log: SearchableLog;
  readonly logger: Logger;
  readonly facts: () => HealthFacts;
  readonly ping: () => Promise<void>;
  /** Of rings, queues and idle conversations; default: the system's. */
  readonly clock?: Clock;
  /** Default: the file in the data folder. */
  readonly users?: UserStore;
  /** Calls to applications that are not live; undefined: they can only be typed to. */
  readonly openLine?: OpenLine;
  /** Where an application's folder lies. */
  readonly findFolder: (folder: string) => string;
}

export interface ConsoleParts {
  readonly desk: AgentDesk;
  /** The application's brain, watched, and with people behind it. */
  readonly brain: (inner: Brain) => Brain;
  /** For the call manager. */
  readonly watch: NonNullable<CallManagerParts['watch']>;
  /** A call from a browser is handed over to the desk when somebody is there. */
  readonly withDesk: (session: MediaSession) => MediaSession;
  readonly users: UserStore;
  /** For the API. */
  readonly options: ConsoleOptions;
  close(): Promise<void>;
}

const programFile = new URL('../package.json', import.meta.url);

export async function consoleParts(parts: ConsolePartsOptions): Promise<ConsoleParts> {
  const { loaded, dataFolder, appFolder, tickets, log, logger, clock = systemClock } = parts;
  const { config, appEnvironment } = loaded;
  const bus = new LiveBus((err) => logger.error({ err }, 'somebody who watches calls failed'));
  const calls = new LiveCalls({ bus, clock, textIdleMs: config.desk.idleMs });
  const desk = new AgentDesk({ config: config.desk, bus, calls, log, clock });
  const stats = new HourlyStats({ path: join(dataFolder, 'console-stats.json'), bus, logger });
  await stats.load();
  // Its own, because it lives longer than a conversation's.
  const sessions = await createSessionStore({ ...config.store, sessionTtlMs: config.console.sessionIdleMs });
  const users = parts.users ?? new UserStore(usersFile(dataFolder));
  let live: LiveBrain | undefined;
  const folders = [appFolder, ...config.console.playgroundApps.map(parts.findFolder)];
  return {
    desk,
    brain: (inner) => {
      live = new LiveBrain(inner, calls);
      const hasAgents = () =>
        users.list().then(
          (all) => all.some(({ roles }) => roles.includes('agent')),
          () => false,
        );
      const excuses = async () => config.desk.whenNobody === 'say' && (await hasAgents());
      return deskBrain({ brain: live.brain, desk, calls, queueMs: config.desk.queueMs, excuses, logger });
    },
    watch: (session, language) =>
      new LiveVoice({ session, language, calls, extras: (turnId) => live?.extras(session.id, turnId) }),
    withDesk: (session) => withDesk(session, desk, calls),
    users,
    options: {
      config: config.console,
      users,
      sessions,
      bus,
      calls,
      desk,
      tickets,
      log,
      stats,
      logger,
      dataFolder,
      auditFolder: join(dataFolder, 'audit'),
      keepDays: config.store.keepDays,
      recordsAudio: config.record.audio,
      recordingsFolder: resolve(loaded.root, config.console.recordingsFolder),
      version: versionOf(),
      facts: parts.facts,
      ping: parts.ping,
      playground: {
        folders: [...new Set(folders.map((folder) => resolve(folder)))],
        cacheFolder: join(dataFolder, 'playground'),
        ...(parts.openLine === undefined ? {} : { openLine: parts.openLine, media: config.media }),
        environment: appEnvironment,
        privateHosts: config.app.privateHosts,
        allowedHosts: config.app.allowedHosts,
      },
    },
    close: async () => {
      desk.close();
      calls.close();
      await stats.close();
      await sessions.close();
    },
  };
}

function versionOf(): string {
  try {
    return (JSON.parse(readFileSync(programFile, 'utf8')) as { readonly version: string }).version;
  } catch {
    return '';
  }
}

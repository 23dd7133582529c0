import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import type { SearchableLog } from './conversation-log.js';
import { openConversationLog } from './log/open.js';
import { MemorySessionStore } from './memory-session-store.js';
import { RedisSessionStore } from './redis-session-store.js';
import { ResilientSessionStore } from './resilient-session-store.js';
import type { SessionStore } from './session-store.js';

export type { ConversationEvent, ConversationLog, EventPage, EventQuery, SearchableLog } from './conversation-log.js';
export { FileConversationLog } from './file-conversation-log.js';
export { MemorySessionStore } from './memory-session-store.js';
export { RedisSessionStore } from './redis-session-store.js';
export { ResilientSessionStore } from './resilient-session-store.js';
export type { SessionStore, StoredSession } from './session-store.js';

/**
 * Redis when the configuration names one, memory otherwise. Throws STORE_UNAVAILABLE when the Redis named does not answer: sessions that
 * silently live in memory would be lost to the other instances.
 */
export async function createSessionStore(
  config: Config['store'],
  onState?: (state: 'ready' | 'lost', reason: string) => void,
): Promise<SessionStore> {
  if (config.redisUrl === undefined) return new MemorySessionStore({ ttlMs: config.sessionTtlMs });
  const redis = await RedisSessionStore.connect({
    url: config.redisUrl,
    ttlMs: config.sessionTtlMs,
    ...(onState === undefined ? {} : { onState }),
  });
  return new ResilientSessionStore(redis, { ttlMs: config.sessionTtlMs });
}

export interface Stores {
  readonly sessions: SessionStore;
  readonly log: SearchableLog;
  /** Begins what may take its time: call it when the service listens. */
  start(): void;
  close(): Promise<void>;
}

/** All stores of a service. The conversation log lies in `<dataFolder>/conversations`. */
export async function createStores(options: {
  readonly config: Config['store'];
  readonly dataFolder: string;
  readonly logger: Logger;
}): Promise<Stores> {
  const { logger } = options;
  let lost = false;
  const sessions = await createSessionStore(options.config, (state, reason) => {
    if (state === 'ready' && lost) logger.info('the session store is back');
    if (state === 'lost' && !lost) logger.error({ reason }, 'the session store is away');
    lost = state === 'lost';
  });
  const { log, start } = await openConversationLog({
    config: options.config,
    folder: join(options.dataFolder, 'conversations'),
    databaseFolder: join(options.dataFolder, 'pglite'),
    logger,
  });
  return {
    sessions,
    log,
    start,
    close: async () => {
      await log.close().catch((err: unknown) => logger.error({ err }, 'the conversation log did not close cleanly'));
      await sessions.close();
    },
  };
}

import type { Config } from '../config.js';
import { MemorySessionStore } from './memory-session-store.js';
import { RedisSessionStore } from './redis-session-store.js';
import type { SessionStore } from './session-store.js';

export type { ConversationEvent, ConversationLog } from './conversation-log.js';
export { FileConversationLog } from './file-conversation-log.js';
export { MemorySessionStore } from './memory-session-store.js';
export { RedisSessionStore } from './redis-session-store.js';
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
  return RedisSessionStore.connect({
    url: config.redisUrl,
    ttlMs: config.sessionTtlMs,
    ...(onState === undefined ? {} : { onState }),
  });
}

import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { HearkenError, messageOf } from '../errors.js';
import { KeptValue } from './kept-value.js';
import { KeyLock } from './key-lock.js';
import { versionConflict } from './memory-session-store.js';
import { type Lock, type LockWait, RedisLocks } from './redis-locks.js';
import { ENVELOPE_SCHEMA, RedisRounds, UNLOCKED } from './redis-rounds.js';
import {
  claimed,
  type HeldSession,
  type HeldTurn,
  Outdated,
  type SessionStore,
  type StoredSession,
} from './session-store.js';
import { withinMs } from './time-limit.js';

export interface RedisSessionStoreOptions {
  /** `redis://[user:password@]host:port/db` */
  readonly url: string;
  /** Sliding: each put starts it anew. */
  readonly ttlMs: number;
  /** Default `hearken:`; lets several installations share one Redis. */
  readonly prefix?: string;
  /** A lock whose holder died is free after this. While the holder lives it is renewed at a third of it. Default 10 s. */
  readonly lockTtlMs?: number;
  /** Longest wait for one answer of Redis; after it the connection is made anew. Default 2 s. */
  readonly commandTimeoutMs?: number;
  /** Told when the connection goes and comes. */
  readonly onState?: (state: 'ready' | 'lost', reason: string) => void;
}

/** Writes version ARGV[1] unless a newer one is there, or the same one by another write. Returns 1, or 0 when there is. */
const RESTORE = `
local found = tonumber(redis.call('HGET', KEYS[1], 'v') or '0')
local version = tonumber(ARGV[1])
if found > version then return 0 end
if found == version and redis.call('HGET', KEYS[1], 'w') ~= ARGV[4] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 's', 1, 'v', ARGV[1], 'd', ARGV[2], 'w', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** A write, by its version and by whose it was. */
export interface Written {
  readonly version: number;
  readonly write: string;
}

export interface StoredParts extends Written {
  /** As `KeptValue.parts`. */
  readonly parts: readonly string[];
}

/** What is written: JSON of all of it, or of what has changed (see json-change.ts) since the write named, which must be the one stored. */
export type Content = { readonly whole: Buffer } | { readonly change: Buffer; readonly since: string };

/** What came with a lock: `same` is what the taker knew already. */
export type Found = 'same' | StoredParts | undefined;

/** A lock of Redis while its taker has it. */
export interface HeldParts {
  readonly found: Found;
  /** Writes over the version expected and frees the lock. SESSION_CONFLICT when that is not the one stored; the lock stays then. `write`: see `nextWrite`. */
  finish(content: Content, expectedVersion: number, write?: string): Promise<Written>;
  /** Gives the lock back where it was not given back by a write. Nobody needs to wait for it. */
  free(): void;
}

interface ScriptedRedis extends Redis {
  hearkenRestore(key: string, version: number, json: Buffer, ttlMs: number, write: string): Promise<number>;
}

/**
 * Sessions shared by all instances. The lock is a key with a random token and an expiry; the fence behind it is the version that `put`
 * compares inside Redis: a holder that was stopped for longer than its lock lived can't overwrite what came after it.
 * Every failure of Redis is STORE_UNAVAILABLE at once, nothing queues up while it is away.
 */
export class RedisSessionStore<T = unknown> implements SessionStore<T> {
  readonly kind = 'redis';
  readonly #redis: ScriptedRedis;
  readonly #local = new KeyLock();
  readonly #prefix: string;
  readonly #ttlMs: number;
  readonly #timeoutMs: number;
  readonly #rounds: RedisRounds;
  readonly #locks: RedisLocks;
  readonly #instance = randomUUID();
  #writes = 0;
  #hanging = false;

  private constructor(options: RedisSessionStoreOptions) {
    this.#prefix = options.prefix ?? 'hearken:';
    this.#ttlMs = options.ttlMs;
    const lockTtlMs = options.lockTtlMs ?? 10_000;
    const timeoutMs = options.commandTimeoutMs ?? 2000;
    this.#timeoutMs = timeoutMs;
    this.#redis = new Redis(options.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: timeoutMs,
      // The limit of one command is our own, which forgives standstills (see withinMs).
      disconnectTimeout: timeoutMs,
      retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000),
      scripts: {
        ...RedisRounds.scripts,
        hearkenRestore: { lua: RESTORE, numberOfKeys: 1 },
      },
    }) as ScriptedRedis;
    this.#rounds = new RedisRounds(this.#redis, {
      lockTtlMs,
      ttlMs: this.#ttlMs,
      ask: (command) => this.#ask(command),
      failed: unavailable,
    });
    this.#locks = new RedisLocks(this.#rounds, lockTtlMs);
    this.#redis.on('ready', () => {
      this.#hanging = false;
      options.onState?.('ready', '');
      this.#locks.freeOrphans();
    });
    this.#redis.on('error', (error) => options.onState?.('lost', messageOf(error)));
    this.#redis.on('close', () => options.onState?.('lost', 'the connection was closed'));
  }

  /** Connects, or throws STORE_UNAVAILABLE when nobody answers. Later losses are mended in the background. */
  static async connect<T>(options: RedisSessionStoreOptions): Promise<RedisSessionStore<T>> {
    const store = new RedisSessionStore<T>(options);
    // What `connect` rejects with says only that the connection was closed; Redis itself has said why.
    let told: unknown;
    store.#redis.on('error', (error) => {
      told ??= error;
    });
    try {
      await store.#redis.connect();
      await store.ping();
      return store;
    } catch (error) {
      store.#locks.close();
      store.#redis.disconnect();
      throw unavailable(told ?? error);
    }
  }

  async get(key: string): Promise<StoredSession<T> | undefined> {
    const stored = await this.getParts(key);
    return stored === undefined ? undefined : read(key, stored);
  }

  /** The same, unread: for those who keep a copy. */
  async getParts(key: string): Promise<StoredParts | undefined> {
    return this.#parts(key, await this.#ask(() => this.#redis.hgetall(this.#session(key))));
  }

  #parts(key: string, { s, v, w, b, d, ...changes }: Readonly<Record<string, string>>): StoredParts | undefined {
    if (v === undefined || d === undefined) return undefined;
    if (Number(s) > ENVELOPE_SCHEMA) {
      throw new HearkenError('SESSION_SCHEMA', `Conversation ${key} was stored by a newer Hearken (schema ${s}).`, {
        hint: `This one reads up to schema ${ENVELOPE_SCHEMA}: update it, or start a new conversation.`,
      });
    }
    const parts = [d];
    // What an older Hearken wrote over it has no changes.
    if (s === '2')
      for (let version = Number(b) + 1; version <= Number(v); version++) parts.push(changes[`p${version}`] ?? '');
    return { parts, version: Number(v), write: w ?? '' };
  }

  /** Whether what is stored is what this very write left there: who has kept that needs not read it again. */
  async holds(key: string, version: number, write: string): Promise<boolean> {
    if (write === '') return false;
    const [found, by] = await this.#ask(() => this.#redis.hmget(this.#session(key), 'v', 'w'));
    return by === write && found === String(version);
  }

  async put(key: string, value: T, expectedVersion: number): Promise<number> {
    return (await this.putContent(key, { whole: jsonOf(value) }, expectedVersion)).version;
  }

  /** `write`: the name that it is stored under; who keeps it can tell later whether a write that nobody answered was done. See `nextWrite`. */
  async putContent(key: string, content: Content, expectedVersion: number, write?: string): Promise<Written> {
    return this.#write(key, content, expectedVersion, undefined, write);
  }

  /** The same, unless somebody has the lock. Rejects with Outdated then, and where another version is stored. */
  async putUnlocked(key: string, content: Content, expectedVersion: number, write: string): Promise<Written> {
    try {
      return await this.#write(key, content, expectedVersion, UNLOCKED, write);
    } catch (error) {
      throw error instanceof HearkenError && error.code === 'SESSION_CONFLICT' ? new Outdated() : error;
    }
  }

  /**
   * Brings back what was written while Redis was away, under the name of the write that was tried then. False when a newer version is there, or this one by somebody else; true also when that write had arrived
   * all the same, or an earlier call had.
   */
  async restoreJson(key: string, json: Buffer, { version, write }: Written): Promise<boolean> {
    const answer = await this.#ask(() =>
      this.#redis.hearkenRestore(this.#session(key), version, json, this.#ttlMs, write),
    );
    return answer === 1;
  }

  async delete(key: string): Promise<void> {
    await this.#ask(() => this.#redis.del(this.#session(key)));
  }

  /** Those of this process queue in memory, so that only one of them at a time asks Redis. */
  withLock<R>(key: string, waitMs: number, work: (held: HeldSession<T>) => Promise<R>): Promise<R> {
    const deadline = performance.now() + waitMs;
    return this.#local.run(key, waitMs, () =>
      this.withLockOf(key, { waitMs, deadline }, undefined, (held) => {
        let fresh = held.found;
        const get = (): Promise<StoredSession<T> | undefined> => {
          if (fresh === undefined || fresh === 'same') return this.get(key);
          const stored = read<T>(key, fresh);
          fresh = undefined;
          return Promise.resolve(stored);
        };
        return work({
          get,
          finish: async (value, expected) => (await held.finish({ whole: jsonOf(value) }, expected)).version,
        });
      }),
    );
  }

  withTurn<R>(key: string, waitMs: number, work: (held: HeldTurn<T>) => Promise<R>): Promise<R> {
    return this.withLock(key, waitMs, (held) => work(claimed(held)));
  }

  /** Runs `work` with Redis' lock alone, for those who let one of this process at a time ask for it; see `lock`. */
  async withLockOf<R>(
    key: string,
    wait: LockWait,
    knows: Written | undefined,
    work: (held: HeldParts) => Promise<R>,
  ): Promise<R> {
    const held = await this.lock(key, wait, knows);
    try {
      return await work(held);
    } finally {
      // The turn is done and stored: nobody needs to wait for the release.
      held.free();
    }
  }

  /** What is stored comes with the lock, unless it is the write that the taker `knows`. Rejects as `getParts` does for what a newer Hearken stored. */
  async lock(key: string, wait: LockWait, knows: Written | undefined): Promise<HeldParts> {
    const taken = await this.#locks.take(this.#keysOf(key), key, wait, knows);
    try {
      const [what, ...fields] = taken.answer;
      return {
        found: what === 1 ? 'same' : what === 2 ? this.#parts(key, recordOf(fields)) : undefined,
        finish: async (content, expected, write) => {
          const written = await this.#write(key, content, expected, taken.token, write);
          taken.gone();
          return written;
        },
        free: () => taken.free(),
      };
    } catch (error) {
      taken.free();
      throw error;
    }
  }

  /** A name for a write, unlike any other of any instance. */
  nextWrite(): string {
    return `${this.#instance}.${(this.#writes++).toString(36)}`;
  }

  async ping(): Promise<void> {
    await this.#ask(() => this.#redis.ping());
  }

  async close(): Promise<void> {
    this.#locks.close();
    // Locks that were given back just now go before the goodbye.
    this.#rounds.flush();
    try {
      await withinMs(this.#redis.quit(), this.#timeoutMs, () => new Error('no answer to QUIT'));
    } catch {
      this.#redis.disconnect();
    }
  }

  async #write(
    key: string,
    content: Content,
    expectedVersion: number,
    token?: string,
    write = this.nextWrite(),
  ): Promise<Written> {
    const { name: lock, session } = this.#keysOf(key);
    const [answer] =
      'whole' in content
        ? await this.#rounds.put(lock, session, content.whole, expectedVersion, write, token)
        : await this.#rounds.add(
            lock,
            session,
            content.change,
            expectedVersion,
            { since: content.since, write },
            token,
          );
    const version = Number(answer);
    if (version === 0) throw new Outdated();
    if (version < 0) throw versionConflict(key, expectedVersion, -version - 1);
    return { version, write };
  }

  #keysOf(key: string): Lock {
    return { name: `${this.#prefix}lock:${key}`, session: this.#session(key) };
  }

  #session(key: string): string {
    return `${this.#prefix}session:${key}`;
  }

  async #ask<R>(command: () => Promise<R>): Promise<R> {
    if (this.#hanging) throw unavailable(new Error('it hangs; a new connection is being made'));
    try {
      return await withinMs(command(), this.#timeoutMs, () => {
        // Whoever asks next must not wait as long again: commands are refused until the new connection answers.
        this.#hanging = true;
        this.#redis.disconnect(true);
        return new Error(`no answer within ${this.#timeoutMs} ms`);
      });
    } catch (error) {
      throw unavailable(error);
    }
  }
}

function jsonOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** What is stored, to be kept. Throws SESSION_SCHEMA for what can't be read. */
export function keptOf<T>(key: string, { parts }: StoredParts): KeptValue<T> {
  try {
    return KeptValue.ofParts<T>(parts);
  } catch (error) {
    throw new HearkenError(
      'SESSION_SCHEMA',
      `What is stored for conversation ${key} can't be read: ${messageOf(error)}`,
      { hint: 'Delete it, or start a new conversation.', cause: error },
    );
  }
}

function read<T>(key: string, stored: StoredParts): StoredSession<T> {
  return { value: keptOf<T>(key, stored).value, version: stored.version };
}

/** Names and values of a hash, one after the other. */
function recordOf(fields: readonly (string | number | null)[]): Readonly<Record<string, string>> {
  const record: Record<string, string> = {};
  for (let at = 0; at < fields.length; at += 2) record[String(fields[at])] = String(fields[at + 1]);
  return record;
}

function unavailable(error: unknown): HearkenError {
  const reason = messageOf(error);
  const refused = /^(?:WRONGPASS|NOAUTH|NOPERM)\b/.test(reason);
  return new HearkenError(
    'STORE_UNAVAILABLE',
    `The session store (Redis) ${refused ? 'does not let us in' : 'does not answer'}: ${reason}`,
    {
      hint: refused
        ? 'Check user and password in REDIS_URL: redis://user:password@host:6379.'
        : 'Check that Redis runs at REDIS_URL; without REDIS_URL sessions live in memory.',
      cause: error,
    },
  );
}

import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { HearkenError, messageOf } from '../errors.js';
import { KeyLock, lockConflict } from './key-lock.js';
import { versionConflict } from './memory-session-store.js';
import type { SessionStore, StoredSession } from './session-store.js';
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

/** Version of the hash below; a store that finds a newer one leaves it alone. */
const ENVELOPE_SCHEMA = 1;

/** Hash {s: envelope schema, v: version, d: JSON, w: which write it was}. Returns the new version, or minus (stored version + 1) when it was not the expected one. */
const PUT = `
local found = tonumber(redis.call('HGET', KEYS[1], 'v') or '0')
if found ~= tonumber(ARGV[1]) then return -(found + 1) end
redis.call('HSET', KEYS[1], 's', ARGV[4], 'v', found + 1, 'd', ARGV[2], 'w', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return found + 1`;

/** Writes version ARGV[1] unless a newer one is there. Returns 1, or 0 when there is. */
const RESTORE = `
local found = tonumber(redis.call('HGET', KEYS[1], 'v') or '0')
if found > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 's', ARGV[4], 'v', ARGV[1], 'd', ARGV[2], 'w', ARGV[5])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** Only the holder may free or extend: its token is compared first (https://redis.io/docs/latest/commands/set/#patterns). */
const UNLOCK = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;
const EXTEND = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;

/** A write, by its version and by whose it was. */
export interface Written {
  readonly version: number;
  readonly write: string;
}

export interface StoredJson extends Written {
  readonly json: string;
}

interface ScriptedRedis extends Redis {
  hearkenPut(
    key: string,
    expected: number,
    json: Buffer,
    ttlMs: number,
    schema: number,
    write: string,
  ): Promise<number>;
  hearkenRestore(
    key: string,
    version: number,
    json: string,
    ttlMs: number,
    schema: number,
    write: string,
  ): Promise<number>;
  hearkenUnlock(key: string, token: string): Promise<number>;
  hearkenExtend(key: string, token: string, ttlMs: number): Promise<number>;
}

/** Locks that may have been taken without our hearing of it, to be freed when Redis answers again. */
const MAX_ORPHANS = 10_000;
const FIRST_RETRY_MS = 4;
const LONGEST_RETRY_MS = 40;

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
  readonly #lockTtlMs: number;
  readonly #timeoutMs: number;
  readonly #orphans = new Map<string, string>();
  readonly #instance = randomUUID();
  #writes = 0;
  #hanging = false;

  private constructor(options: RedisSessionStoreOptions) {
    this.#prefix = options.prefix ?? 'hearken:';
    this.#ttlMs = options.ttlMs;
    this.#lockTtlMs = options.lockTtlMs ?? 10_000;
    const timeoutMs = options.commandTimeoutMs ?? 2000;
    this.#timeoutMs = timeoutMs;
    this.#redis = new Redis(options.url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      enableAutoPipelining: true,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      connectTimeout: timeoutMs,
      // The limit of one command is our own, which forgives standstills (see withinMs).
      disconnectTimeout: timeoutMs,
      retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000),
      scripts: {
        hearkenPut: { lua: PUT, numberOfKeys: 1 },
        hearkenRestore: { lua: RESTORE, numberOfKeys: 1 },
        hearkenUnlock: { lua: UNLOCK, numberOfKeys: 1 },
        hearkenExtend: { lua: EXTEND, numberOfKeys: 1 },
      },
    }) as ScriptedRedis;
    this.#redis.on('ready', () => {
      this.#hanging = false;
      options.onState?.('ready', '');
      for (const [token, name] of this.#orphans) this.#free(name, token);
    });
    this.#redis.on('error', (error) => options.onState?.('lost', messageOf(error)));
    this.#redis.on('close', () => options.onState?.('lost', 'the connection was closed'));
  }

  /** Connects, or throws STORE_UNAVAILABLE when nobody answers. Later losses are mended in the background. */
  static async connect<T>(options: RedisSessionStoreOptions): Promise<RedisSessionStore<T>> {
    const store = new RedisSessionStore<T>(options);
    try {
      await store.#redis.connect();
      await store.ping();
      return store;
    } catch (error) {
      store.#redis.disconnect();
      throw unavailable(error);
    }
  }

  async get(key: string): Promise<StoredSession<T> | undefined> {
    const stored = await this.getJson(key);
    return stored === undefined ? undefined : { value: JSON.parse(stored.json) as T, version: stored.version };
  }

  /** The same, unread: for those who keep a copy. */
  async getJson(key: string): Promise<StoredJson | undefined> {
    const [schema, version, write, json] = await this.#ask(() =>
      this.#redis.hmget(this.#session(key), 's', 'v', 'w', 'd'),
    );
    if (version == null || json == null) return undefined;
    if (Number(schema) > ENVELOPE_SCHEMA) {
      throw new HearkenError(
        'SESSION_SCHEMA',
        `Conversation ${key} was stored by a newer Hearken (schema ${schema}).`,
        { hint: `This one reads up to schema ${ENVELOPE_SCHEMA}: update it, or start a new conversation.` },
      );
    }
    return { json, version: Number(version), write: write ?? '' };
  }

  /** Whether what is stored is what this very write left there: who has kept that needs not read it again. */
  async holds(key: string, version: number, write: string): Promise<boolean> {
    if (write === '') return false;
    const [found, by] = await this.#ask(() => this.#redis.hmget(this.#session(key), 'v', 'w'));
    return by === write && found === String(version);
  }

  async put(key: string, value: T, expectedVersion: number): Promise<number> {
    return (await this.putJson(key, JSON.stringify(value), expectedVersion)).version;
  }

  async putJson(key: string, json: string, expectedVersion: number): Promise<Written> {
    const write = this.#nextWrite();
    const answer = await this.#ask(() =>
      // As bytes: the client would make one text of all commands of a round and encode that again, which takes twice as long.
      this.#redis.hearkenPut(
        this.#session(key),
        expectedVersion,
        Buffer.from(json),
        this.#ttlMs,
        ENVELOPE_SCHEMA,
        write,
      ),
    );
    if (answer < 0) throw versionConflict(key, expectedVersion, -answer - 1);
    return { version: answer, write };
  }

  /** Brings back what was written while Redis was away: this version, unless there is a newer one, which is told by undefined. */
  async restoreJson(key: string, json: string, version: number): Promise<Written | undefined> {
    const write = this.#nextWrite();
    const answer = await this.#ask(() =>
      this.#redis.hearkenRestore(this.#session(key), version, json, this.#ttlMs, ENVELOPE_SCHEMA, write),
    );
    return answer === 1 ? { version, write } : undefined;
  }

  async delete(key: string): Promise<void> {
    await this.#ask(() => this.#redis.del(this.#session(key)));
  }

  /** Those of this process queue in memory, so that only one of them at a time asks Redis. */
  withLock<R>(key: string, waitMs: number, work: () => Promise<R>): Promise<R> {
    const deadline = performance.now() + waitMs;
    return this.#local.run(key, waitMs, async () => {
      const name = `${this.#prefix}lock:${key}`;
      const token = randomUUID();
      await this.#acquire(name, token, key, waitMs, deadline);
      const renewal = setInterval(() => {
        // A renewal that fails is no reason to stop: the version check of put is what keeps the data right.
        this.#redis.hearkenExtend(name, token, this.#lockTtlMs).catch(() => {});
      }, this.#lockTtlMs / 3);
      renewal.unref();
      try {
        return await work();
      } finally {
        clearInterval(renewal);
        // The turn is done and stored: nobody needs to wait for the release.
        this.#free(name, token);
      }
    });
  }

  async ping(): Promise<void> {
    await this.#ask(() => this.#redis.ping());
  }

  async close(): Promise<void> {
    try {
      await withinMs(this.#redis.quit(), this.#timeoutMs, () => new Error('no answer to QUIT'));
    } catch {
      this.#redis.disconnect();
    }
  }

  async #acquire(name: string, token: string, key: string, waitMs: number, deadline: number): Promise<void> {
    for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS)) {
      const answer = await this.#ask(() => this.#redis.set(name, token, 'PX', this.#lockTtlMs, 'NX')).catch((error) => {
        // Redis may have given it to us all the same: nobody else should have to wait until it expires.
        this.#free(name, token);
        throw error;
      });
      if (answer === 'OK') return;
      if (performance.now() + pauseMs > deadline) throw lockConflict(key, waitMs);
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + Math.random() / 2)));
    }
  }

  /** Gives a lock back, now or when Redis answers again. It expires by itself should that be too late. */
  #free(name: string, token: string): void {
    if (this.#orphans.size < MAX_ORPHANS) this.#orphans.set(token, name);
    this.#redis.hearkenUnlock(name, token).then(
      () => this.#orphans.delete(token),
      () => {},
    );
  }

  /** Unlike any other of any instance. */
  #nextWrite(): string {
    return `${this.#instance}.${(this.#writes++).toString(36)}`;
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

function unavailable(error: unknown): HearkenError {
  return new HearkenError('STORE_UNAVAILABLE', `The session store (Redis) does not answer: ${messageOf(error)}`, {
    hint: 'Check that Redis runs at REDIS_URL; without REDIS_URL sessions live in memory.',
    cause: error,
  });
}

import type { Redis } from 'ioredis';

/**
 * What the turns of one tick want of Redis, sent as one script call: with many turns at once the client's work for a command (its promises, its text, its timer, its write) is
 * paid once a tick and not once a turn. Each operation stands for itself: one that fails takes no other along.
 */

/** Version of the hash below with changes in it; a store that finds a newer one leaves it alone. */
export const ENVELOPE_SCHEMA = 2;

/**
 * KEYS: lock and session of each operation. ARGV: life of a lock, life of a session (ms), then `<what> <token> <version> <write>` and the data of each.
 * A session is the hash {s: envelope schema, v: version, w: which write it was, d: JSON}; with schema 2 `d` is of version `b`, and p<b+1> to p<v> hold what each version after it
 * has changed (see json-change.ts). Only the holder may free or extend a lock: its token is compared first (https://redis.io/docs/latest/commands/set/#patterns).
 * Answers of each operation:
 * - `begin` takes the lock and reads: {0} somebody has it, {1} stored is the version and write named, {2, names and values of the hash} something else, {3} nothing.
 * - `put` writes over the version named, `add` a change to the version and the write named (`<write>+<new write>`): {new version}, or {-(stored version + 1)} when that is another.
 *   With a token they free the lock as well, unless they did not write; with `?` they write only where nobody has the lock, {0} otherwise.
 * - `free`, `extend`: {1}, or {0} when the lock is not the token's.
 * - {'failed', why} when Redis refused.
 */
const ROUND = `
local operations = {}
operations.begin = function(lock, session, token, version, write)
  if not redis.call('SET', lock, token, 'PX', ARGV[1], 'NX') then return {0} end
  local found = redis.call('HMGET', session, 'v', 'w')
  if not found[1] then return {3} end
  if found[1] == version and found[2] == write then return {1} end
  return {2, unpack(redis.call('HGETALL', session))}
end
operations.free = function(lock, session, token)
  if redis.call('GET', lock) ~= token then return {0} end
  return {redis.call('DEL', lock)}
end
operations.extend = function(lock, session, token)
  if redis.call('GET', lock) ~= token then return {0} end
  return {redis.call('PEXPIRE', lock, ARGV[1])}
end
local function refused(lock, token)
  return token == '?' and redis.call('EXISTS', lock) == 1
end
local function written(lock, session, token, version)
  redis.call('PEXPIRE', session, ARGV[2])
  if token ~= '-' and token ~= '?' then operations.free(lock, session, token) end
  return {version}
end
operations.put = function(lock, session, token, version, write, data)
  if refused(lock, token) then return {0} end
  local found = tonumber(redis.call('HGET', session, 'v') or '0')
  if found ~= tonumber(version) then return {-(found + 1)} end
  redis.call('DEL', session)
  redis.call('HSET', session, 's', 1, 'v', found + 1, 'd', data, 'w', write)
  return written(lock, session, token, found + 1)
end
operations.add = function(lock, session, token, version, writes, data)
  if refused(lock, token) then return {0} end
  local before, write = string.match(writes, '^(.*)%+(.*)$')
  local found = redis.call('HMGET', session, 'v', 'w', 's')
  if found[1] ~= version or found[2] ~= before then return {-(tonumber(found[1] or '0') + 1)} end
  local after = tonumber(version) + 1
  if found[3] == '1' then redis.call('HSET', session, 's', 2, 'b', version) end
  redis.call('HSET', session, 'v', after, 'w', write, 'p' .. after, data)
  return written(lock, session, token, after)
end
local answers = {}
for i = 1, #KEYS / 2 do
  local what, token, version, write = string.match(ARGV[1 + 2 * i], '^(%S+) (%S+) (%S+) (%S+)$')
  local done, answer = pcall(operations[what], KEYS[2 * i - 1], KEYS[2 * i], token, version, write, ARGV[2 + 2 * i])
  if not done then answer = {'failed', type(answer) == 'table' and answer.err or tostring(answer)} end
  answers[i] = answer
end
return answers`;

/** More than this would keep others waiting for Redis: 64 turns take it about a millisecond. */
const MOST_AT_ONCE = 64;
const NOTHING = '-';
/** In place of a token: only where nobody has the lock. */
export const UNLOCKED = '?';

export type Answer = readonly (string | number | null)[];

interface Operation {
  readonly lock: string;
  readonly session: string;
  readonly named: string;
  readonly data: Buffer | string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface WithRounds extends Redis {
  hearkenRound(keys: number, ...rest: (string | Buffer | number)[]): Promise<Answer[]>;
}

export interface RedisRoundsOptions {
  readonly lockTtlMs: number;
  readonly ttlMs: number;
  /** Sends, with a limit on the wait, and tells a failure in the store's words. */
  readonly ask: <R>(command: () => Promise<R>) => Promise<R>;
  /** The same for an operation that Redis refused. */
  readonly failed: (reason: Error) => Error;
}

export class RedisRounds {
  /** For ioredis' option `scripts`; the number of keys is said with each call. */
  static readonly scripts = { hearkenRound: { lua: ROUND } };

  readonly #redis: WithRounds;
  readonly #options: RedisRoundsOptions;
  #waiting: Operation[] = [];

  constructor(redis: Redis, options: RedisRoundsOptions) {
    this.#redis = redis as WithRounds;
    this.#options = options;
  }

  begin(lock: string, session: string, token: string, version = 0, write = NOTHING): Promise<Answer> {
    return this.#add(lock, session, `begin ${token} ${version} ${write || NOTHING}`, '');
  }

  put(
    lock: string,
    session: string,
    data: Buffer,
    version: number,
    write: string,
    token: string = NOTHING,
  ): Promise<Answer> {
    return this.#add(lock, session, `put ${token} ${version} ${write}`, data);
  }

  /** What has changed since the version named, which must be that of the write `since`. */
  add(
    lock: string,
    session: string,
    change: Buffer,
    version: number,
    { since, write }: { readonly since: string; readonly write: string },
    token: string = NOTHING,
  ): Promise<Answer> {
    return this.#add(lock, session, `add ${token} ${version} ${since}+${write}`, change);
  }

  free(lock: string, session: string, token: string): Promise<Answer> {
    return this.#add(lock, session, `free ${token} 0 ${NOTHING}`, '');
  }

  extend(lock: string, session: string, token: string): Promise<Answer> {
    return this.#add(lock, session, `extend ${token} 0 ${NOTHING}`, '');
  }

  #add(lock: string, session: string, named: string, data: Buffer | string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      // Whatever the sockets have brought in this tick goes along.
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ lock, session, named, data, resolve, reject });
    });
  }

  /** Now, not at the end of the tick. */
  flush(): void {
    const all = this.#waiting;
    this.#waiting = [];
    for (let at = 0; at < all.length; at += MOST_AT_ONCE) void this.#send(all.slice(at, at + MOST_AT_ONCE));
  }

  async #send(operations: readonly Operation[]): Promise<void> {
    const { lockTtlMs, ttlMs, failed } = this.#options;
    const keys: string[] = [];
    const rest: (string | Buffer | number)[] = [lockTtlMs, ttlMs];
    for (const { lock, session, named, data } of operations) {
      keys.push(lock, session);
      rest.push(named, data);
    }
    try {
      const answers = await this.#options.ask(() => this.#redis.hearkenRound(keys.length, ...keys, ...rest));
      operations.forEach(({ resolve, reject }, at) => {
        const answer = answers[at];
        if (answer === undefined || answer[0] === 'failed')
          reject(failed(new Error(String(answer?.[1] ?? 'no answer'))));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of operations) reject(error);
    }
  }
}

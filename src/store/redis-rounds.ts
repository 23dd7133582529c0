import type { Redis } from 'ioredis';

/**
 * What the turns of one tick want of Redis, sent as one script call: with many turns at once the client's work for a command (its promises, its text, its timer, its write) is
 * paid once a tick and not once a turn. Each operation stands for itself: one that fails takes no other along.
 */

/** Version of the hash below; a store that finds a newer one leaves it alone. */
export const ENVELOPE_SCHEMA = 1;

/**
 * KEYS: lock and session of each operation. ARGV: life of a lock, life of a session (ms), schema, then `<what> <token> <version> <write>` and the data of each.
 * A session is the hash {s: envelope schema, v: version, d: JSON, w: which write it was}. Only the holder may free or extend a lock: its token is compared first
 * (https://redis.io/docs/latest/commands/set/#patterns). Answers of each operation:
 * - `begin` takes the lock and reads: {0} somebody has it, {1} stored is the version and write named, {2, s, v, w, d} something else, {3} nothing.
 * - `put` writes over the version named: {new version}, or {-(stored version + 1)} when that is another. With a token it frees the lock as well, unless it did not write.
 * - `free`, `extend`: {1}, or {0} when the lock is not the token's.
 * - {'failed', why} when Redis refused.
 */
const ROUND = `
local operations = {}
operations.begin = function(lock, session, token, version, write)
  if not redis.call('SET', lock, token, 'PX', ARGV[1], 'NX') then return {0} end
  local found = redis.call('HMGET', session, 's', 'v', 'w')
  if not found[2] then return {3} end
  if found[2] == version and found[3] == write then return {1} end
  return {2, found[1], found[2], found[3], redis.call('HGET', session, 'd')}
end
operations.free = function(lock, session, token)
  if redis.call('GET', lock) ~= token then return {0} end
  return {redis.call('DEL', lock)}
end
operations.extend = function(lock, session, token)
  if redis.call('GET', lock) ~= token then return {0} end
  return {redis.call('PEXPIRE', lock, ARGV[1])}
end
operations.put = function(lock, session, token, version, write, data)
  local found = tonumber(redis.call('HGET', session, 'v') or '0')
  if found ~= tonumber(version) then return {-(found + 1)} end
  redis.call('HSET', session, 's', ARGV[3], 'v', found + 1, 'd', data, 'w', write)
  redis.call('PEXPIRE', session, ARGV[2])
  if token ~= '-' then operations.free(lock, session, token) end
  return {found + 1}
end
local answers = {}
for i = 1, #KEYS / 2 do
  local what, token, version, write = string.match(ARGV[2 + 2 * i], '^(%S+) (%S+) (%S+) (%S+)$')
  local done, answer = pcall(operations[what], KEYS[2 * i - 1], KEYS[2 * i], token, version, write, ARGV[3 + 2 * i])
  if not done then answer = {'failed', type(answer) == 'table' and answer.err or tostring(answer)} end
  answers[i] = answer
end
return answers`;

/** More than this would keep others waiting for Redis: 64 turns take it about a millisecond. */
const MOST_AT_ONCE = 64;
const NOTHING = '-';

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
    const rest: (string | Buffer | number)[] = [lockTtlMs, ttlMs, ENVELOPE_SCHEMA];
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

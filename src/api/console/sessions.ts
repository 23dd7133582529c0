import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { HearkenError } from '../../errors.js';
import type { SessionStore } from '../../store/session-store.js';
import type { User, UserStore } from './user-store.js';

export interface ConsoleSession {
  readonly user: User;
  readonly expiresAtMs: number;
}

const kept = z.object({
  schema: z.literal(1),
  name: z.string(),
  generation: z.number(),
  startedMs: z.number(),
  usedMs: z.number(),
});
type Kept = z.infer<typeof kept>;

const ENDED = { schema: 1, ended: true } as const;
const MAX_ATTEMPTS = 5;
/** 32 random bytes, base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** A page asks several times a minute; its use is written down this often at most. */
const NOTED_EVERY_MS = 60_000;

/**
 * Who is signed in. Held in a session store (of this process, or Redis: then a restart ends nobody's session, and any instance knows them) under the token's SHA-256: what could be read out of
 * there opens nothing. A session ends when it is not used, after its longest life, with its user, and with a change of their password.
 */
export class ConsoleSessions {
  readonly #users: UserStore;
  readonly #store: SessionStore;
  readonly #idleMs: number;
  readonly #lifeMs: number;
  readonly #nowMs: () => number;

  constructor(options: {
    readonly users: UserStore;
    /** Keeps what is put for `idleMs` at least. */
    readonly store: SessionStore;
    readonly idleMs: number;
    readonly lifeMs: number;
    readonly nowMs?: () => number;
  }) {
    this.#users = options.users;
    this.#store = options.store;
    this.#idleMs = options.idleMs;
    this.#lifeMs = options.lifeMs;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** The token is for the cookie and nowhere else. Throws STORE_UNAVAILABLE. */
  async begin(user: User): Promise<{ readonly token: string; readonly session: ConsoleSession }> {
    const token = randomBytes(32).toString('base64url');
    const nowMs = this.#nowMs();
    const { name, generation } = user;
    const session: Kept = { schema: 1, name, generation, startedMs: nowMs, usedMs: nowMs };
    await this.#store.put(keyOf(token), session, 0);
    return { token, session: { user, expiresAtMs: this.#endMs(session) } };
  }

  /** Undefined when it is none, or over. `use`: asking is no use of it (a page that only watches). Throws STORE_UNAVAILABLE. */
  async get(token: string | undefined, use = true): Promise<ConsoleSession | undefined> {
    if (token === undefined || !TOKEN.test(token)) return undefined;
    const key = keyOf(token);
    const stored = await this.#store.get(key);
    const read = kept.safeParse(stored?.value);
    if (stored === undefined || !read.success) return undefined;
    const session = read.data;
    const nowMs = this.#nowMs();
    const user = nowMs < this.#endMs(session) ? await this.#users.get(session.name) : undefined;
    if (user === undefined || user.generation !== session.generation) {
      // Who has an older list of users than another instance only does not let them in here.
      if (nowMs >= this.#endMs(session) || (user !== undefined && user.generation > session.generation))
        await this.#close(key);
      return undefined;
    }
    if (!use) return { user, expiresAtMs: this.#endMs(session) };
    const used: Kept = { ...session, usedMs: nowMs };
    if (nowMs - session.usedMs >= Math.min(NOTED_EVERY_MS, this.#idleMs / 20))
      await this.#put(key, used, stored.version);
    return { user, expiresAtMs: this.#endMs(used) };
  }

  async end(token: string | undefined): Promise<void> {
    if (token !== undefined && TOKEN.test(token)) await this.#close(keyOf(token));
  }

  /** Written down, not deleted: what is missing in Redis is taken for lost there by an instance that has a copy. */
  async #close(key: string): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const stored = await this.#store.get(key);
      if (stored === undefined || !kept.safeParse(stored.value).success) return;
      if (await this.#put(key, ENDED, stored.version)) return;
    }
  }

  /** False when somebody else was faster: of two that note its use one is enough, and one that was ended meanwhile stays ended. */
  async #put(key: string, value: Kept | typeof ENDED, version: number): Promise<boolean> {
    try {
      await this.#store.put(key, value, version);
      return true;
    } catch (error) {
      if (error instanceof HearkenError && error.code === 'SESSION_CONFLICT') return false;
      throw error;
    }
  }

  #endMs({ startedMs, usedMs }: Kept): number {
    return Math.min(startedMs + this.#lifeMs, usedMs + this.#idleMs);
  }
}

/** With a blank, which no conversation's id may hold: nobody reaches it as one. */
function keyOf(token: string): string {
  return `console ${createHash('sha256').update(token).digest('base64url')}`;
}

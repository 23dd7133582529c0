import { createHash, randomBytes } from 'node:crypto';
import type { User, UserStore } from './user-store.js';

export interface ConsoleSession {
  readonly user: User;
  readonly expiresAtMs: number;
}

interface Kept {
  readonly name: string;
  readonly generation: number;
  readonly startedMs: number;
  usedMs: number;
}

const MAX_SESSIONS = 10_000;
/** 32 random bytes, base64url. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * Who is signed in. Held in memory under the token's SHA-256: what could be read out of here opens nothing. A session ends when it is not used, after its longest life, with
 * its user, and with a change of their password.
 */
export class ConsoleSessions {
  readonly #users: UserStore;
  readonly #idleMs: number;
  readonly #lifeMs: number;
  readonly #nowMs: () => number;
  readonly #kept = new Map<string, Kept>();

  constructor(options: {
    readonly users: UserStore;
    readonly idleMs: number;
    readonly lifeMs: number;
    readonly nowMs?: () => number;
  }) {
    this.#users = options.users;
    this.#idleMs = options.idleMs;
    this.#lifeMs = options.lifeMs;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** The token is for the cookie and nowhere else. */
  begin(user: User): { readonly token: string; readonly session: ConsoleSession } {
    const token = randomBytes(32).toString('base64url');
    const nowMs = this.#nowMs();
    const kept: Kept = { name: user.name, generation: user.generation, startedMs: nowMs, usedMs: nowMs };
    this.#kept.set(keyOf(token), kept);
    if (this.#kept.size > MAX_SESSIONS) {
      const oldest = this.#kept.keys().next();
      if (!oldest.done) this.#kept.delete(oldest.value);
    }
    return { token, session: { user, expiresAtMs: this.#endMs(kept) } };
  }

  /** Undefined when it is none, or over. `use`: asking is no use of it (a page that only watches). */
  async get(token: string | undefined, use = true): Promise<ConsoleSession | undefined> {
    if (token === undefined || !TOKEN.test(token)) return undefined;
    const key = keyOf(token);
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    const nowMs = this.#nowMs();
    const user = nowMs < this.#endMs(kept) ? await this.#users.get(kept.name) : undefined;
    if (user === undefined || user.generation !== kept.generation) {
      this.#kept.delete(key);
      return undefined;
    }
    if (use) kept.usedMs = nowMs;
    return { user, expiresAtMs: this.#endMs(kept) };
  }

  end(token: string | undefined): void {
    if (token !== undefined) this.#kept.delete(keyOf(token));
  }

  #endMs({ startedMs, usedMs }: Kept): number {
    return Math.min(startedMs + this.#lifeMs, usedMs + this.#idleMs);
  }
}

function keyOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}

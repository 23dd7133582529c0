import { createHash, randomInt } from 'node:crypto';
import { HearkenError } from '../errors.js';
import type { SessionStore } from './session-store.js';

export interface ShortCodeOptions {
  /** Default 6. Each digit more makes guessing ten times harder, and the code longer to say. */
  readonly digits?: number;
  /** Default 10 minutes. */
  readonly ttlMs?: number;
  readonly now?: () => number;
}

export interface ShortCode {
  /** Digits only. */
  readonly code: string;
  readonly expiresInMs: number;
}

/** Wrong codes within `GUESS_WINDOW_MS` after which none is looked at: from one place, for one conversation, and from everywhere. */
const MAX_GUESSES = { source: 10, conversation: 5, all: 60 } as const;
const GUESS_WINDOW_MS = 600_000;
/** Longest wait for the guesses before; then nobody knows whether it is right. */
const TURN_WAIT_MS = 5000;
/** Codes tried until a free one is found. */
const MAX_ATTEMPTS = 20;

interface Entry {
  readonly schema: 1;
  /** Undefined: it has been used. */
  readonly conversationId?: string | undefined;
  readonly untilMs: number;
}

interface Guesses {
  readonly schema: 1;
  readonly count: number;
  readonly sinceMs: number;
}

/**
 * Short codes with which a conversation goes on in another channel. They live in the session store, so that any instance takes what another gave. A code is good for a
 * few minutes and one use. With 6 digits, 60 wrong codes in ten minutes and 50 codes alive, somebody who guesses from everywhere hits one in 300 such windows; from one
 * place, one in 2,000. Keys hold a blank, which no conversation's id may: nobody reaches them as a conversation.
 */
export class ShortCodes {
  readonly #sessions: SessionStore;
  readonly #digits: number;
  readonly #ttlMs: number;
  readonly #now: () => number;

  constructor(sessions: SessionStore, options: ShortCodeOptions = {}) {
    this.#sessions = sessions;
    this.#digits = options.digits ?? 6;
    this.#ttlMs = options.ttlMs ?? 600_000;
    this.#now = options.now ?? Date.now;
  }

  get digits(): number {
    return this.#digits;
  }

  /** A new code for this conversation; the one before ends. Rejects with STORE_UNAVAILABLE. */
  async give(conversationId: string): Promise<ShortCode> {
    await this.#revoke(conversationId);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const code = String(randomInt(10 ** this.#digits)).padStart(this.#digits, '0');
      const entry: Entry = { schema: 1, conversationId, untilMs: this.#now() + this.#ttlMs };
      if (!(await this.#put(codeKey(code), entry, 0))) continue;
      const own = await this.#sessions.get(lastKey(conversationId));
      await this.#put(lastKey(conversationId), { schema: 1, code }, own?.version ?? 0);
      return { code, expiresInMs: this.#ttlMs };
    }
    throw new HearkenError('OVERLOADED', 'There is no free code.', { hint: 'Try again later, or use longer codes.' });
  }

  /**
   * The conversation of a code, which is used up by this. Undefined when there is none. Rejects with RATE_LIMITED when too many wrong ones came from this source (a client
   * address, a caller), for this conversation, or from everywhere, and with SESSION_CONFLICT when too many come at once.
   */
  async take(
    code: string,
    from: { readonly source: string; readonly conversationId: string },
  ): Promise<string | undefined> {
    // One after the other, in all instances: guesses that come all at once would else all be looked at before the first of them is counted.
    return this.#sessions.withLock(guessKey('turn'), TURN_WAIT_MS, () => this.#take(code, from));
  }

  async #take(
    code: string,
    from: { readonly source: string; readonly conversationId: string },
  ): Promise<string | undefined> {
    const counters: [string, number][] = [
      [guessKey(`source ${from.source}`), MAX_GUESSES.source],
      [guessKey(`conversation ${from.conversationId}`), MAX_GUESSES.conversation],
      [guessKey('all'), MAX_GUESSES.all],
    ];
    for (const [key, most] of counters) {
      if ((await this.#guesses(key)) < most) continue;
      throw new HearkenError('RATE_LIMITED', 'Too many wrong codes.', {
        hint: 'Wait ten minutes, then ask for a new code.',
      });
    }
    const stored = this.#isCode(code) ? await this.#sessions.get(codeKey(code)) : undefined;
    const entry = stored?.value as Entry | undefined;
    if (stored !== undefined && entry?.conversationId !== undefined && entry.untilMs > this.#now()) {
      // Of two who use it at once, the one whose write comes first has it.
      const used: Entry = { schema: 1, untilMs: 0 };
      if (await this.#put(codeKey(code), used, stored.version)) return entry.conversationId;
    }
    for (const [key] of counters) await this.#count(key);
    return undefined;
  }

  #isCode(code: string): boolean {
    return code.length === this.#digits && /^\d+$/.test(code);
  }

  async #revoke(conversationId: string): Promise<void> {
    const last = (await this.#sessions.get(lastKey(conversationId)))?.value as { readonly code?: string } | undefined;
    if (last?.code === undefined) return;
    const stored = await this.#sessions.get(codeKey(last.code));
    const entry = stored?.value as Entry | undefined;
    if (stored !== undefined && entry?.conversationId === conversationId)
      await this.#put(codeKey(last.code), { schema: 1, untilMs: 0 }, stored.version);
  }

  async #guesses(key: string): Promise<number> {
    const guesses = (await this.#sessions.get(key))?.value as Guesses | undefined;
    return guesses === undefined || guesses.sinceMs + GUESS_WINDOW_MS <= this.#now() ? 0 : guesses.count;
  }

  async #count(key: string): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const stored = await this.#sessions.get(key);
      const before = stored?.value as Guesses | undefined;
      const fresh = before === undefined || before.sinceMs + GUESS_WINDOW_MS <= this.#now();
      const after: Guesses = fresh
        ? { schema: 1, count: 1, sinceMs: this.#now() }
        : { ...before, count: before.count + 1 };
      if (await this.#put(key, after, stored?.version ?? 0)) return;
    }
  }

  /** False when somebody else was faster. */
  async #put(key: string, value: unknown, version: number): Promise<boolean> {
    try {
      await this.#sessions.put(key, value, version);
      return true;
    } catch (error) {
      if (error instanceof HearkenError && error.code === 'SESSION_CONFLICT') return false;
      throw error;
    }
  }
}

function codeKey(code: string): string {
  return `code ${code}`;
}

function lastKey(conversationId: string): string {
  return `code-of ${conversationId}`;
}

/** Addresses are no keys for a store that others read. */
function guessKey(name: string): string {
  return `guess ${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

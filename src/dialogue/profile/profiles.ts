import type { Logger } from 'pino';
import { messageOf } from '../../errors.js';
import type { Domain } from '../app/types.js';
import type { UserMessage } from '../brain.js';
import type { ProfileStore } from './profile-store.js';

type Slots = Readonly<Record<string, unknown>>;

/** The slot that says whether anything may be kept: true keeps, false erases, null asks nothing and does nothing. */
export const CONSENT_SLOT = 'profile_consent';

/** Brings what is known about a caller into a conversation, and back out of it. A store that is away costs convenience, never a turn. */
export class Profiles {
  readonly #store: ProfileStore | undefined;
  readonly #names: readonly string[];
  readonly #logger: Logger;

  constructor(store: ProfileStore | undefined, domain: Domain, logger: Logger) {
    this.#names = [...domain.slots.values()].filter((slot) => slot.profile).map((slot) => slot.name);
    this.#store = this.#names.length === 0 ? undefined : store;
    this.#logger = logger;
  }

  /** Slots to begin a session with. */
  async of(sender: string | undefined): Promise<Slots> {
    if (this.#store === undefined || sender === undefined || sender === '') return {};
    try {
      const profile = await this.#store.get(sender);
      if (profile === undefined) return {};
      const known = this.#names.flatMap((name) => {
        const value = profile.slots[name] ?? null;
        return value === null ? [] : [[name, value] as const];
      });
      return { ...Object.fromEntries(known), [CONSENT_SLOT]: true };
    } catch (error) {
      this.#logger.warn({ reason: messageOf(error) }, "a caller's profile can't be read");
      return {};
    }
  }

  /** After a turn: keeps what changed with consent, erases when it was withdrawn. */
  async after(
    message: UserMessage,
    sender: string | undefined,
    before: Slots,
    now: Slots,
    nowMs: number,
  ): Promise<void> {
    if (this.#store === undefined || sender === undefined || sender === '') return;
    const [gave, gives] = [before[CONSENT_SLOT] ?? null, now[CONSENT_SLOT] ?? null];
    try {
      if (gives === false && gave !== false) {
        await this.#store.delete(sender);
        this.#logger.info({ conversationId: message.conversationId }, "a caller's profile was erased at their wish");
      } else if (gives === true && (gave !== true || this.#names.some((name) => differs(before[name], now[name])))) {
        const known = gave === true ? await this.#store.get(sender) : undefined;
        await this.#store.put(sender, {
          slots: Object.fromEntries(this.#names.map((name) => [name, now[name] ?? null])),
          consent: known?.consent ?? {
            atMs: nowMs,
            conversationId: message.conversationId,
            messageId: message.messageId,
            words: words(message).slice(0, 200),
          },
          updatedMs: nowMs,
        });
      }
    } catch (error) {
      this.#logger.error(
        { err: error, conversationId: message.conversationId },
        "a caller's profile could not be changed",
      );
    }
  }
}

function words({ input }: UserMessage): string {
  return input.type === 'text' ? input.text : input.type === 'dtmf' ? `keys ${input.digits}` : input.name;
}

function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) !== JSON.stringify(b ?? null);
}

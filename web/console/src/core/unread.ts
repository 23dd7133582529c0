import type { Chat } from '../api/contract.js';

type Conversation = Pick<Chat, 'id' | 'lines'>;

/** What visitors have written in conversations that nobody looked at since. A conversation that is new here begins as read. */
export class Unread {
  /** The last line that was seen, by conversation; empty: there was none. */
  readonly #seen = new Map<string, string>();
  readonly #visible: () => boolean;
  #looking: string | undefined;

  /** `visible`: whether anybody can see the page. */
  constructor(visible: () => boolean) {
    this.#visible = visible;
  }

  /** This conversation is shown from now on; undefined: none. True when that is another one than before. */
  look(id: string | undefined): boolean {
    const other = id !== this.#looking;
    this.#looking = id;
    return other;
  }

  count(chat: Conversation): number {
    const seen = this.#seen.get(chat.id);
    if (seen === undefined || (chat.id === this.#looking && this.#visible())) {
      this.#seen.set(chat.id, chat.lines.at(-1)?.id ?? '');
      return 0;
    }
    const from = chat.lines.findLastIndex(({ id }) => id === seen) + 1;
    return chat.lines.slice(from).filter(({ who }) => who === 'caller').length;
  }

  /** Of all of them; those that are closed are forgotten. */
  total(chats: ReadonlyMap<string, Conversation>): number {
    for (const id of [...this.#seen.keys()]) if (!chats.has(id)) this.#seen.delete(id);
    let total = 0;
    for (const chat of chats.values()) total += this.count(chat);
    return total;
  }
}

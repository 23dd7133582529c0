import type { Pass } from './door.js';
import type { CallTicket } from './media-client.js';

/** What goes with the visitor from page to page, in this tab only. */
export interface Remembered {
  readonly pass?: Pass;
  readonly lines: readonly Line[];
  readonly open: boolean;
  readonly muted: boolean;
  readonly language?: string;
  /** A person has the conversation, or it waits for one. */
  readonly person?: boolean;
  /** A call that was up when the page went. */
  readonly call?: { readonly ticket: CallTicket; readonly atMs: number };
}

export interface Line {
  /** `agent`: a person. `system`: what happened ("Anna has joined"). */
  readonly who: 'caller' | 'bot' | 'agent' | 'system';
  readonly text: string;
  /** The agent's. */
  readonly name?: string;
  /** UTF-16 units that were heard, when the rest was not. */
  readonly heard?: number;
  /** Choices that are offered with it, as long as they may be taken. */
  readonly choices?: readonly Choice[];
}

/** A button of a reply: what is on it, and what whoever presses it says to the service. */
export interface Choice {
  readonly title: string;
  readonly payload: string;
}

/** As many as can be told apart by number. */
const MAX_CHOICES = 99;

/** What is well formed of a list of choices; undefined when there is none. */
export function choicesOf(value: unknown): readonly Choice[] | undefined {
  const choices = Array.isArray(value) ? value.filter(isChoice).slice(0, MAX_CHOICES) : [];
  return choices.length === 0 ? undefined : choices.map(({ title, payload }) => ({ title, payload }));
}

function isChoice(value: unknown): value is Choice {
  const choice = value as Partial<Choice> | null;
  return typeof choice?.title === 'string' && choice.title !== '' && typeof choice.payload === 'string';
}

/** Lines that are kept: what fits on a few screens. */
export const MAX_LINES = 60;
const MAX_CHARS = 200_000;
const WHO: ReadonlySet<unknown> = new Set(['caller', 'bot', 'agent', 'system']);

export class Memory {
  readonly #key: string;

  constructor(server: string) {
    this.#key = `hearken-call ${server}`;
  }

  /** What there is; nothing where the browser keeps nothing, or what it kept is broken. */
  read(): Remembered {
    const none: Remembered = { lines: [], open: false, muted: false };
    try {
      const value: unknown = JSON.parse(sessionStorage.getItem(this.#key) ?? 'null');
      if (typeof value !== 'object' || value === null) return none;
      const remembered = { ...none, ...(value as Partial<Remembered>) };
      const lines = Array.isArray(remembered.lines)
        ? remembered.lines.filter(isLine).slice(-MAX_LINES).map(withChoices)
        : [];
      return { ...remembered, lines };
    } catch {
      return none;
    }
  }

  write(remembered: Remembered): void {
    try {
      const text = JSON.stringify({ ...remembered, lines: remembered.lines.slice(-MAX_LINES) });
      if (text.length <= MAX_CHARS) sessionStorage.setItem(this.#key, text);
    } catch {
      // Private browsing, storage full or forbidden: the conversation then ends with the page.
    }
  }

  /** Ends what was begun. */
  forget(): void {
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // As above.
    }
  }
}

function withChoices({ choices: kept, ...line }: Line): Line {
  const choices = choicesOf(kept);
  return choices === undefined ? line : { ...line, choices };
}

function isLine(value: unknown): value is Line {
  const line = value as Partial<Line> | null;
  return WHO.has(line?.who) && typeof line?.text === 'string';
}

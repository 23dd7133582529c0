import type { Logger } from 'pino';
import { messageOf } from '../errors.js';
import { type Line, summaryOf } from './tracker/memory.js';
import type { Tracker } from './tracker/tracker.js';

/** Puts a conversation's older part into a few sentences; a language model behind it, where one is configured. */
export interface Summarizer {
  summarize(
    conversation: { readonly language: string; readonly before: string; readonly lines: readonly Line[] },
    signal: AbortSignal,
  ): Promise<string>;
}

/** A new summary after this many further lines have left the window. */
const EVERY_LINES = 6;
const LIMIT_MS = 20_000;
const MAX_CHARS = 1000;
const MAX_KEPT = 2000;
/** Summaries being made at once; what comes on top has its turn with a later message. */
const MAX_AT_ONCE = 4;

/** Summaries are made beside the turns, never within one: a turn takes the newest that is there. */
export class Abstracts {
  readonly #summarizer: Summarizer | undefined;
  readonly #logger: Logger;
  readonly #made = new Map<string, { readonly text: string; readonly older: number }>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(summarizer: Summarizer | undefined, logger: Logger) {
    this.#summarizer = summarizer;
    this.#logger = logger;
  }

  /** The tracker with the newest summary there is. */
  apply(tracker: Tracker): Tracker {
    const made = this.#made.get(tracker.conversationId);
    return made === undefined ? tracker : { ...tracker, memory: { ...tracker.memory, abstract: made.text } };
  }

  /** Begins a summary when enough has been said since the last. */
  add(tracker: Tracker): void {
    const { conversationId, memory } = tracker;
    const covered = this.#made.get(conversationId)?.older ?? 0;
    if (this.#summarizer === undefined || memory.older - covered < EVERY_LINES) return;
    if (this.#running.has(conversationId) || this.#running.size >= MAX_AT_ONCE) return;
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(LIMIT_MS)]);
    const conversation = { language: tracker.state.language, before: summaryOf(memory), lines: memory.lines };
    const work = this.#summarizer
      .summarize(conversation, signal)
      .then((text) => this.#keep(conversationId, text.slice(0, MAX_CHARS), memory.older))
      .catch((error: unknown) => {
        this.#logger.warn({ conversationId, reason: messageOf(error) }, 'a summary could not be made');
      })
      .finally(() => this.#running.delete(conversationId));
    this.#running.set(conversationId, work);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#running.values());
  }

  #keep(conversationId: string, text: string, older: number): void {
    if (text.trim() === '') return;
    this.#made.delete(conversationId);
    this.#made.set(conversationId, { text, older });
    for (const oldest of this.#made.keys()) {
      if (this.#made.size <= MAX_KEPT) return;
      this.#made.delete(oldest);
    }
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import type { Logger } from 'pino';
import { HearkenError } from '../../errors.js';
import { workerEntry } from '../../worker-entry.js';
import { type PlaygroundNews, type PlaygroundOrder, playgroundNews } from './playground-messages.js';

/** An order that is answered. */
export type Asked = Extract<PlaygroundOrder, { id: number }>;
type Unnumbered<T> = T extends unknown ? Omit<T, 'id'> : never;
export type Question = Unnumbered<Exclude<Asked, { type: 'abort' }>>;
/** What is told of a question before its answer. */
export type Aside = Extract<PlaygroundNews, { type: 'interim' | 'understood' }>;
export type Answer = Exclude<Extract<PlaygroundNews, { id: number }>, Aside | { type: 'refused' }>;

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: HearkenError) => void;
  readonly aside: ((news: Aside) => void) | undefined;
  readonly timer: NodeJS.Timeout;
}

export interface PlaygroundChildOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly logger: Logger;
  readonly onReady: (languages: string[]) => void;
  /** It could not read its application, or has ended by itself. Once at most. */
  readonly onFailed: (problem: string) => void;
}

const HEAP_MB = 512;
/** Turns and readings under way at once: a call has one of each, and may have given up some. */
const MAX_PENDING = 16;

/** The process of one playground, and the questions it has yet to answer. */
export class PlaygroundChild {
  readonly #options: PlaygroundChildOptions;
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  #count = 0;
  #over = false;

  constructor(options: PlaygroundChildOptions) {
    this.#options = options;
    const entry = workerEntry(import.meta.url, 'playground-process');
    this.#child = fork(entry.path, [], {
      execArgv: [...entry.execArgv, `--max-old-space-size=${HEAP_MB}`],
      env: { ...options.environment },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child.on('message', (value) => this.#news(value));
    this.#child.on('error', (error) => this.#fail(error.message));
    this.#child.on('exit', (code, signal) => this.#fail(`Its process ended (${signal ?? code}).`));
  }

  get busy(): boolean {
    return this.#pending.size >= MAX_PENDING;
  }

  tell(order: PlaygroundOrder): void {
    if (this.#over) return;
    this.#child.send(order, (err) => {
      if (err !== null) this.#options.logger.debug({ err }, 'a playground could not be told something');
    });
  }

  /** Rejects with ACTION_FAILED (what the application did wrong), TIMEOUT, OVERLOADED, WORKER_LOST. `signal` tells the process that nobody waits any more. */
  ask(
    question: Question,
    limitMs: number,
    { aside, signal }: { readonly aside?: (news: Aside) => void; readonly signal?: AbortSignal } = {},
  ): Promise<Answer> {
    if (this.#over) return Promise.reject(lost());
    if (this.busy)
      return Promise.reject(
        new HearkenError('OVERLOADED', 'This playground has not answered yet.', { hint: 'Wait a moment.' }),
      );
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new HearkenError('TIMEOUT', `The application did not answer within ${limitMs / 1000} s.`));
      }, limitMs);
      this.#pending.set(id, { resolve, reject, aside, timer });
      signal?.addEventListener('abort', () => this.#pending.has(id) && this.tell({ type: 'abort', id }), {
        once: true,
      });
      this.tell({ ...question, id } as PlaygroundOrder);
    });
  }

  close(): void {
    this.#end();
    this.#child.kill('SIGKILL');
  }

  #news(value: unknown): void {
    const parsed = playgroundNews.safeParse(value);
    if (!parsed.success || this.#over) return;
    const news = parsed.data;
    if (news.type === 'ready') this.#options.onReady(news.languages);
    else if (news.type === 'failed') this.#fail(news.problem);
    else {
      const pending = this.#pending.get(news.id);
      if (pending === undefined) return;
      if (news.type === 'interim' || news.type === 'understood') {
        pending.aside?.(news);
        return;
      }
      this.#pending.delete(news.id);
      clearTimeout(pending.timer);
      if (news.type === 'refused')
        pending.reject(new HearkenError('ACTION_FAILED', news.problem, { hint: 'Mend the application.' }));
      else pending.resolve(news);
    }
  }

  #fail(problem: string): void {
    if (this.#over) return;
    this.#end();
    this.#options.onFailed(problem);
  }

  #end(): void {
    this.#over = true;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(lost());
    }
    this.#pending.clear();
  }
}

function lost(): HearkenError {
  return new HearkenError('WORKER_LOST', 'The playground is over.', { hint: 'Open it again.' });
}

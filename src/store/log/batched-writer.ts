import { messageOf } from '../../errors.js';

export interface BatchedWriterOptions<T> {
  /** Writes a batch, in order; when it rejects, the batch waits and is tried again. */
  readonly write: (batch: readonly T[]) => Promise<void>;
  /** Items that may wait; beyond it the oldest are dropped and counted. Default 20,000. */
  readonly maxQueue?: number;
  /** Batches are written at most this far apart. Default 50 ms. */
  readonly flushMs?: number;
  /** Told when writing begins to fail, and again only for another reason or after it has worked. */
  readonly onError?: (error: unknown) => void;
}

const RETRY_MS = 1000;

/** Gathers items and writes them in batches, one batch at a time. `add` never waits and never throws; what can't be written waits in the bounded queue. */
export class BatchedWriter<T> {
  readonly #options: Required<BatchedWriterOptions<T>>;
  #queue: T[] = [];
  #inHand = 0;
  #dropped = 0;
  #problem: string | undefined;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: BatchedWriterOptions<T>) {
    this.#options = { maxQueue: 20_000, flushMs: 50, onError: () => {}, ...options };
  }

  /** Items that are not written yet, those being written among them. */
  get waiting(): number {
    return this.#queue.length + this.#inHand;
  }

  /** Items lost because writing was refused for too long. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Why the last batch could not be written; undefined when it could. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** After `close` nothing is taken. */
  add(item: T): void {
    if (this.#closed) return;
    this.#queue.push(item);
    this.#bound();
    this.#schedule(this.#options.flushMs);
  }

  /** Resolves when everything added so far is written; rejects with the writer's error (the items then wait and are tried again). */
  async flush(): Promise<void> {
    this.#cancel();
    const work = this.#writing.then(() => this.#write());
    this.#writing = work.catch(() => {
      if (!this.#closed) this.#schedule(RETRY_MS);
    });
    await work;
  }

  /** Writes what waits, once; rejects when that was refused. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      this.#cancel();
    }
  }

  async #write(): Promise<void> {
    const batch = this.#queue;
    if (batch.length === 0) return;
    this.#queue = [];
    this.#inHand = batch.length;
    try {
      await this.#options.write(batch);
      this.#inHand = 0;
      this.#problem = undefined;
    } catch (error) {
      this.#inHand = 0;
      const told = this.#problem;
      this.#problem = messageOf(error);
      if (this.#problem !== told) this.#options.onError(error);
      this.#queue = batch.concat(this.#queue);
      this.#bound();
      throw error;
    }
  }

  #bound(): void {
    const surplus = this.#queue.length - this.#options.maxQueue;
    if (surplus <= 0) return;
    this.#queue.splice(0, surplus);
    this.#dropped += surplus;
  }

  #schedule(afterMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // It is told and tried again where it fails.
      this.flush().catch(() => {});
    }, afterMs);
    this.#timer.unref();
  }

  #cancel(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

import { appendFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { BatchedWriter } from '../../store/log/batched-writer.js';

/** Who did or saw what. Written before nobody: reading a call's page is an entry like changing a ticket. */
export interface AuditEntry {
  readonly who: string;
  /** `signIn`, `signInFailed`, `readCall`, `listenIn`, … */
  readonly what: string;
  /** The call, chat, ticket or name it is about. */
  readonly about?: string;
  readonly address?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface Audit {
  add(entry: AuditEntry): void;
  close(): Promise<void>;
}

const DAY_FILE = /^console-(\d{4}-\d{2}-\d{2})\.jsonl$/;

/** JSON lines, a file a day (UTC): `<folder>/console-2026-11-30.jsonl`. Kept as long as what was said. */
export class FileAudit implements Audit {
  readonly #folder: string;
  readonly #keepDays: number;
  readonly #logger: Logger;
  readonly #writer: BatchedWriter<AuditEntry & { readonly atMs: number }>;
  #sweptOn = '';

  constructor(options: { readonly folder: string; readonly keepDays: number; readonly logger: Logger }) {
    this.#folder = options.folder;
    this.#keepDays = options.keepDays;
    this.#logger = options.logger;
    this.#writer = new BatchedWriter({
      write: (batch) => this.#write(batch),
      onError: (err: unknown) =>
        this.#logger.error({ err }, 'the audit of the console can not be written; it waits in memory'),
    });
  }

  add(entry: AuditEntry): void {
    this.#writer.add({ atMs: Date.now(), ...entry });
    this.#logger.info({ audit: entry.what, who: entry.who, about: entry.about }, 'console');
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  async #write(batch: readonly unknown[]): Promise<void> {
    const today = new Date().toISOString().slice(0, 10);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await appendFile(
      join(this.#folder, `console-${today}.jsonl`),
      batch.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
      { mode: 0o600 },
    );
    if (this.#sweptOn === today) return;
    this.#sweptOn = today;
    await this.#sweep();
  }

  async #sweep(): Promise<void> {
    if (this.#keepDays === 0) return;
    const oldest = new Date(Date.now() - this.#keepDays * 86_400_000).toISOString().slice(0, 10);
    for (const name of await readdir(this.#folder)) {
      const day = DAY_FILE.exec(name)?.[1];
      if (day !== undefined && day < oldest) await rm(join(this.#folder, name), { force: true });
    }
  }
}

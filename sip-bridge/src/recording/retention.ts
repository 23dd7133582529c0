import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import type { RecordingConfig } from './config.js';

const SWEEP_MS = 6 * 3600 * 1000;

/** Removes recordings that are older than `keepDays`, at the start and every six hours. Nothing but day folders is touched. */
export class RecordingRetention {
  #config: RecordingConfig;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;

  constructor(config: RecordingConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
  }

  start(): void {
    void this.sweep(new Date());
    this.#timer = setInterval(() => void this.sweep(new Date()), SWEEP_MS);
    this.#timer.unref();
  }

  apply(config: RecordingConfig): void {
    this.#config = config;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The days that were removed. */
  async sweep(now: Date): Promise<readonly string[]> {
    const { mode, keepDays, folder } = this.#config;
    if (mode === 'off' || keepDays === 0) return [];
    const oldest = new Date(now.getTime() - keepDays * 86_400_000).toISOString().slice(0, 10);
    const names = await readdir(resolve(folder)).catch(() => []);
    const days = names.filter((name) => /^\d{4}-\d{2}-\d{2}$/.test(name) && name < oldest);
    for (const day of days) {
      await rm(join(resolve(folder), day), { recursive: true, force: true }).catch((error: unknown) =>
        this.#logger.error({ day, err: messageOf(error) }, 'old recordings could not be removed'),
      );
    }
    return days;
  }
}

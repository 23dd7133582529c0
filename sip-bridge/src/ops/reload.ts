import { statSync } from 'node:fs';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';

export interface ReloaderOptions {
  /** Undefined: only SIGHUP. */
  readonly file: string | undefined;
  /** 0 = the file is not watched. */
  readonly watchMs: number;
  /** Reads and takes over the configuration; throws when it is broken, and then nothing has changed. */
  readonly reload: () => Promise<void>;
  readonly logger: Logger;
}

/**
 * Takes over a changed configuration at SIGHUP or when the file has changed and then stayed as it is for one more look: half a file may well be valid. A broken one is refused,
 * and the old one goes on.
 */
export class Reloader {
  readonly #options: ReloaderOptions;
  readonly #onSignal = (): void => void this.now('SIGHUP');
  #watch: NodeJS.Timeout | undefined;
  #taken: string;
  #seen: string;
  #running: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#taken = stampOf(options.file);
    this.#seen = this.#taken;
  }

  start(): void {
    process.on('SIGHUP', this.#onSignal);
    const { watchMs, file } = this.#options;
    if (watchMs === 0 || file === undefined) return;
    this.#watch = setInterval(() => {
      const stamp = stampOf(file);
      const still = stamp === this.#seen;
      this.#seen = stamp;
      if (!still || stamp === this.#taken) return;
      this.#taken = stamp;
      void this.now('the file changed');
    }, watchMs);
    this.#watch.unref();
  }

  /** True when the configuration as it is now is in force. Never rejects. */
  now(why: string): Promise<boolean> {
    if (this.#running === undefined) {
      this.#running = this.#run(why).finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    // What is being taken over may have been read before this change.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.now(why);
    });
    return this.#next;
  }

  stop(): void {
    process.off('SIGHUP', this.#onSignal);
    clearInterval(this.#watch);
  }

  async #run(why: string): Promise<boolean> {
    try {
      await this.#options.reload();
      this.#options.logger.info({ why }, 'the configuration was taken over');
      return true;
    } catch (error) {
      this.#options.logger.error(
        { why, err: messageOf(error) },
        'the new configuration is refused, the old one goes on',
      );
      return false;
    }
  }
}

/** Changes with the file; editors that replace it change the inode. */
function stampOf(file: string | undefined): string {
  if (file === undefined) return '';
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return '';
  }
}

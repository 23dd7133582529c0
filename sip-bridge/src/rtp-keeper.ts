import { messageOf } from './errors.js';
import type { Logger } from './log.js';
import { type EngineOptions, RtpEngine } from './rtp/engine.js';

const FIRST_RESTART_MS = 200;
const LAST_RESTART_MS = 10_000;

/** Keeps an RTP thread running. One that dies takes its calls along; the next calls get a new one. */
export class EngineKeeper {
  readonly #options: EngineOptions;
  readonly #logger: Logger;
  #engine: RtpEngine;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(engine: RtpEngine, options: EngineOptions, logger: Logger) {
    this.#engine = engine;
    this.#options = options;
    this.#logger = logger;
    this.#watch(engine);
  }

  /** Throws WORKER_LOST. */
  static async start(options: EngineOptions, logger: Logger): Promise<EngineKeeper> {
    return new EngineKeeper(await RtpEngine.start(options), options, logger);
  }

  get current(): RtpEngine {
    return this.#engine;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#engine.close();
  }

  #watch(engine: RtpEngine, waitMs = FIRST_RESTART_MS): void {
    engine.onLost = (error) => {
      this.#logger.error(
        { err: error === undefined ? 'exit' : messageOf(error), waitMs },
        'the RTP thread died and is started again',
      );
      this.#restart(waitMs);
    };
  }

  #restart(waitMs: number): void {
    const nextWaitMs = Math.min(LAST_RESTART_MS, waitMs * 2);
    this.#retry = setTimeout(() => {
      RtpEngine.start(this.#options).then(
        async (engine) => {
          if (this.#closed) {
            await engine.close();
            return;
          }
          this.#engine = engine;
          this.#watch(engine, nextWaitMs);
        },
        (error: unknown) => {
          this.#logger.error({ err: messageOf(error) }, 'the RTP thread could not be started');
          if (!this.#closed) this.#restart(nextWaitMs);
        },
      );
    }, waitMs);
  }
}

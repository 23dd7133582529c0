import { EventEmitter, once } from 'node:events';
import { BridgeError } from './errors.js';

/**
 * Emitter whose listeners cannot crash the one who emits: what a listener throws becomes a process warning and the others
 * still run. A bug in an observer must not end a call.
 */
export class SafeEmitter<Events extends Record<keyof Events, unknown[]>> {
  readonly #inner = new EventEmitter().setMaxListeners(50);

  on<Name extends keyof Events & string>(name: Name, listener: (...args: Events[Name]) => void): this {
    this.#inner.on(name, listener as (...args: unknown[]) => void);
    return this;
  }

  once<Name extends keyof Events & string>(name: Name, listener: (...args: Events[Name]) => void): this {
    this.#inner.once(name, listener as (...args: unknown[]) => void);
    return this;
  }

  off<Name extends keyof Events & string>(name: Name, listener: (...args: Events[Name]) => void): this {
    this.#inner.off(name, listener as (...args: unknown[]) => void);
    return this;
  }

  /** The next event of that name; rejects with TIMEOUT after `timeoutMs`. */
  async next<Name extends keyof Events & string>(name: Name, timeoutMs: number): Promise<Events[Name]> {
    try {
      return (await once(this.#inner, name, { signal: AbortSignal.timeout(timeoutMs) })) as Events[Name];
    } catch (error) {
      throw new BridgeError('TIMEOUT', `No "${name}" within ${timeoutMs} ms.`, { cause: error });
    }
  }

  protected emit<Name extends keyof Events & string>(name: Name, ...args: Events[Name]): void {
    for (const listener of this.#inner.rawListeners(name)) {
      try {
        (listener as (...values: unknown[]) => void).apply(this.#inner, args);
      } catch (error) {
        process.emitWarning(
          `A listener of "${name}" threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
    }
  }

  protected removeAllListeners(): void {
    this.#inner.removeAllListeners();
  }
}

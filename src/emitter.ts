import { EventEmitter } from 'node:events';

/** The listener half of a typed emitter: what a reader of an interface may use. */
export interface TypedEmitter<Events extends Record<keyof Events, unknown[]>> {
  on<Name extends keyof Events & string>(name: Name, listener: (...args: Events[Name]) => void): this;
  once<Name extends keyof Events & string>(name: Name, listener: (...args: Events[Name]) => void): this;
  off<Name extends keyof Events & string>(name: Name, listener: (...args: Events[Name]) => void): this;
}

/**
 * Emitter whose listeners cannot crash the one who emits: a listener that throws is reported to `onListenerError`
 * and the others still run. The media path must not end because an observer has a bug.
 */
export class SafeEmitter<Events extends Record<keyof Events, unknown[]>> implements TypedEmitter<Events> {
  readonly #inner = new EventEmitter();
  readonly #onListenerError: (error: unknown, event: string) => void;

  constructor(onListenerError: (error: unknown, event: string) => void = reportAsWarning) {
    this.#onListenerError = onListenerError;
    this.#inner.setMaxListeners(50);
  }

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

  protected emit<Name extends keyof Events & string>(name: Name, ...args: Events[Name]): void {
    for (const listener of this.#inner.rawListeners(name)) {
      try {
        (listener as (...values: unknown[]) => void).apply(this.#inner, args);
      } catch (error) {
        this.#onListenerError(error, name);
      }
    }
  }

  protected removeAllListeners(): void {
    this.#inner.removeAllListeners();
  }
}

function reportAsWarning(error: unknown, event: string): void {
  process.emitWarning(
    `a listener of "${event}" threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}

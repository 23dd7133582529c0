import { SafeEmitter } from '../emitter.js';
import type { Logger } from '../log.js';
import type { Credentials } from '../sip/digest.js';
import type { Endpoint } from '../sip/endpoint.js';
import { Registration, type RegistrationEvents } from '../sip/registration.js';

export interface RegistrarsOptions {
  readonly trunk: string;
  /** In order of preference. */
  readonly registrars: readonly string[];
  readonly user: string;
  readonly credentials?: Credentials | undefined;
  readonly outboundProxy?: string | undefined;
  readonly expiresSeconds: number;
  /** One that does not answer for so long is passed over. */
  readonly failoverMs: number;
  /** Registered with another one, the first is tried again so often. */
  readonly returnMs: number;
  readonly endpointFor: (registrar: string) => Promise<Endpoint>;
  readonly logger: Logger;
}

/** Keeps one address registered with the first registrar that takes it. */
export class Registrars extends SafeEmitter<RegistrationEvents> {
  readonly #options: RegistrarsOptions;
  #index = 0;
  #current: Registration | undefined;
  #watch: NodeJS.Timeout | undefined;
  #return: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: RegistrarsOptions) {
    super();
    this.#options = options;
  }

  get registered(): boolean {
    return this.#current?.registered ?? false;
  }

  /** The registrar in use. */
  get registrar(): string {
    return this.#options.registrars[this.#index] ?? '';
  }

  start(): void {
    this.#use(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#watch);
    clearTimeout(this.#return);
    await this.#current?.stop();
    this.removeAllListeners();
  }

  #use(index: number): void {
    this.#index = index;
    const { registrars, logger, trunk } = this.#options;
    const registrar = registrars[index];
    if (registrar === undefined || this.#stopped) return;
    clearTimeout(this.#watch);
    this.#open(registrar).then(
      (registration) => {
        if (this.#stopped) return;
        this.#current = registration;
        registration.on('registered', () => {
          clearTimeout(this.#watch);
          if (this.#index > 0) this.#later();
          this.emit('registered');
        });
        registration.on('failed', (status, reason) => {
          this.emit('failed', status, reason);
          // A refusal is an answer, but 408 and 5xx say that this one can't help now.
          if (status === 0 || status === 408 || status >= 500) this.#next(registration);
        });
        registration.start();
        if (registrars.length > 1) {
          this.#watch = setTimeout(() => {
            if (!registration.registered) this.#next(registration);
          }, this.#options.failoverMs);
        }
      },
      (error: unknown) => {
        logger.warn({ trunk, registrar, err: String(error) }, 'a registrar can not be used');
        this.#watch = setTimeout(() => this.#use((index + 1) % registrars.length), this.#options.failoverMs);
      },
    );
  }

  #next(from: Registration): void {
    const { registrars, logger, trunk } = this.#options;
    if (this.#stopped || from !== this.#current || registrars.length < 2) return;
    logger.warn({ trunk, registrar: this.registrar }, 'this registrar does not answer, the next one is tried');
    from.abandon();
    this.#use((this.#index + 1) % registrars.length);
  }

  /** The preferred one may be back; if not, what we have stays. */
  #tryFirst(): void {
    this.#return = undefined;
    const first = this.#options.registrars[0];
    if (this.#stopped || this.#index === 0 || first === undefined) return;
    this.#open(first).then(
      (registration) => {
        const again = (): void => {
          registration.abandon();
          this.#later();
        };
        const timer = setTimeout(again, this.#options.failoverMs);
        registration.once('registered', () => {
          clearTimeout(timer);
          registration.abandon();
          // Registrars of one provider often share their bindings: a goodbye that comes late would take the new one away.
          const goodbye = this.#current?.stop() ?? Promise.resolve();
          void goodbye.then(() => this.#use(0));
        });
        registration.once('failed', () => {
          clearTimeout(timer);
          again();
        });
        registration.start();
      },
      // Its name can't be looked up, for now.
      () => this.#later(),
    );
  }

  #later(): void {
    if (!this.#stopped) this.#return ??= setTimeout(() => this.#tryFirst(), this.#options.returnMs);
  }

  async #open(registrar: string): Promise<Registration> {
    const { user, credentials, outboundProxy, expiresSeconds, endpointFor, logger } = this.#options;
    const endpoint = await endpointFor(registrar);
    return new Registration(endpoint, { registrar, user, credentials, outboundProxy, expiresSeconds, logger });
  }
}

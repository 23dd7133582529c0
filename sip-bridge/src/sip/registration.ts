import type { IncomingResponseMessage } from 'sip.js/lib/core/index.js';
import { SafeEmitter } from '../emitter.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import { requireUri, withLr } from './core-setup.js';
import type { Credentials } from './digest.js';
import type { Endpoint } from './endpoint.js';

export interface RegistrationOptions {
  /** `sip:host:port`. */
  readonly registrar: string;
  readonly user: string;
  readonly expiresSeconds: number;
  /** Instead of the endpoint's own. */
  readonly credentials?: Credentials | undefined;
  readonly outboundProxy?: string | undefined;
  readonly logger: Logger;
}

export interface RegistrationEvents {
  registered: [];
  failed: [status: number, reason: string];
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
const UNREGISTER_TIMEOUT_MS = 1000;

/** Keeps one address registered (RFC 3261 §10): refreshes before it runs out, and tries again with growing pauses when the registrar is away. */
export class Registration extends SafeEmitter<RegistrationEvents> {
  readonly #endpoint: Endpoint;
  readonly #options: RegistrationOptions;
  readonly #callId = `${Math.random().toString(36).slice(2)}${Date.now().toString(36)}@hearken`;
  #cseq = 1;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #expiresSeconds: number;
  #registered = false;
  #closed = false;

  constructor(endpoint: Endpoint, options: RegistrationOptions) {
    super();
    this.#endpoint = endpoint;
    this.#options = options;
    this.#expiresSeconds = options.expiresSeconds;
    if (options.credentials) endpoint.useCredentials(this.#callId, options.credentials);
  }

  get registered(): boolean {
    return this.#registered;
  }

  /** With the registered user, so that calls for it say so. */
  get #contact(): string {
    return this.#endpoint.contactUri.replace(/^sip:[^@]*@/, `sip:${encodeURIComponent(this.#options.user)}@`);
  }

  start(): void {
    this.#register(this.#expiresSeconds);
  }

  /** Says goodbye; waits at most a second for the registrar. */
  async stop(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    if (!this.#registered) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, UNREGISTER_TIMEOUT_MS);
      this.#register(0, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    this.removeAllListeners();
  }

  /** Says nothing more: the registrar is away, or another registration takes over. */
  abandon(): void {
    this.#closed = true;
    this.#registered = false;
    clearTimeout(this.#timer);
    this.removeAllListeners();
  }

  #register(seconds: number, done: () => void = () => {}): void {
    const { registrar, user, outboundProxy } = this.#options;
    try {
      const uri = requireUri(registrar);
      const address = requireUri(registrar);
      address.user = user;
      address.clearParams();
      const message = this.#endpoint.core.makeOutgoingRequestMessage(
        'REGISTER',
        uri,
        address,
        address,
        {
          callId: this.#callId,
          cseq: this.#cseq,
          ...(outboundProxy ? { routeSet: [`<${withLr(outboundProxy)}>`] } : {}),
        },
        [`Contact: <${this.#contact}>;expires=${seconds}`, `Expires: ${seconds}`],
      );
      const request = this.#endpoint.core.register(message, {
        onAccept: ({ message: response }) => {
          this.#cseq = request.message.cseq + 1;
          if (seconds > 0) this.#accepted(response);
          done();
        },
        onReject: ({ message: response }) => {
          this.#cseq = request.message.cseq + 1;
          this.#refused(response.statusCode ?? 500, response.reasonPhrase ?? '', response);
          done();
        },
        onRedirect: ({ message: response }) => {
          this.#refused(response.statusCode ?? 300, 'the registrar redirects, which is not followed', response);
          done();
        },
      });
    } catch (error) {
      this.#refused(0, messageOf(error), undefined);
      done();
    }
  }

  #accepted(response: IncomingResponseMessage): void {
    if (this.#closed) return;
    const granted = grantedSeconds(response, this.#contact) ?? this.#expiresSeconds;
    this.#retryMs = FIRST_RETRY_MS;
    if (!this.#registered) this.#options.logger.info({ registrar: this.#options.registrar, granted }, 'registered');
    this.#registered = true;
    // At three quarters of the time, so that one lost answer does not lose the registration.
    this.#later(Math.max(5, granted * 0.75) * 1000);
    this.emit('registered');
  }

  #refused(status: number, reason: string, response: IncomingResponseMessage | undefined): void {
    this.#registered = false;
    if (this.#closed) return;
    // What the core makes up itself has no Via: nobody answered, so the next try goes to the next host of that name.
    if (response?.getHeader('via') === undefined) this.#endpoint.targetFailed(this.#callId);
    const minimum = status === 423 ? Number(response?.getHeader('min-expires')) : Number.NaN;
    if (minimum > this.#expiresSeconds && minimum <= 86_400) {
      this.#expiresSeconds = minimum;
      this.#register(minimum);
      return;
    }
    const waitMs = Math.round(this.#retryMs * (0.75 + Math.random() / 2));
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
    this.#options.logger.warn(
      { registrar: this.#options.registrar, status, reason, waitMs },
      'registration failed, trying again',
    );
    this.#later(waitMs);
    this.emit('failed', status, reason);
  }

  #later(waitMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => this.#register(this.#expiresSeconds), waitMs);
  }
}

/** What the registrar gave us: the `expires` of our own Contact, else the header. */
function grantedSeconds(response: IncomingResponseMessage, contact: string): number | undefined {
  const ours = response.getHeaders('contact').find((value) => value.includes(contact));
  const text = /;\s*expires=(\d{1,8})/i.exec(ours ?? '')?.[1] ?? response.getHeader('expires');
  const seconds = Number(text);
  return text !== undefined && Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

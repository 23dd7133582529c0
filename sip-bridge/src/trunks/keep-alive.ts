import type { Logger } from '../log.js';
import { requireUri } from '../sip/core-setup.js';
import type { UserAgent } from '../sip/user-agent.js';

/** Asks the targets of a trunk with OPTIONS whether they are there. Any answer but 408 and 5xx will do (RFC 3261 §11). */
export class KeepAlive {
  readonly #agent: UserAgent;
  readonly #targets: readonly string[];
  readonly #everyMs: number;
  readonly #logger: Logger;
  readonly #up = new Map<string, boolean>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(agent: UserAgent, targets: readonly string[], everyMs: number, logger: Logger) {
    this.#agent = agent;
    this.#targets = targets;
    this.#everyMs = everyMs;
    this.#logger = logger;
  }

  start(): void {
    for (const target of this.#targets) this.#ask(target);
    this.#timer = setInterval(() => {
      for (const target of this.#targets) this.#ask(target);
    }, this.#everyMs);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  states(): Record<string, boolean> {
    return Object.fromEntries(this.#up);
  }

  #ask(target: string): void {
    const limit = setTimeout(() => this.#heard(target, false), Math.min(this.#everyMs, 5000));
    const heard = (up: boolean): void => {
      clearTimeout(limit);
      this.#heard(target, up);
    };
    this.#agent.locate(target).then(
      (endpoint) => {
        const uri = requireUri(target);
        const from = requireUri(endpoint.contactUri.split(';')[0] ?? '');
        const message = endpoint.core.makeOutgoingRequestMessage('OPTIONS', uri, from, uri, {}, [
          `Contact: <${endpoint.contactUri}>`,
          'Accept: application/sdp',
        ]);
        endpoint.core.request(message, {
          onAccept: () => heard(true),
          onRedirect: () => heard(true),
          onReject: ({ message: { statusCode = 500 } }) => heard(statusCode !== 408 && statusCode < 500),
        });
      },
      () => heard(false),
    );
  }

  #heard(target: string, up: boolean): void {
    if (this.#stopped || this.#up.get(target) === up) return;
    this.#up.set(target, up);
    if (up) this.#logger.info({ target }, 'a target answers');
    else this.#logger.warn({ target }, 'a target does not answer');
  }
}

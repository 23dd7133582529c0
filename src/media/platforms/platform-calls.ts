import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../../clock.js';
import type { Config } from '../../config.js';
import { HearkenError } from '../../errors.js';
import type { MediaSession } from '../session.js';
import { PlatformSession, type Transferrer } from './platform-session.js';
import type { CallFacts, PlatformName, Wire } from './wire.js';

export interface PlatformCallsOptions {
  readonly config: Config['media'];
  readonly logger: Logger;
  /** A call has come. Throwing (OVERLOADED, DRAINING, …) refuses it. */
  readonly onSession: (session: MediaSession) => void;
  /** How a call is handed on; without it every transfer is answered with 501. */
  readonly transfer?: Transferrer;
  readonly clock?: Clock;
}

/** The live calls of all platforms together: takes them in while there is room, ends them at the end. */
export class PlatformCalls {
  readonly clock: Clock;
  readonly #options: PlatformCallsOptions;
  readonly #sessions = new Set<PlatformSession>();
  #draining = false;

  constructor(options: PlatformCallsOptions) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
  }

  get live(): number {
    return this.#sessions.size;
  }

  /** Undefined while another call may come; else why not. */
  get refusal(): HearkenError | undefined {
    if (this.#draining) {
      return new HearkenError('DRAINING', 'The service is shutting down and takes no new calls.', {
        hint: 'Try again in a minute.',
      });
    }
    const { maxSessions } = this.#options.config;
    if (this.#sessions.size < maxSessions) return undefined;
    return new HearkenError('OVERLOADED', `All ${maxSessions} lines are taken.`, {
      hint: 'Try again later, or raise media.maxSessions.',
    });
  }

  /** Begins a call. Throws when it can't be taken. */
  open(
    platform: PlatformName,
    remoteAddress: string,
    facts: CallFacts,
    sampleRate: number,
    wire: Wire,
  ): PlatformSession {
    const { refusal } = this;
    if (refusal) throw refusal;
    const { config, logger, onSession, transfer } = this.#options;
    const session = new PlatformSession({
      id: randomUUID(),
      peer: { ...facts, protocol: platform, remoteAddress },
      sampleRate,
      wire,
      clock: this.clock,
      incomingQueueMs: config.incomingQueueMs,
      transfer,
      onListenerError: (error, event) => logger.error({ err: error, event }, 'a listener of a media session threw'),
    });
    this.#sessions.add(session);
    session.on('closed', () => this.#sessions.delete(session));
    try {
      onSession(session);
    } catch (error) {
      session.hangup('overloaded');
      throw error;
    }
    return session;
  }

  /** Refuses new calls from now on; live ones go on. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends every call. */
  close(): void {
    this.#draining = true;
    for (const session of [...this.#sessions]) session.hangup('error', 'the service is shutting down');
  }
}

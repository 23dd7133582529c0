import { type Logger, maskAddress } from './log.js';
import type { ClientMessage, TransferMessage } from './media/protocol.js';
import type { Leg } from './sip/leg.js';
import { refusal, type TransferRules } from './sip/refer.js';
import { type CarriedOut, carryOut, type TransferMode } from './transfer/carry-out.js';
import type { TransferDesk } from './transfer/desk.js';

type TransferReport = Extract<ClientMessage, { type: 'transfer.progress' | 'transfer.result' }>;

export interface TransferPolicy extends TransferRules {
  /** Overrides what the service asks for; undefined: as asked. */
  readonly mode: TransferMode | undefined;
  readonly bridgeWhenRefused: boolean;
  readonly ringTimeoutMs: number;
  /** `{session}` stands for X-Hearken-Session: where the agent reads on. Undefined: no link. */
  readonly deskUrl?: string | undefined;
}

/** For the call's record. */
export interface TransferRecord {
  readonly target: string;
  readonly mode: TransferMode;
  readonly outcome: CarriedOut['outcome'];
  readonly status: number;
  readonly joined: boolean;
}

/** Orders remembered by their id; a call sees one or two. */
const MAX_REMEMBERED = 32;
const MAX_REASON = 512;

/**
 * The transfers of one call, each carried out once however often it is ordered: a service that lost its socket orders again what it has no result of. What happened
 * while the service was away waits for `flush`.
 */
export class Transfers {
  readonly #leg: Leg;
  readonly #rules: TransferPolicy;
  readonly #desk: TransferDesk;
  /** Those that were carried out, the oldest first. */
  readonly records: TransferRecord[] = [];
  /** False when there is no live connection to take it. */
  readonly #send: (report: TransferReport) => boolean;
  readonly #logger: Logger;
  /** Oldest first; undefined while the transfer goes on. */
  readonly #known = new Map<string, TransferReport | undefined>();
  /** The last report of each transfer that the service was not there to hear. */
  readonly #unsent = new Map<string, TransferReport>();
  #running: Promise<void> | undefined;

  constructor(
    leg: Leg,
    rules: TransferPolicy,
    desk: TransferDesk,
    send: (report: TransferReport) => boolean,
    logger: Logger,
  ) {
    this.#leg = leg;
    this.#rules = rules;
    this.#desk = desk;
    this.#send = send;
    this.#logger = logger;
  }

  /** A report waits for the service to come back. */
  get owing(): boolean {
    return this.#unsent.size > 0;
  }

  /** Resolves when no transfer is going on. Never rejects. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Carries out, refuses, or recognises an order; its result is reported in each case. */
  order(request: TransferMessage): void {
    const { transferId } = request;
    if (this.#known.has(transferId)) {
      const result = this.#known.get(transferId);
      this.#logger.info({ transferId, done: result !== undefined }, 'a transfer was ordered again');
      if (result) this.#report(result);
      return;
    }
    if (this.#running) {
      this.#finish(transferId, 'failed', 491, 'another transfer is going on');
      return;
    }
    const target = maskAddress(request.target);
    const headers = withLink(request.headers ?? {}, this.#rules.deskUrl);
    const order = { target: request.target, headers, timeoutMs: request.timeoutMs };
    const refused = refusal(order, this.#rules);
    if (refused) {
      this.#logger.warn({ target, reason: refused.reason }, 'a transfer was refused');
      this.#finish(transferId, refused.outcome, refused.status, refused.reason);
      return;
    }
    const progress = (status: number, reason: string): void =>
      this.#report({ type: 'transfer.progress', transferId, status, reason: reason.slice(0, MAX_REASON) });
    const mode = this.#rules.mode ?? request.mode;
    this.#logger.info({ target, mode }, 'transferring');
    this.#remember(transferId, undefined);
    const { bridgeWhenRefused, ringTimeoutMs } = this.#rules;
    this.#running = carryOut(this.#leg, order, this.#desk, {
      ...{ mode, bridgeWhenRefused, ringTimeoutMs },
      onProgress: progress,
      logger: this.#logger,
    }).then(({ outcome, status, reason, leaves, joined = false, ...done }) => {
      this.#running = undefined;
      this.#logger.info({ mode: done.mode, outcome, status, reason, joined }, 'transfer over');
      if (this.records.length < MAX_REMEMBERED) {
        this.records.push({ target: request.target, mode: done.mode, outcome, status, joined });
      }
      this.#finish(transferId, outcome, status, reason);
      if (leaves) this.#leg.hangup('transferred', `transfer ${outcome}`);
    });
  }

  /** The service is back. */
  flush(): void {
    for (const [transferId, report] of [...this.#unsent]) {
      this.#unsent.delete(transferId);
      this.#report(report);
    }
  }

  #finish(transferId: string, outcome: 'completed' | 'failed' | 'timeout', status: number, reason: string): void {
    const report = {
      type: 'transfer.result',
      transferId,
      outcome,
      status,
      reason: reason.slice(0, MAX_REASON),
    } as const;
    this.#remember(transferId, report);
    this.#report(report);
  }

  /** A result takes the place of the progress before it. */
  #report(report: TransferReport): void {
    this.#unsent.delete(report.transferId);
    if (this.#send(report)) return;
    this.#unsent.set(report.transferId, report);
    drop(this.#unsent);
  }

  #remember(transferId: string, result: TransferReport | undefined): void {
    this.#known.set(transferId, result);
    drop(this.#known, (value) => value !== undefined);
  }
}

/** Forgets the oldest entries that may be forgotten, until the rest fits. */
function drop<Value>(map: Map<string, Value>, may: (value: Value) => boolean = () => true): void {
  for (const [key, value] of map) {
    if (map.size <= MAX_REMEMBERED) return;
    if (may(value)) map.delete(key);
  }
}

/** The page on which the agent reads the conversation, in a header that phones and desks can open. */
function withLink(
  headers: Readonly<Record<string, string>>,
  deskUrl: string | undefined,
): Readonly<Record<string, string>> {
  const session = headers['X-Hearken-Session'];
  if (deskUrl === undefined || session === undefined) return headers;
  return { ...headers, 'X-Hearken-Link': deskUrl.replaceAll('{session}', encodeURIComponent(session)) };
}

import { type Logger, maskAddress } from './log.js';
import type { ClientMessage, TransferMessage } from './media/protocol.js';
import type { InboundLeg } from './sip/inbound-leg.js';
import { refusal, Transfer, type TransferRules } from './sip/refer.js';

type TransferReport = Extract<ClientMessage, { type: 'transfer.progress' | 'transfer.result' }>;

/** Orders remembered by their id; a call sees one or two. */
const MAX_REMEMBERED = 32;
const MAX_REASON = 512;

/**
 * The transfers of one call, each carried out once however often it is ordered: a service that lost its socket orders again what it has no result of. What happened
 * while the service was away waits for `flush`.
 */
export class Transfers {
  readonly #leg: InboundLeg;
  readonly #rules: TransferRules;
  /** False when there is no live connection to take it. */
  readonly #send: (report: TransferReport) => boolean;
  readonly #logger: Logger;
  /** Oldest first; undefined while the transfer goes on. */
  readonly #known = new Map<string, TransferReport | undefined>();
  /** The last report of each transfer that the service was not there to hear. */
  readonly #unsent = new Map<string, TransferReport>();
  #running: Promise<void> | undefined;

  constructor(leg: InboundLeg, rules: TransferRules, send: (report: TransferReport) => boolean, logger: Logger) {
    this.#leg = leg;
    this.#rules = rules;
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
    if (request.mode === 'attended') {
      this.#finish(transferId, 'failed', 501, 'attended transfer is not built yet; ask for a blind one');
      return;
    }
    const target = maskAddress(request.target);
    const order = { target: request.target, headers: request.headers ?? {}, timeoutMs: request.timeoutMs };
    const refused = refusal(order, this.#rules);
    if (refused) {
      this.#logger.warn({ target, reason: refused.reason }, 'a transfer was refused');
      this.#finish(transferId, refused.outcome, refused.status, refused.reason);
      return;
    }
    const progress = (status: number, reason: string): void =>
      this.#report({ type: 'transfer.progress', transferId, status, reason: reason.slice(0, MAX_REASON) });
    this.#logger.info({ target }, 'transferring');
    this.#remember(transferId, undefined);
    this.#running = new Transfer(this.#leg, order, progress, this.#logger)
      .run()
      .then(({ outcome, status, reason, leaves }) => {
        this.#running = undefined;
        this.#logger.info({ outcome, status, reason }, 'transfer over');
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

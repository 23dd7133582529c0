import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { BotAction } from '../dialogue/brain.js';
import { messageOf } from '../errors.js';
import { transferHeaders } from '../handoff/transfer-headers.js';
import type { MediaSession } from '../media/session.js';

type TransferAction = Extract<BotAction, { type: 'transfer' }>;

export interface HandOverParts {
  readonly session: MediaSession;
  readonly handoff: Config['handoff'];
  readonly clock: Clock;
  readonly record: (type: string, data: Readonly<Record<string, unknown>>) => void;
  /** Keeps the caller company from now on until the outcome is there. */
  readonly hold: () => void;
  /** Says that it takes a little longer; called again and again while nobody has answered. */
  readonly reassure: () => void;
}

/** Somebody who waits for the agent hears this soon that the line still lives, and then again in this time. */
const REASSURE_AFTER_MS = 5000;
const REASSURE_AGAIN_MS = 8000;
/** Who is answered at once need not hear a snatch of music. */
const HOLD_AFTER_MS = 1200;

/** Hands one call to a person and keeps the caller company until somebody has answered or refused. */
export class HandOver {
  readonly #parts: HandOverParts;
  #cancelReassurance: (() => void) | undefined;
  #cancelHold: (() => void) | undefined;

  constructor(parts: HandOverParts) {
    this.#parts = parts;
  }

  /** Never rejects. `completed`: the call is with them. `failed`: the caller is still ours. `over`: the call ended meanwhile. */
  async run(action: TransferAction | undefined): Promise<'completed' | 'failed' | 'over'> {
    const { session, handoff, record } = this.#parts;
    const request = {
      transferId: randomUUID(),
      target: action?.target ?? handoff.target,
      mode: 'blind' as const,
      headers: transferHeaders(session.id, action),
      timeoutMs: handoff.timeoutMs,
    };
    record('transfer', request);
    this.#cancelHold = this.#parts.clock.after(HOLD_AFTER_MS, () => this.#parts.hold());
    this.#reassureIn(REASSURE_AFTER_MS);
    try {
      const outcome = await session.transfer(request);
      record('transferResult', { ...outcome });
      return outcome.outcome === 'completed' ? 'completed' : 'failed';
    } catch (error) {
      const { transferId } = request;
      record('transferResult', { transferId, outcome: 'failed', status: 0, reason: messageOf(error) });
      return 'over';
    } finally {
      this.stop();
    }
  }

  stop(): void {
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    this.#cancelReassurance?.();
    this.#cancelReassurance = undefined;
  }

  #reassureIn(ms: number): void {
    this.#cancelReassurance = this.#parts.clock.after(ms, () => {
      this.#parts.reassure();
      this.#reassureIn(REASSURE_AGAIN_MS);
    });
  }
}

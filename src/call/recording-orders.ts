import type { BotAction, RecordingOrder } from '../dialogue/brain.js';
import type { MediaSession } from '../media/session.js';
import type { CallRecord } from './record.js';

/**
 * What replies say about recording, to our own record and to a bridge that records. What must not be kept is left out from the moment of
 * the reply: `pause` and `stop`, and all that stands before them, are obeyed at once. A `start` or `resume` after words of the reply waits
 * until the reply has been said, or can not be said any more, so that it takes in nothing that the application wanted to leave out.
 */
export class RecordingOrders {
  readonly #session: MediaSession;
  readonly #record: CallRecord;
  #waiting: { readonly promptId: number; readonly orders: readonly RecordingOrder[] } | undefined;

  constructor({ session, record }: { readonly session: MediaSession; readonly record: CallRecord }) {
    this.#session = session;
    this.#record = record;
  }

  /** The orders of a reply that is said as `promptId`. What waited for an earlier one is obeyed first: its words are over. */
  take(promptId: number, actions: readonly BotAction[]): void {
    this.#release();
    const lastHold = actions.findLastIndex(
      (action) => action.type === 'recording' && (action.action === 'pause' || action.action === 'stop'),
    );
    const firstWords = actions.findIndex(({ type }) => type === 'say');
    const orders: RecordingOrder[] = [];
    for (const [at, action] of actions.entries()) {
      if (action.type !== 'recording') continue;
      if (at <= lastHold || firstWords === -1 || at < firstWords) this.#obey(action.action);
      else orders.push(action.action);
    }
    if (orders.length > 0) this.#waiting = { promptId, orders };
  }

  /** The words of a reply are over: said, interrupted, or not to be made. */
  said(promptId: number): void {
    if (this.#waiting?.promptId === promptId) this.#release();
  }

  #release(): void {
    const orders = this.#waiting?.orders ?? [];
    this.#waiting = undefined;
    for (const order of orders) this.#obey(order);
  }

  #obey(order: RecordingOrder): void {
    this.#record.sound(order);
    this.#session.notify({ type: 'recording', action: order });
  }
}

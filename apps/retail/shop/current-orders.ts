import { CATALOGUE } from './catalogue.js';
import { ORDERS } from './orders.js';
import type { Order } from './types.js';

/** The orders as they stand: those of the sample, and what callers have cancelled since. At most as many are kept as there are orders. */
export class CurrentOrders {
  readonly #cancelled = new Map<string, Order>();

  /** By its eight digits; undefined for anything else. */
  of(number: unknown): Order | undefined {
    const order = ORDERS.find((each) => each.number === number);
    return order === undefined ? undefined : (this.#cancelled.get(order.number) ?? order);
  }

  /** By its eight digits, or all that end in these four. */
  ending(digits: string): readonly Order[] {
    const wanted = ORDERS.filter(({ number }) => number === digits || (digits.length === 4 && number.endsWith(digits)));
    return wanted.map((order) => this.#cancelled.get(order.number) ?? order);
  }

  /** What was paid goes back at once, for there is nothing to wait for: the goods have not left. */
  cancel(order: Order, refundYuan: number): void {
    this.#cancelled.set(order.number, {
      ...order,
      state: 'cancelled',
      days: 0,
      ...(refundYuan > 0 ? { refund: { state: 'paid', amountYuan: refundYuan, days: 0 } } : {}),
    });
  }
}

/** How often it was paid: once, unless the order says something else. */
export function timesPaid(order: Order): number {
  return order.paidTimes ?? 1;
}

export function priceYuan(order: Order): number {
  return CATALOGUE[order.sku]?.priceYuan ?? 0;
}

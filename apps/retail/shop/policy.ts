import { CATALOGUE } from './catalogue.js';
import type { Category, Order, OrderState } from './types.js';

/**
 * What may go back, and until when. Goods ordered at a distance go back within seven days without a reason, except those made to order, perishable, or worn on the skin
 * (Law on the Protection of Consumers' Rights, article 25); faulty ones can be returned or exchanged for fifteen days, food for two.
 */
export const NO_REASON_DAYS = 7;
export const FAULTY_DAYS = 15;
const FAULTY_FOOD_DAYS = 2;
const NEVER_WITHOUT_REASON: ReadonlySet<Category> = new Set(['food', 'underwear', 'custom']);

export type ReturnProblem = 'none' | 'only_if_faulty' | 'not_delivered' | 'too_late' | 'cancelled' | 'already_returned';

export interface ReturnVerdict {
  readonly problem: ReturnProblem;
  /** Why it must be faulty: `late` (over seven days) or `goods` (what it is). */
  readonly because: 'late' | 'goods' | 'none';
  /** Days left without a reason. */
  readonly daysLeft: number;
}

export function returnVerdict(order: Order): ReturnVerdict {
  const verdict = (
    problem: ReturnProblem,
    because: ReturnVerdict['because'] = 'none',
    daysLeft = 0,
  ): ReturnVerdict => ({
    problem,
    because,
    daysLeft,
  });
  if (order.state === 'cancelled') return verdict('cancelled');
  if (order.state !== 'delivered') return verdict('not_delivered');
  if (order.refund !== undefined && order.refund.state !== 'refused') return verdict('already_returned');
  const category = CATALOGUE[order.sku]?.category ?? 'home';
  if (order.days > faultyDays(category)) return verdict('too_late');
  if (NEVER_WITHOUT_REASON.has(category)) return verdict('only_if_faulty', 'goods');
  if (order.days > NO_REASON_DAYS) return verdict('only_if_faulty', 'late');
  return verdict('none', 'none', NO_REASON_DAYS - order.days);
}

export type CancelProblem = 'none' | 'on_its_way' | 'delivered' | 'cancelled';

export interface CancelVerdict {
  readonly problem: CancelProblem;
  /** What can still be done with goods that have left: they go back within seven days, or only when they are faulty. Any parcel can be refused at the door. */
  readonly goesBack: 'seven_days' | 'only_if_faulty';
}

/** An order can be dropped until its parcel leaves, paid or not. */
export function cancelVerdict(order: Order): CancelVerdict {
  const category = CATALOGUE[order.sku]?.category ?? 'home';
  const goesBack = NEVER_WITHOUT_REASON.has(category) ? 'only_if_faulty' : 'seven_days';
  return { problem: CANCEL_PROBLEMS[order.state], goesBack };
}

const CANCEL_PROBLEMS: Readonly<Record<OrderState, CancelProblem>> = {
  unpaid: 'none',
  preparing: 'none',
  shipped: 'on_its_way',
  arriving: 'on_its_way',
  delivered: 'delivered',
  cancelled: 'cancelled',
};

export type ExchangeProblem = 'none' | 'not_delivered' | 'too_late' | 'cancelled' | 'not_exchangeable';

/** Fifteen days for another size or colour too; perishable and personal things are replaced only by way of a return. */
export function exchangeProblem(order: Order): ExchangeProblem {
  if (order.state === 'cancelled') return 'cancelled';
  if (order.state !== 'delivered') return 'not_delivered';
  const category = CATALOGUE[order.sku]?.category ?? 'home';
  if (category === 'food' || category === 'underwear') return 'not_exchangeable';
  return order.days > FAULTY_DAYS ? 'too_late' : 'none';
}

/** Whether the article can be had in this size and colour. */
export function inStock(sku: string, size: string | undefined, colour: string | undefined): boolean {
  const product = CATALOGUE[sku];
  if (product === undefined) return false;
  if (size !== undefined && product.sizes?.includes(size) !== true) return false;
  if (colour !== undefined && product.colours?.includes(colour) !== true) return false;
  const gone = product.soldOut ?? [];
  return ![size, colour, `${size}/${colour}`].some((each) => each !== undefined && gone.includes(each));
}

function faultyDays(category: Category): number {
  return category === 'food' ? FAULTY_FOOD_DAYS : FAULTY_DAYS;
}

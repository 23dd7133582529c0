/** What the sample shop keeps. Days instead of dates wherever time decides something: the sample never grows old. */

export type Words = Readonly<Record<'zh-CN' | 'en', string>>;

export type Category = 'clothing' | 'shoes' | 'electronics' | 'appliance' | 'home' | 'food' | 'underwear' | 'custom';

export interface Product {
  readonly name: Words;
  readonly category: Category;
  readonly priceYuan: number;
  /** Smallest first. */
  readonly sizes?: readonly string[];
  /** Ids, as `colour` of the training data has them. */
  readonly colours?: readonly string[];
  /** `42`, `black` or `42/black`: what can't be had at the moment. */
  readonly soldOut?: readonly string[];
}

export type OrderState = 'unpaid' | 'preparing' | 'shipped' | 'arriving' | 'delivered' | 'cancelled';

export interface Refund {
  /** `waiting`: for the goods to come back; `checking`: they are here; `paid`: the money is on its way or there. */
  readonly state: 'waiting' | 'checking' | 'paid' | 'refused';
  readonly amountYuan: number;
  /** Days since the state began. */
  readonly days: number;
}

export interface Invoice {
  readonly kind: 'personal' | 'company';
  readonly title: string;
  readonly email: string;
}

export interface Address {
  /** Province, city, district. */
  readonly area: string;
  /** Road, house, flat. */
  readonly detail: string;
}

export interface Order {
  readonly number: string;
  readonly sku: string;
  readonly member: string;
  readonly state: OrderState;
  /** `shipped`: days until it arrives; `delivered`: days since; else 0. */
  readonly days: number;
  readonly size?: string;
  readonly colour?: string;
  /** Last scan of the parcel. */
  readonly where?: Words;
  readonly paidTimes?: number;
  readonly refund?: Refund;
  readonly invoice?: Invoice;
  /** What the shop's server does when it is asked for this order: for trying how a conversation takes it. */
  readonly fault?: 'error' | 'slow';
}

export type Level = 'basic' | 'silver' | 'gold' | 'diamond';

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly phone: string;
  readonly level: Level;
  readonly points: number;
  /** Points that end with this month. */
  readonly expiring: number;
  readonly address: Address;
}

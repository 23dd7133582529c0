/** The sample shop's orders. Days instead of dates, so that the sample never grows old. */
export interface Order {
  readonly number: string;
  readonly item: Readonly<Record<'zh-CN' | 'en', string>>;
  readonly state: 'preparing' | 'shipped' | 'delivered' | 'cancelled';
  /** `shipped`: days until it arrives; `delivered`: days since. */
  readonly days: number;
}

export const ORDERS: readonly Order[] = [
  { number: '20250415', item: { 'zh-CN': '运动鞋', en: 'pair of running shoes' }, state: 'shipped', days: 2 },
  { number: '87654321', item: { 'zh-CN': '手机', en: 'phone' }, state: 'delivered', days: 3 },
  { number: '12345678', item: { 'zh-CN': '耳机', en: 'set of headphones' }, state: 'preparing', days: 0 },
  { number: '33057781', item: { 'zh-CN': '外套', en: 'jacket' }, state: 'delivered', days: 20 },
  { number: '40021987', item: { 'zh-CN': '咖啡机', en: 'coffee machine' }, state: 'shipped', days: 1 },
  { number: '60721345', item: { 'zh-CN': '书包', en: 'backpack' }, state: 'cancelled', days: 0 },
  { number: '98765432', item: { 'zh-CN': '台灯', en: 'desk lamp' }, state: 'delivered', days: 1 },
  { number: '10048765', item: { 'zh-CN': '雨伞', en: 'umbrella' }, state: 'shipped', days: 3 },
  { number: '55018866', item: { 'zh-CN': '键盘', en: 'keyboard' }, state: 'delivered', days: 6 },
  { number: '20260001', item: { 'zh-CN': '水杯', en: 'water bottle' }, state: 'preparing', days: 0 },
];

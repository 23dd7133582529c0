import type { Order, OrderState, Words } from './types.js';

const hangzhou: Words = { 'zh-CN': '杭州转运中心', en: 'the Hangzhou sorting centre' };
const beijing: Words = { 'zh-CN': '北京转运中心', en: 'the Beijing sorting centre' };
const shanghai: Words = { 'zh-CN': '上海转运中心', en: 'the Shanghai sorting centre' };
const wuhan: Words = { 'zh-CN': '武汉转运中心', en: 'the Wuhan sorting centre' };
const station: Words = { 'zh-CN': '您附近的网点', en: 'a depot near you' };

/** Number, article, state, days, customer, and what is particular about it. */
type Row = readonly [
  string,
  string,
  OrderState,
  number,
  string,
  Partial<Omit<Order, 'number' | 'sku' | 'state' | 'days' | 'member'>>?,
];

const ROWS: readonly Row[] = [
  // Those of the README.
  ['20250415', 'shoes-run', 'shipped', 2, 'm01', { size: '42', colour: 'black', where: hangzhou }],
  ['10048765', 'umbrella', 'shipped', 3, 'm02', { colour: 'blue', where: wuhan }],
  ['40021987', 'coffee-machine', 'shipped', 1, 'm04', { where: shanghai }],
  ['12345678', 'headphones', 'preparing', 0, 'm01', { colour: 'white' }],
  ['20260001', 'bottle', 'preparing', 0, 'm05', { colour: 'green' }],
  ['87654321', 'phone', 'delivered', 3, 'm04', { colour: 'black' }],
  ['98765432', 'lamp', 'delivered', 1, 'm02', { colour: 'white' }],
  ['55018866', 'keyboard', 'delivered', 6, 'm03'],
  ['33057781', 'jacket', 'delivered', 20, 'm07', { size: 'L', colour: 'blue' }],
  ['60721345', 'backpack', 'cancelled', 0, 'm06', { refund: { state: 'paid', amountYuan: 189, days: 2 } }],
  ['70110042', 'shoes-run', 'delivered', 2, 'm03', { size: '42', colour: 'black' }],
  ['70110077', 'tablet', 'delivered', 10, 'm09', { colour: 'grey' }],
  ['70110099', 'crab', 'delivered', 1, 'm11'],
  ['70110123', 'mug-named', 'delivered', 4, 'm12'],
  ['70110321', 'down-coat', 'delivered', 5, 'm07', { size: 'L', colour: 'black' }],
  ['70220011', 'watch', 'unpaid', 0, 'm10', { colour: 'black', paidTimes: 0 }],
  ['70220022', 'air-purifier', 'preparing', 0, 'm16', { paidTimes: 2 }],
  ['70220033', 'dress', 'preparing', 0, 'm06', { size: 'M', colour: 'red' }],
  ['70220044', 'rice-cooker', 'arriving', 0, 'm08', { where: station }],
  [
    '70330011',
    'trousers',
    'delivered',
    9,
    'm13',
    { size: 'M', colour: 'black', refund: { state: 'waiting', amountYuan: 229, days: 2 } },
  ],
  ['70330022', 'charger', 'delivered', 12, 'm14', { refund: { state: 'checking', amountYuan: 89, days: 1 } }],
  [
    '70330033',
    'hair-dryer',
    'delivered',
    14,
    'm01',
    { colour: 'pink', refund: { state: 'paid', amountYuan: 199, days: 1 } },
  ],
  [
    '70330044',
    'pyjamas',
    'delivered',
    11,
    'm15',
    { size: 'M', refund: { state: 'refused', amountYuan: 149, days: 3 } },
  ],
  [
    '70440011',
    'tablet',
    'delivered',
    18,
    'm16',
    { colour: 'white', invoice: { kind: 'company', title: '云帆贸易有限公司', email: 'finance@yunfan.example' } },
  ],
  // Two with the same last four digits: the caller must say all eight.
  ['31120044', 'lamp', 'shipped', 2, 'm17', { colour: 'black', where: beijing }],
  ['52310044', 'bedding', 'delivered', 3, 'm18', { colour: 'grey' }],
  // Two that the shop's server stumbles over.
  ['90000500', 'tea', 'shipped', 1, 'm19', { fault: 'error' }],
  ['90000408', 'tea', 'shipped', 1, 'm19', { fault: 'slow' }],
  // And the rest of a shop's week.
  ['61100101', 'shirt', 'unpaid', 0, 'm08', { size: 'M', colour: 'white', paidTimes: 0 }],
  ['61100202', 'socks', 'unpaid', 0, 'm12', { paidTimes: 0 }],
  ['61100303', 'boots-snow', 'preparing', 0, 'm18', { size: '40', colour: 'grey' }],
  ['61100404', 'dress', 'preparing', 0, 'm02', { size: 'S', colour: 'green' }],
  ['61100505', 'photo-book', 'preparing', 0, 'm11'],
  ['61100606', 'bedding', 'preparing', 0, 'm20', { colour: 'pink' }],
  ['61100707', 'fruit', 'preparing', 0, 'm13'],
  ['61100808', 'keyboard', 'preparing', 0, 'm17', { paidTimes: 2 }],
  ['61100909', 'shoes-leather', 'shipped', 1, 'm19', { size: '43', colour: 'black', where: station }],
  ['61101010', 'jacket', 'shipped', 2, 'm14', { size: 'XL', colour: 'red', where: hangzhou }],
  ['61101111', 'tablet', 'shipped', 3, 'm16', { colour: 'grey', where: shanghai }],
  ['61101212', 'tea', 'shipped', 4, 'm09', { where: wuhan }],
  ['61101313', 'trousers', 'shipped', 2, 'm03', { size: 'L', colour: 'grey', where: beijing }],
  ['61101414', 'socks', 'shipped', 1, 'm05', { where: station }],
  ['61101515', 'backpack', 'shipped', 5, 'm20', { colour: 'blue', where: wuhan }],
  ['61101616', 'rice-cooker', 'shipped', 2, 'm10', { where: shanghai }],
  ['61101717', 'bottle', 'arriving', 0, 'm04', { colour: 'white', where: station }],
  ['61101818', 'shirt', 'arriving', 0, 'm15', { size: 'L', colour: 'blue', where: station }],
  ['61101919', 'fruit', 'arriving', 0, 'm01', { where: station }],
  ['61102020', 'shoes-run', 'delivered', 0, 'm09', { size: '39', colour: 'white' }],
  ['61102121', 'headphones', 'delivered', 1, 'm13', { colour: 'black' }],
  ['61102222', 'dress', 'delivered', 2, 'm18', { size: 'M', colour: 'black' }],
  ['61102323', 'watch', 'delivered', 3, 'm11', { colour: 'pink' }],
  ['61102424', 'shoes-leather', 'delivered', 4, 'm17', { size: '41', colour: 'brown' }],
  ['61102525', 'shirt', 'delivered', 5, 'm06', { size: 'XL', colour: 'pink' }],
  ['61102626', 'hair-dryer', 'delivered', 6, 'm20', { colour: 'white' }],
  ['61102727', 'bedding', 'delivered', 7, 'm07', { colour: 'blue' }],
  ['61102828', 'charger', 'delivered', 8, 'm10'],
  ['61102929', 'phone', 'delivered', 9, 'm02', { colour: 'green' }],
  ['61103030', 'boots-snow', 'delivered', 11, 'm05', { size: '38', colour: 'brown' }],
  ['61103131', 'air-purifier', 'delivered', 13, 'm12'],
  ['61103232', 'keyboard', 'delivered', 15, 'm08'],
  ['61103333', 'down-coat', 'delivered', 16, 'm04', { size: 'S', colour: 'red' }],
  ['61103434', 'tea', 'delivered', 2, 'm15'],
  ['61103535', 'photo-book', 'delivered', 6, 'm19'],
  ['61103636', 'pyjamas', 'delivered', 3, 'm14', { size: 'L', colour: 'pink' }],
  [
    '61103737',
    'umbrella',
    'delivered',
    25,
    'm03',
    { colour: 'red', invoice: { kind: 'personal', title: '张伟', email: 'zhangwei@post.example' } },
  ],
  ['61103838', 'lamp', 'delivered', 40, 'm16', { colour: 'white' }],
  ['61103939', 'bottle', 'cancelled', 0, 'm13', { refund: { state: 'checking', amountYuan: 79, days: 0 } }],
  ['61104040', 'coffee-machine', 'cancelled', 0, 'm09', { refund: { state: 'paid', amountYuan: 1599, days: 4 } }],
];

/** The sample shop's orders, in every state there is. */
export const ORDERS: readonly Order[] = ROWS.map(([number, sku, state, days, member, more]) => ({
  number,
  sku,
  state,
  days,
  member,
  ...more,
}));

/** What kind of answer a slot wants, told by its name: an application names its slots as it likes. */
export type ExpectedKind =
  | 'order_number'
  | 'tracking_number'
  | 'phone_number'
  | 'id_number'
  | 'digits'
  | 'money'
  | 'quantity'
  | 'percentage'
  | 'number'
  | 'day'
  | 'date'
  | 'time'
  | 'datetime'
  | 'duration'
  | 'person'
  | 'address'
  | 'email';

/** First match wins; names are compared in lower case with `_` between words. */
const BY_NAME: readonly (readonly [RegExp, ExpectedKind])[] = [
  [/track|waybill|parcel_(no|num)|express_no/, 'tracking_number'],
  [/order.*(date|time)/, 'date'],
  [/order|receipt_no|invoice_no|booking_(no|num|ref)/, 'order_number'],
  [/phone|mobile|tel(ephone)?(_|$)|callback_number|contact_number/, 'phone_number'],
  [/id_(number|card|no)|identity|citizen/, 'id_number'],
  [/e?mail/, 'email'],
  [/digits?|code|pin|tail|last_(four|4)|card_number|account/, 'digits'],
  [/amount|money|price|refund|cost|fee|budget/, 'money'],
  [/percent|rate|discount/, 'percentage'],
  [/quantity|count|how_many|pieces|items?_number/, 'quantity'],
  [/day_of_month|^day$|_day$/, 'day'],
  [/date_?time|appointment|when/, 'datetime'],
  [/date|birthday/, 'date'],
  [/duration|how_long/, 'duration'],
  [/time|hour/, 'time'],
  [/address|city|district|province|location/, 'address'],
  [/(^|_)name|person|caller$/, 'person'],
  [/number|age|floor/, 'number'],
];

export function expectedKind(slot: string | undefined): ExpectedKind | undefined {
  if (slot === undefined) return undefined;
  const name = slot.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  return BY_NAME.find(([pattern]) => pattern.test(name))?.[1];
}

export const DIGIT_KINDS: ReadonlySet<string> = new Set([
  'order_number',
  'tracking_number',
  'phone_number',
  'id_number',
  'digits',
]);

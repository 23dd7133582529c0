import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { get, isRecord, orderPath, send, shopAction, textSlot } from './shop-client.js';
import { changedStreet } from './street-change.js';
import { isChinese } from './words.js';

/** Where a parcel shall go instead: what of a sentence is a place, what of the place is still unknown, and the change itself. */

interface Place {
  readonly province: string;
  readonly city: string;
  readonly district: string;
}

interface Said extends Place {
  readonly street: string;
}

const NOWHERE: Said = { province: '', city: '', district: '', street: '' };

export const addressActions: readonly ActionDefinition[] = [
  { name: 'validate_new_address', lookup: true, run: (context) => checkArea(context) },
  { name: 'validate_new_street', lookup: true, run: (context) => checkStreet(context) },
  { name: 'action_read_street_change', lookup: true, run: (context) => readStreetChange(context) },
  { name: 'action_read_address', lookup: true, run: (context) => readAddress(context) },

  shopAction('action_change_address', async (context) => {
    const area = textSlot(context, 'new_area');
    const detail = textSlot(context, 'new_street');
    if (area === '' || detail === '') return { slots: { address_changed: false, ...ASK_ANEW } };
    const { status } = await send(context, 'PUT', orderPath(context, 'address'), { area, detail });
    if (status === 200) return { slots: { address_changed: true } };
    if (status !== 409) return { slots: { shop_trouble: true, address_changed: false } };
    // It has left, or was cancelled, since it was looked up: which of these is told.
    const { body } = await get(context, orderPath(context));
    const still = body.state === context.slots.order_state;
    return { slots: { shop_trouble: still, address_changed: false, order_state: body.state } };
  }),
];

const ASK_ANEW = { new_address: null, new_place: null, address_missing: null };

/** Words that are said where an area is asked for count as one when there is a place in them; whatever else they are is looked at then. */
function checkArea(context: ActionContext): ActionResult {
  const value = context.slots.new_address;
  if (typeof value !== 'string') return {};
  // A street that was told before its city stays.
  const none = { new_address: null, new_street: context.slots.new_street };
  const about = aboutTheChange(value);
  if (about !== undefined) return { slots: none, say: [about] };
  const said = bare(value, context.language);
  const { city, district, street } = placesIn(said, context);
  if (isWish(context) || `${city}${district}${street}` === '') return { slots: none };
  const unheardOf = !isChinese(context.language) && city !== '' && (context.slots.doubted_city ?? null) === null;
  if (unheardOf) return { slots: { ...none, doubted_city: city }, say: ['utter_city_unknown'] };
  return { slots: { new_address: said } };
}

function checkStreet(context: ActionContext): ActionResult {
  const value = textSlot(context, 'new_street');
  const about = aboutTheChange(value);
  if (about !== undefined) return { slots: { new_street: null }, say: [about] };
  const street = isWish(context) ? '' : streetIn(value, placeSaid(context), context.language);
  return { slots: { new_street: street === '' ? null : street } };
}

/** Asked whether the address is right: "不对，是八号", "yes, but apartment four". */
function readStreetChange(context: ActionContext): ActionResult {
  const { language, latest, slots } = context;
  if (latest.entities.some(({ entity }) => entity === 'address')) return {};
  const known = textSlot(context, 'new_street');
  const chinese = isChinese(language);
  const changed =
    changedStreet(known, latest.text, chinese) ?? (chinese ? undefined : anotherStreet(latest.text, known));
  return changed === undefined || slots.new_area === null ? {} : { slots: { new_street: changed } };
}

function anotherStreet(text: string, known: string): string | undefined {
  const street = streetIn(text, NOWHERE, 'en');
  return street === '' || street === known ? undefined : street;
}

/**
 * Province, city and district of what was said, with what was known before. A parcel needs the district: with only a city the question comes again, for what is missing. Where
 * road and house were said in the same breath they are not asked for.
 */
function readAddress(context: ActionContext): ActionResult {
  const said = saidPlace(context);
  const known = knownPlace(context);
  const place = joined(known, said);
  const missing = missingOf(place, known, said, context.language);
  const street = said.street === '' ? {} : { new_street: said.street };
  if (missing === undefined)
    return {
      slots: { new_place: place, new_area: inOneLine(place, context.language), address_missing: null, ...street },
    };
  const asked = missing === 'district' ? place.city : place.district;
  // The street depends on the area that is taken back here: it comes after it.
  return {
    slots: { new_address: null, new_place: place, new_city: asked, address_missing: missing, ...street },
  };
}

function saidPlace(context: ActionContext): Said {
  const value = context.slots.new_address;
  if (typeof value === 'string') return placesIn(value, context);
  if (!isRecord(value)) return NOWHERE;
  const { text } = context.latest;
  const { province = '', city = '', district = '', detail = '' } = value as Readonly<Record<string, string>>;
  const place = { province, city, district };
  const street = names(text, place) ? streetIn(text, place, context.language) || detail : detail;
  // A city that was not said was told by its district; another one that is known goes before it.
  const guessed = isChinese(context.language) && names(text, { ...place, city: '' }) && !text.includes(city);
  const elsewhere = guessed && knownPlace(context).city !== '';
  return { ...place, ...(elsewhere ? { province: '', city: '' } : {}), street };
}

function joined(known: Place, said: Place): Place {
  if (said.city !== '' && known.city !== '' && said.city !== known.city)
    return { province: said.province, city: said.city, district: said.district };
  return {
    province: said.province || known.province,
    city: said.city || known.city,
    district: said.district || known.district,
  };
}

/** Who names the same city once more, asked for its district, has none: some have only towns. */
function missingOf(place: Place, known: Place, said: Place, language: string): 'district' | 'city' | undefined {
  if (place.city === '') return 'city';
  if (place.district !== '' || !hasDistricts(place, language)) return undefined;
  return said.city !== '' && said.city === known.city ? undefined : 'district';
}

/** In English a city in China comes with its province; one elsewhere with none, or with the two letters of its state. */
function hasDistricts({ province }: Place, language: string): boolean {
  return isChinese(language) || (province !== '' && !/^[A-Z]{2}$/.test(province));
}

function inOneLine({ province, city, district }: Place, language: string): string {
  const wider = province === city ? '' : province;
  if (isChinese(language)) return `${wider}${city}${district}`;
  return [district, city, wider].filter((part) => part !== '').join(', ');
}

function knownPlace(context: ActionContext): Place {
  const value = context.slots.new_place;
  return isRecord(value) ? { ...NOWHERE, ...value } : NOWHERE;
}

/** The place that the understanding found in what was said last. */
function placeSaid(context: ActionContext): Place {
  const value = context.latest.entities.findLast(({ entity }) => entity === 'address')?.value;
  return isRecord(value) ? { ...NOWHERE, ...value } : NOWHERE;
}

function names(text: string, { city, district }: Place): boolean {
  const lower = text.toLowerCase();
  return [district, districtStem(district), city].some((name) => name !== '' && lower.includes(name.toLowerCase()));
}

function districtStem(district: string): string {
  return district.replace(/(?<=.{2})[区县镇旗]$/u, '');
}

// ---- What of a text is a place.

/** Words without a place that the understanding knows: an area beyond its lists, a street, or nothing. */
function placesIn(text: string, context: ActionContext): Said {
  return isChinese(context.language) ? zhPlaces(text) : enPlaces(text, knownPlace(context));
}

const ZH_AREA = /^(?:([\u4e00-\u9fff]{2,5}?[省市州盟]))?([\u4e00-\u9fff]{1,5}?(?:新区|(?<![小社园])区|县|旗|镇|乡))?/u;

function zhPlaces(text: string): Said {
  if (ZH_TALK.test(text)) return NOWHERE;
  const [whole = '', city = '', district = ''] = ZH_AREA.exec(text) ?? [];
  return { province: '', city, district, street: zhStreet(text.slice(whole.length)) };
}

const EN_DISTRICT = /\b(?:(?:west|east|north|south|new|old) )?[a-z']+ (?:district|county|new area|new district)\b/i;

/** A name alone answers what is missing: the district of a city that is known, else the city. */
function enPlaces(text: string, known: Place): Said {
  if (EN_TALK.test(text)) return NOWHERE;
  const district = EN_DISTRICT.exec(text)?.[0] ?? '';
  const rest = tidy(text.replace(district, ' '));
  if (EN_STREET.test(rest)) return { ...NOWHERE, district, street: rest };
  if (district !== '' || !EN_NAME.test(rest)) return { ...NOWHERE, district };
  return known.city === '' ? { ...NOWHERE, city: rest } : { ...NOWHERE, district: rest };
}

/** Road and house in a text, without the area they lie in. Empty when there are none. */
function streetIn(text: string, place: Place, language: string): string {
  const said = bare(text, language);
  if (isChinese(language)) return ZH_TALK.test(said) ? '' : zhStreet(bare(after(said, place), language));
  const { province, city, district } = place;
  const around = [district, city, ...(province.length > 2 ? [province] : [])];
  const rest = bare(around.reduce(without, said), language);
  return EN_TALK.test(rest) || !EN_STREET.test(rest) ? '' : rest;
}

function without(text: string, name: string): string {
  if (name === '') return text;
  const pattern = name.replace(/[^a-z' ]/gi, '.').replaceAll(' ', '\\s+');
  return tidy(
    text.replace(new RegExp(`(?:,?\\s*\\bin\\s+)?\\b${pattern}\\b(?!\\s+(?:street|road|avenue|lane)\\b)`, 'i'), ' '),
  );
}

/** What follows the district, or the city where there is none. */
function after(text: string, { city, district }: Place): string {
  for (const name of [district, districtStem(district), city]) {
    const at = name === '' ? -1 : text.indexOf(name);
    if (at !== -1) return text.slice(at + name.length).replace(/^[市区县]/u, '');
  }
  return text;
}

function zhStreet(text: string): string {
  return ZH_STREET.test(text.replace(ZH_NO_STREET, '')) ? text : '';
}

/** Blanks and commas that are left where a name was taken out. */
function tidy(text: string): string {
  return text
    .replace(/\s*,[\s,]*/g, ', ')
    .replace(/\s+/g, ' ')
    .replace(/^[\s,.]+|[\s,.]+$/g, '');
}

/** Without what is said around a place: "麻烦送到…可以吗", "send it to … please". */
function bare(text: string, language: string): string {
  if (isChinese(language)) return text.trim().replace(ZH_BEFORE, '').replace(ZH_BEHIND, '').trim();
  return tidy(text.trim().replace(EN_BEFORE, '').replace(EN_BEHIND, ''));
}

const ZH_BEFORE =
  /^(?:嗯|呃|哦|那[就么，,\s]|好的?[，,\s]|就|还是|请|麻烦|帮我|给我|我要|我想|能不能|可以|不对|不是|是|把|直接|(?:新的?|收货)?地址(?:是|改成|改到|换成|换到)?|改(?:成|到|为)?|换(?:成|到)|送(?:到|去|往|至)?|寄(?:到|去|往|至)?|(?:我的?|我们)?(?:公司|单位|家里?|学校|办公室)(?:吧|在|是|的?地址是?|[，,\s])+|在|到|[\s，,。、：:])+/u;
const ZH_BEHIND =
  /(?:可不可以|可以吗|可以么|可以|行吗|行不行|行|好吗|好不好|能吗|就行|就好|了|吧|啊|呀|哦|呗|谢谢|麻烦|[\s，,。！？!?])+$/u;
/** Closed-class words that no address has. */
const ZH_TALK = /[吗呢？?]|什么|怎么|多少|多久|几[天点个]|能不能|可不可以|是不是|有没有|哪|我想|没想|知道|还是送/u;
const ZH_NO_STREET = /家里|这里|那里|里面|夜里|订单号|单号|号码|账号|几号|上门|出门|部门|快递|街上|路上/gu;
const ZH_STREET =
  /[路街巷弄村镇乡庄屯栋幢室座号]|大道|胡同|[小社园]区|新村|[家花庄嘉]园|[技业创公校]园|苑|城|公寓|大[厦楼]|广场|中心|大学|学[院校]|[中小]学|幼儿园|医院|酒店|宾馆|商场|超市|市场|车站|机场|大院|单元|[一二三四五六七八九十\d]+[楼层期组]|[东西南北]里|[\u4e00-\u9fff]{2}里/u;

const EN_BEFORE =
  /^(?:(?:um|uh|well|oh|ok(?:ay)?|yes|no|so|please|just|then|it(?:'s| is)|that(?:'s| is)|the (?:new )?(?:address|street|city|district) (?:is|should be)|my (?:new )?(?:address|street) is|make it|change (?:it|the address) to|(?:(?:can|could) you |i want (?:you )?to |i'd like (?:you )?to )?(?:send|ship|deliver|bring|redirect) (?:it|that|them|this|(?:the|my) (?:parcel|package|order)) to|to|at|in|on)[\s,.:]+)+/i;
const EN_BEHIND = /(?:[\s,.!?]+(?:please|thanks|thank you|instead|if possible))*[\s,.!?]*$/i;
const EN_TALK =
  /\b(?:i|i'm|i'd|you|it|he|she|we|they|me|us|my|your|our|their|is|are|am|was|were|be|been|do|does|did|have|has|had|can|could|will|would|should|may|might|what|which|when|where|why|who|how|not|don't|if|or|but|there|this|that|than|any|some|same|different|another|other)\b/i;
const EN_STREET =
  /\b(?:street|road|avenue|lane|drive|boulevard|court|square|crescent|alley|highway|st|ave|rd|blvd|building|tower|block|apartment|apt|flat|room|unit|floor|suite|plaza|mall|hotel|school|college|university|hospital|station|village|gardens?|residence|mansion)\b|^(?:no\.? |number )?\d+[a-z]?,? [a-z]{3}|^[a-z]{3,} \d+\b/i;
/** One to three words, none of which is of another kind. */
const EN_NAME =
  /^(?!(?:um+|uh+|er+m?|hm+|yes|no|cancel|invoice|refund|return|help|order|free|agent|office|home|work|hello)\b)[a-z'.-]{3,}(?: [a-z'.-]+){0,2}$/i;

// ---- What is no place.

/** What callers ask about the change while they are asked for the address. */
function aboutTheChange(text: string): string | undefined {
  if (/要钱|收费|免费|多少钱|花钱|付费|加钱|手续费|\b(?:free|costs?|charged?|fee|fees|pay|extra)\b/i.test(text))
    return 'utter_address_change_free';
  const asksWhich = /(?:现在|原来|原先|之前|目前|当前|旧)的?.{0,6}地址|地址(?:现在)?是(?:什么|哪)/u.test(text);
  const asksWhichEn = /\b(?:what|which|where)\b.{0,30}\b(?:address|sent|sending|shipping to|going to)\b/i.test(text);
  return asksWhich || asksWhichEn ? 'utter_address_not_told' : undefined;
}

const NO_WISHES: ReadonlySet<string> = new Set(['inform', 'change_address', 'correct', 'nlu_fallback', 'out_of_scope']);
const SURE = 0.9;

/** As sure as this, words are a wish for something else, whatever street they name. */
function isWish({ latest: { intent, confidence } }: ActionContext): boolean {
  return !NO_WISHES.has(intent) && confidence >= SURE;
}

import { matchesOf } from './matches.js';
import { DISTRICTS, EN_CITIES, EN_STATES, PROVINCES } from './places.js';
import type { Candidate, EntityContext } from './types.js';

/** Addresses down to city and district; what follows (road, house) is kept as `detail`. */

export interface AddressValue {
  readonly province?: string;
  readonly city?: string;
  readonly district?: string;
  readonly detail?: string;
}

const MUNICIPALITIES = new Set(['北京', '天津', '上海', '重庆', '香港', '澳门']);
const provinceOf = new Map(
  Object.entries(PROVINCES).flatMap(([province, cities]) =>
    cities
      .split(' ')
      .filter(Boolean)
      .map((city): [string, string] => [city, province]),
  ),
);
const cityOfDistrict = new Map(
  Object.entries(DISTRICTS).flatMap(([city, districts]) =>
    districts.split(' ').map((district): [string, string] => [district, city]),
  ),
);
const byLength = (names: Iterable<string>) => [...names].sort((a, b) => b.length - a.length).join('|');
const PROVINCE = `(${byLength(Object.keys(PROVINCES))})(?:维吾尔自治区|壮族自治区|回族自治区|自治区|特别行政区|省|市)?`;
const CITY = `(${byLength(provinceOf.keys())})(?:市|州)?`;
const KNOWN_DISTRICT = `(${byLength(cityOfDistrict.keys())})`;
const ADDRESS = new RegExp(
  `(?:${PROVINCE}的?)?(?:${CITY}的?)?(?:${KNOWN_DISTRICT}(?:区|县)?|((?:[\\u4e00-\\u9fff]{1,3}?)(?:区|县|镇|旗)))?` +
    '((?:[\\u4e00-\\u9fffa-z]{1,8}?(?:路|街|道|巷|胡同|大道|小区|花园|大厦|广场|村)){0,2}(?:[零〇一二三四五六七八九十百幺\\d]+(?:号楼|号院|号|弄|栋|单元|室|楼|层))*)',
  'g',
);

/** First character → second characters of the places by which an address is known: without one of them there is no address. */
const PLACE_STARTS = new Map<string, string>();
for (const name of [...Object.keys(PROVINCES), ...provinceOf.keys(), ...cityOfDistrict.keys()]) {
  const first = name.charAt(0);
  PLACE_STARTS.set(first, (PLACE_STARTS.get(first) ?? '') + name.charAt(1));
}
const HAS_LETTER = /[a-z]/;

function mayNamePlace(plain: string): boolean {
  for (let at = 0; at + 1 < plain.length; at++)
    if (PLACE_STARTS.get(plain.charAt(at))?.includes(plain.charAt(at + 1))) return true;
  return false;
}

export function extractAddresses(context: EntityContext): Candidate[] {
  return [...zhAddresses(context), ...enAddresses(context)];
}

function zhAddresses(context: EntityContext): Candidate[] {
  const { plain, text } = context;
  const out: Candidate[] = [];
  if (!mayNamePlace(plain)) return out;
  for (const match of matchesOf(ADDRESS, plain)) {
    const [whole, province, city, known, unknown, detail] = match;
    if (whole === '') continue;
    // A district nobody knows counts only behind a city or province.
    if (province === undefined && city === undefined && (known === undefined || !isDistrict(context, match, known)))
      continue;
    if (
      city !== undefined &&
      province === undefined &&
      AMBIGUOUS_CITIES.has(city) &&
      !/市/.test(whole) &&
      context.expected !== 'address'
    )
      continue;
    const value = complete(province, city, known ?? unknown, detail ?? '');
    out.push({
      entity: 'address',
      value,
      start: match.index,
      end: match.index + whole.length,
      text: text.slice(match.index, match.index + whole.length),
      confidence: 0.9,
      extractor: 'places',
      priority: context.expected === 'address' ? 89 : 79,
    });
  }
  return out;
}

/** City names that are words of everyday speech. */
const AMBIGUOUS_CITIES = new Set([
  '朝阳',
  '和平',
  '中山',
  '大同',
  '长治',
  '安康',
  '平凉',
  '保山',
  '白山',
  '通化',
  '山南',
  '宜春',
  '吉安',
  '南通',
  '日照',
  '黄山',
  '延安',
]);

/** A bare district name needs 区 or the question for an address: "和平", "长安" and "青山" are words too. */
function isDistrict(context: EntityContext, match: RegExpMatchArray, name: string): boolean {
  return context.expected === 'address' || /[区县]/.test(match[0]) || SURE_DISTRICTS.has(name);
}
const SURE_DISTRICTS = new Set([
  '海淀',
  '丰台',
  '石景山',
  '昌平',
  '浦东',
  '徐汇',
  '闵行',
  '杨浦',
  '虹口',
  '番禺',
  '福田',
  '宝安',
  '龙岗',
  '沙坪坝',
]);

function complete(
  province: string | undefined,
  city: string | undefined,
  district: string | undefined,
  detail: string,
): AddressValue {
  const municipality = province !== undefined && MUNICIPALITIES.has(province);
  const bare = district?.replace(/(?<=.{2})[区县]$/, '');
  const foundCity =
    city ??
    (municipality ? province : province === undefined && bare !== undefined ? cityOfDistrict.get(bare) : undefined);
  const foundProvince =
    province ??
    (foundCity === undefined ? undefined : MUNICIPALITIES.has(foundCity) ? foundCity : provinceOf.get(foundCity));
  const suffix = district === undefined ? undefined : /[区县镇旗]$/.test(district) ? district : `${district}区`;
  return {
    ...(foundProvince === undefined ? {} : { province: foundProvince }),
    ...(foundCity === undefined ? {} : { city: foundCity }),
    ...(suffix === undefined ? {} : { district: suffix }),
    ...(detail === '' ? {} : { detail }),
  };
}

const STATE = Object.keys(EN_STATES)
  .sort((a, b) => b.length - a.length)
  .join('|');
const EN_PLACE = new RegExp(`(?<![a-z])(?:(${EN_CITIES})(?:,?\\s+(${STATE}))?|(${STATE}))(?![a-z])`, 'g');
const STREET =
  /(\d+|[a-z]+(?:[\s-][a-z]+)?)\s+((?:(?:north|south|east|west)\s+)?[a-z]+(?:\s+[a-z]+)?\s+(?:street|avenue|road|lane|drive|boulevard|court|place|way|st|ave|rd|blvd))(?:,?\s+(?:in\s+)?)$/;

function enAddresses(context: EntityContext): Candidate[] {
  const { plain, text } = context;
  const out: Candidate[] = [];
  if (!HAS_LETTER.test(plain)) return out;
  // Spans of `plain` hold for the text, which has the capitals.
  const asSaid = (street: RegExpExecArray): string =>
    text.slice(street.index, street.index + street[0].length).replace(/,?\s+(?:in\s+)?$/i, '');
  for (const match of matchesOf(EN_PLACE, plain)) {
    const [whole, city, stateOfCity, state] = match;
    const street = context.expected === 'address' ? STREET.exec(plain.slice(0, match.index)) : null;
    const start = street ? street.index : match.index;
    const code = stateOfCity ?? state;
    const value: AddressValue = {
      ...(code === undefined ? {} : { province: EN_STATES[code] ?? code }),
      ...(city === undefined ? {} : { city: titleCase(city) }),
      ...(street ? { detail: asSaid(street) } : {}),
    };
    const end = match.index + whole.length;
    out.push({
      entity: 'address',
      value,
      start,
      end,
      text: text.slice(start, end),
      confidence: 0.9,
      extractor: 'places',
      priority: context.expected === 'address' ? 89 : 79,
    });
  }
  return out;
}

function titleCase(words: string): string {
  return words.replace(/(^|\s)([a-z])/g, (_all, before: string, letter: string) => before + letter.toUpperCase());
}

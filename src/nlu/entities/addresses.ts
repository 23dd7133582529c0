import { matchesOf } from './matches.js';
import { DISTRICTS, EN_CHINA, EN_CITIES, EN_STATES, PROVINCES } from './places.js';
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
/** "南京路", "北京西路": streets are called after places. */
const NO_STREET = '(?!(?:[东南西北中][一二三四]?|[一二三四])?(?:路|街|大街|大道|巷|弄))';
const PROVINCE = `(${byLength(Object.keys(PROVINCES))})(?:维吾尔自治区|壮族自治区|回族自治区|自治区|特别行政区|省|市)?${NO_STREET}`;
/** 朝阳 is a city, 朝阳区 a district of several. */
const CITY = `(${byLength(provinceOf.keys())})(?:市|州)?(?!区)${NO_STREET}`;
const KNOWN_DISTRICT = `(${byLength(cityOfDistrict.keys())})`;
/** It begins with a place that is known: "送到杭州…路" would else be a road of a long name. */
const BEGINS = `(?=${byLength([...Object.keys(PROVINCES), ...provinceOf.keys(), ...cityOfDistrict.keys()])})`;
const ADDRESS = new RegExp(
  `${BEGINS}(?:${PROVINCE}的?)?(?:${CITY}的?)?(?:${KNOWN_DISTRICT}(?:区|县|${NO_STREET})|((?:[\\u4e00-\\u9fff]{1,3}?)(?:区|县|镇|旗)))?` +
    '((?:科技园|产业园|工业园|[\\u4e00-\\u9fffa-z]{1,8}?(?:路|街|道|巷|胡同|大道|小区|花园|家园|公寓|大厦|广场|中心|科技园|产业园|工业园|大学|学院|医院|酒店|村)){0,2}(?:[零〇一二三四五六七八九十百幺\\d]+(?:号楼|号院|号|弄|栋|单元|室|楼|层))*)',
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
    const [whole, province, named, known, unknown, detail] = match;
    if (whole === '') continue;
    const isTheDistrict = named !== undefined && known === undefined && unknown === undefined && isNoCity(named, match);
    const city = isTheDistrict ? undefined : named;
    // A district nobody knows counts only behind a city or province.
    const district = isTheDistrict ? named : known;
    if (
      province === undefined &&
      city === undefined &&
      (district === undefined || !isDistrict(context, match, district))
    )
      continue;
    if (
      city !== undefined &&
      province === undefined &&
      AMBIGUOUS_CITIES.has(city) &&
      !/市/.test(whole) &&
      context.expected !== 'address'
    )
      continue;
    const value = complete(province, city, isTheDistrict ? named : (known ?? unknown), detail ?? '');
    out.push({
      entity: 'address',
      value,
      start: match.index,
      end: match.index + whole.length,
      text: text.slice(match.index, match.index + whole.length),
      confidence: 0.9,
      extractor: 'places',
      // With district and house it is nothing else: "八号" is no day then.
      priority:
        context.expected === 'address' || (value.district !== undefined && value.detail !== undefined) ? 89 : 79,
    });
  }
  return out;
}

/** "北京朝阳": behind another province the name of a city is that of a district; so it is alone where the district is the better known. */
function isNoCity(name: string, [whole, province]: RegExpMatchArray): boolean {
  if (whole.includes(`${name}市`)) return false;
  return province === undefined ? cityOfDistrict.has(name) : provinceOf.get(name) !== province;
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
const STREET_WORD = 'street|avenue|road|lane|drive|boulevard|court|place|way|st|ave|rd|blvd';
const COMPASS = 'north|south|east|west|middle|central';
/** "Nanjing road", "Beijing West road": streets are called after places. */
const NO_EN_STREET = `(?!\\s+(?:(?:${COMPASS})\\s+)?(?:street|avenue|road|boulevard|st|ave|rd|blvd)(?![a-z]))`;
const EN_PLACE = new RegExp(
  `(?<![a-z])(?:(${EN_CITIES}|${Object.keys(EN_CHINA).join('|')})${NO_EN_STREET}(?:,?\\s+(${STATE}))?|(${STATE})${NO_EN_STREET})(?![a-z])`,
  'g',
);
/** Words that stand before a place and are no part of its name. */
const NO_NAME = '(?!(?:to|at|in|on|of|is|it|the|a|an|my|that|and|which|what|new|no)(?![a-z]))';
const EN_DISTRICT = new RegExp(
  `(?<![a-z])((?:(?:${COMPASS}|old)\\s+)?${NO_NAME}[a-z][a-z']+\\s+(?:district|county|new area|new district))(?![a-z])`,
  'g',
);
const COUNT =
  'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred';
const HOUSE = `(?:\\d+[a-z]?|(?:${COUNT})(?:[\\s-](?:${COUNT})){0,3})(?![a-z\\d])`;
const STREET = new RegExp(
  `(?<![a-z\\d])(?:(?:no\\.?|number)\\s+)?${HOUSE},?\\s+(?:(?:${COMPASS})\\s+)?(?:${NO_NAME}[a-z\\d][a-z\\d']*\\s+){1,2}(?:(?:${COMPASS})\\s+)?(?:${STREET_WORD})(?![a-z])`,
  'g',
);

/** What of an English address was found where. */
interface Part {
  readonly kind: 'city' | 'district' | 'street';
  readonly value: AddressValue;
  readonly start: number;
  readonly end: number;
}

function enAddresses(context: EntityContext): Candidate[] {
  const { plain, text } = context;
  if (!HAS_LETTER.test(plain)) return [];
  const expected = context.expected === 'address';
  const cities = matchesOf(EN_PLACE, plain).map((match) => cityPart(match));
  const districts = matchesOf(EN_DISTRICT, plain).map((match) => districtPart(context, match));
  if (cities.length === 0 && !(expected && districts.length > 0)) return [];
  const streets = matchesOf(STREET, plain).map((match) => streetPart(context, match));
  return oneAddress([...cities, ...districts, ...streets], context).map(({ value, start, end }) => ({
    entity: 'address',
    value,
    start,
    end,
    text: text.slice(start, end),
    confidence: 0.9,
    extractor: 'places',
    priority: expected ? 89 : 79,
  }));
}

/** City, district and street are said in any order. Two cities are two addresses: "not Seattle, Boston". */
function oneAddress(parts: readonly Part[], { plain, expected }: EntityContext): readonly Omit<Part, 'kind'>[] {
  const sorted = [...parts].sort((a, b) => a.start - b.start);
  const kinds = new Set(sorted.map(({ kind }) => kind));
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return [];
  const adjoining = sorted.every(
    (part, at) => at === 0 || /^[\s,]*(?:(?:in|of)\s+)?$/.test(plain.slice(sorted[at - 1]?.end, part.start)),
  );
  if (kinds.size < sorted.length || !(adjoining || expected === 'address'))
    return sorted.filter(({ kind }) => kind === 'city');
  return [{ value: Object.assign({}, ...sorted.map(({ value }) => value)), start: first.start, end: last.end }];
}

function cityPart(match: RegExpMatchArray): Part {
  const [whole, city, stateOfCity, state] = match;
  const code = stateOfCity ?? state;
  const province = code === undefined ? EN_CHINA[city ?? ''] : (EN_STATES[code] ?? code);
  const value = {
    ...(province === undefined ? {} : { province }),
    ...(city === undefined ? {} : { city: titleCase(city) }),
  };
  const start = match.index ?? 0;
  return { kind: 'city', value, start, end: start + whole.length };
}

function districtPart({ text }: EntityContext, match: RegExpMatchArray): Part {
  const start = match.index ?? 0;
  const end = start + match[0].length;
  return { kind: 'district', value: { district: text.slice(start, end) }, start, end };
}

/** Spans of `plain` hold for the text, which has the capitals. */
function streetPart({ text }: EntityContext, match: RegExpMatchArray): Part {
  const start = match.index ?? 0;
  const end = start + match[0].length;
  return { kind: 'street', value: { detail: text.slice(start, end) }, start, end };
}

function titleCase(words: string): string {
  return words.replace(/(^|\s)([a-z])/g, (_all, before: string, letter: string) => before + letter.toUpperCase());
}

/** What a caller puts right in an address that is read back: its house number, its street, or what was left out. */

const ZH_NUMBER = '[零〇一二三四五六七八九十百幺两\\d]+';
const ZH_HOUSE = new RegExp(`${ZH_NUMBER}(?:号楼|号院|号|弄)`, 'u');
const ZH_INSIDE = new RegExp(`${ZH_NUMBER}(?:号楼|栋|幢|单元|室|楼|层)(?:${ZH_NUMBER}(?:单元|室|楼|层)?)*`, 'u');
const ZH_NOT_BUT = /(?:不是|不叫)\s*([^是，,。\s]{2,12}?)[\s，,]*(?:而?是|叫)\s*([^，,。\s]{2,20}?)[吧啊呢的]*$/u;
const ZH_RATHER =
  /^(?:嗯|对|不(?:对|(?!对))|好的?|可以|行|但是?|不过|错了|说错了|等一?下|门牌号?|号码|还有|再?加上?|漏了|少了|应该|[\s，,。])*(?:是|改成|改为|要|写)?\s*(.+?)[吧啊呢的]*$/u;

const EN_HOUSE = /\b\d+[a-z]?\b/iu;
const EN_NUMBER =
  /^(?:(?:yes|no|wait|sorry|but|actually|it's|it is|make it|that's|i mean|number|[\s,.])+)?(\d+[a-z]?)[\s.!]*$/iu;
const EN_INSIDE =
  /\b(?:apartment|apt|flat|unit|room|floor|suite)\.? [a-z\d]+\b|\b(?:\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth) floor\b/iu;

/** What `said` makes of the street and number `known`; undefined when it does not touch them. */
export function changedStreet(known: string, said: string, chinese: boolean): string | undefined {
  if (known === '') return undefined;
  const changed = chinese ? zhChanged(known, said.trim()) : enChanged(known, said.trim());
  return changed === known ? undefined : changed;
}

function zhChanged(known: string, said: string): string | undefined {
  const [, wrong = '', right = ''] = ZH_NOT_BUT.exec(said) ?? [];
  if (wrong !== '' && known.includes(wrong)) return known.replace(wrong, right);
  const rather = ZH_RATHER.exec(said)?.[1] ?? '';
  const house = ZH_HOUSE.exec(rather);
  if (house?.index === 0) {
    const rest = rather.slice(house[0].length);
    const whole = rest === '' || ZH_INSIDE.exec(rest)?.[0] === rest;
    if (whole) return ZH_HOUSE.test(known) ? known.replace(ZH_HOUSE, rather) : `${known}${rather}`;
  }
  const inside = ZH_INSIDE.exec(rather)?.[0];
  if (inside === rather && !ZH_INSIDE.test(known.replace(ZH_HOUSE, ''))) return `${known}${inside}`;
  return undefined;
}

function enChanged(known: string, said: string): string | undefined {
  const number = EN_NUMBER.exec(said)?.[1];
  if (number !== undefined && EN_HOUSE.test(known)) return known.replace(EN_HOUSE, number);
  const inside = EN_INSIDE.exec(said)?.[0];
  return inside === undefined
    ? undefined
    : `${known.replace(new RegExp(`,? ?${EN_INSIDE.source}`, 'iu'), '')}, ${inside}`;
}

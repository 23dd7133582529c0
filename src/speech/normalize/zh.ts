import { readCode, readDigits, readInteger, readNumber, readYear } from './zh-number.js';

/**
 * Written Mandarin to what is said: a list of rules, first match first. What a rule has put into words holds no ASCII digit any more, so no
 * later rule touches it.
 */

type Rule = readonly [pattern: RegExp, say: (...groups: string[]) => string];

const NUMBER = '\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?|\\d+(?:\\.\\d+)?';
/** What stands between the two ends of a range. */
const TO = '\\s*(?:-|–|—|~|～|至|到)\\s*';
/** A number here is a name, not an amount: it is read digit by digit. */
const CODE_WORDS =
  '订单号码?|单号|订单|运单号?|快递单号|编号|编码|代码|工单号?|流水号|卡号|账号|帐号|尾号|后[三四五六]位|验证码|校验码|密码|邮编|身份证号?码?|会员号|工号|分机号?|学号|税号|批次号|序列号|航班号?|车次|取件码|提货码|房间号?';
const PHONE_WORDS = '电话号?码?|手机号?码?|热线|专线|拨打|致电|请拨|客服号码|来电|回拨|短信至|联系方式';
const LINK = '(?:\\s*(?:是|为|：|:|，|,|号|了))?\\s*';

const UNITS: Readonly<Record<string, string>> = {
  km: '公里',
  KM: '公里',
  kg: '公斤',
  KG: '公斤',
  'km/h': '公里每小时',
  m: '米',
  cm: '厘米',
  mm: '毫米',
  g: '克',
  mg: '毫克',
  t: '吨',
  ml: '毫升',
  mL: '毫升',
  l: '升',
  L: '升',
  '㎡': '平方米',
  'm²': '平方米',
  'm³': '立方米',
  '℃': '摄氏度',
  '°C': '摄氏度',
  '°': '度',
  kWh: '千瓦时',
  kW: '千瓦',
  W: '瓦',
  KB: 'K B',
  MB: '兆',
  GB: 'G B',
  TB: 'T B',
  Hz: '赫兹',
  min: '分钟',
  h: '小时',
  s: '秒',
};
const UNIT_NAMES = Object.keys(UNITS)
  .sort((a, b) => b.length - a.length)
  .map((unit) => unit.replace(/[/]/g, '\\/'))
  .join('|');

const CURRENCIES: Readonly<Record<string, string>> = {
  '¥': '元',
  '￥': '元',
  RMB: '元',
  CNY: '元',
  $: '美元',
  USD: '美元',
  '€': '欧元',
  EUR: '欧元',
  '£': '英镑',
  HK$: '港元',
};

/** Nouns that count with 两 instead of 二 when the number is just 2. */
const COUNTED =
  '个|件|次|天|位|家|张|台|部|本|种|条|只|盒|瓶|袋|箱|包|份|套|双|块|小时|分钟|秒|周|年|遍|步|倍|岁|万|亿|千|百|公里|公斤|米|度|人|元|项|笔|单(?!元|号|价)|户|层|斤|场|杯|轮|支|枚|颗|节|组';

const RULES: readonly Rule[] = [
  // What can't be said.
  [/(?:https?:\/\/|www\.)[^\s，。！？；、）)\u4e00-\u9fff]+/giu, () => ''],
  [/<[^<>]{0,200}>/g, () => ''],
  // Keys of the telephone.
  [/[#＃]\s*(号?键|号)/g, (_, rest) => `井号${rest.replace('号', '')}`],
  [/[*＊]\s*(号?键|号)/g, (_, rest) => `星号${rest.replace('号', '')}`],
  [/按\s*([#＃])/g, () => '按井号键'],
  [/按\s*([*＊])/g, () => '按星号键'],
  // E-mail.
  [/([A-Za-z0-9._%+-]+)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)/g, (_, user, host) => `${spell(user)} 艾特 ${spell(host)}`],
  // Telephone numbers: with their shape, or after a word that says so.
  [/(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)/g, (_, a, b, c) => groups([a, b, c])],
  [/(?<!\d)([48]00)[- ]?(\d{3,4})[- ]?(\d{3,4})(?!\d|\s*[元块人件个次万亿])/g, (_, a, b, c) => groups([a, b, c])],
  [
    /(?<!\d)\(?(0\d{2,3})\)?[- ](\d{7,8})(?:-(\d{1,5}))?(?!\d)/g,
    (_, area, number, extension) => {
      const said = groups([area, number.slice(0, -4), number.slice(-4)]);
      return extension === undefined ? said : `${said}，转${readDigits(extension, true)}`;
    },
  ],
  [
    new RegExp(`(${PHONE_WORDS})(${LINK})(\\d{3,13})(?!\\d|[.,]\\d|[年月日点元%])`, 'g'),
    (_, word, link, digits) => `${word}${link}${readCode(digits, true)}`,
  ],
  // Dates and times.
  [
    /(?<!\d)(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)\s*(?:日|号)?/g,
    (whole, year, month, day) =>
      isDate(month, day) ? `${readYear(year)}年${readInteger(month)}月${readInteger(day)}日` : whole,
  ],
  [
    new RegExp(`(?<!\\d)(\\d{1,2})月(\\d{1,2})${TO}(\\d{1,2})(日|号)`, 'g'),
    (_, month, from, to, word) => `${readInteger(month)}月${readInteger(from)}${word}到${readInteger(to)}${word}`,
  ],
  // Versions, addresses on the net: no number has two points.
  [/(?<![\d.])\d{1,8}(?:\.\d{1,8}){2,7}(?![\d.])/g, (version) => version.split('.').map(versionPart).join('点')],
  [/(?<!\d)(\d{4})年(\d{1,2})月/g, (_, year, month) => `${readYear(year)}年${readInteger(month)}月`],
  [
    /(?<!\d)(\d{1,2})月(\d{1,2})(日|号)?/g,
    (_, month, day, word) => `${readInteger(month)}月${readInteger(day)}${word ?? '日'}`,
  ],
  [/(?<!\d)([12]\d{3})年(?!级|内|以|前后?以)/g, (_, year) => `${readYear(year)}年`],
  [
    new RegExp(`(?<![\\d:])(\\d{1,2}):(\\d{2})(?::(\\d{2}))?${TO}(\\d{1,2}):(\\d{2})(?::(\\d{2}))?(?![\\d:])`, 'g'),
    (whole, h1, m1, s1, h2, m2, s2) =>
      isTime(h1, m1) && isTime(h2, m2) ? `${time(h1, m1, s1)}到${time(h2, m2, s2)}` : whole,
  ],
  [
    /(?<![\d:])(\d{1,2}):(\d{2})(?::(\d{2}))?(?![\d:])/g,
    (whole, hour, minute, second) => (isTime(hour, minute) ? time(hour, minute, second) : whole),
  ],
  [
    /(?<!\d)(\d{1,2})(点|时)(?:(\d{1,2})分?)?(?=[^\d]|$)/g,
    (_, hour, word, minute) => `${counted(hour)}${word}${minute === undefined ? '' : minutes(minute)}`,
  ],
  // Generations of mobile networks, ratios, discounts.
  [/(?<![\d.])([2-6])G(?![A-Za-z])/g, (_, generation) => `${readInteger(generation)} G`],
  [/(?<![\d:])(\d{1,3}):(\d{1,3})(?![\d:])/g, (_, a, b) => `${readInteger(a)}比${readInteger(b)}`],
  [
    new RegExp(`满(${NUMBER})元?\\s*[-减]\\s*(${NUMBER})`, 'g'),
    (_, least, off) => `满${readNumber(least)}减${readNumber(off)}`,
  ],
  // Money; what is owed is below zero.
  [/(?<![\d\u4e00-\u9fffA-Za-z])[-−](?=(?:HK\$|[¥￥$€£])\s*\d)/g, () => '负'],
  [/(HK\$|[¥￥$€£])\s*[-−](?=\d)/g, (_, currency) => `负${currency}`],
  [
    new RegExp(
      `(?<=[为是额]\\s*|^|[^\\d\\u4e00-\\u9fffA-Za-z])[-−](?=(?:${NUMBER})\\s*(?:元|块|万元|美元|欧元|港元|英镑))`,
      'g',
    ),
    () => '负',
  ],
  [
    new RegExp(`(HK\\$|[¥￥$€£])\\s*(${NUMBER})${TO}(?:HK\\$|[¥￥$€£])?\\s*(${NUMBER})(?:\\s*元)?`, 'g'),
    (_, currency, from, to) => `${money(from)}到${money(to)}${CURRENCIES[currency] ?? '元'}`,
  ],
  [
    new RegExp(`(?<![\\d.])(${NUMBER})${TO}(${NUMBER})\\s*(元|块钱|块|万元|美元|欧元|港元|英镑)`, 'g'),
    (_, from, to, unit) => `${money(from)}到${money(to)}${unit}`,
  ],
  [
    new RegExp(`(HK\\$|[¥￥$€£]|RMB|CNY|USD|EUR)\\s*(${NUMBER})\\s*(万|亿)?(?:\\s*元)?`, 'g'),
    (_, currency, amount, large) => `${money(amount)}${large ?? ''}${CURRENCIES[currency] ?? '元'}`,
  ],
  [new RegExp(`(${NUMBER})\\s*(元|块钱|块|美元|欧元|港元|英镑)`, 'g'), (_, amount, unit) => `${money(amount)}${unit}`],
  // Percentages and fractions.
  [/(?<![\d.,])100(?:\.0+)?\s*[%％]/g, () => '百分之百'],
  [
    new RegExp(`(${NUMBER})%?${TO}(${NUMBER})\\s*[%％]`, 'g'),
    (_, from, to) => `百分之${readNumber(from)}到百分之${readNumber(to)}`,
  ],
  [
    new RegExp(`([-−]?)(${NUMBER})\\s*[%％]`, 'g'),
    (_, sign, number) => `${sign === '' ? '' : '负'}百分之${readNumber(number)}`,
  ],
  [new RegExp(`(${NUMBER})\\s*‰`, 'g'), (_, number) => `千分之${readNumber(number)}`],
  [
    new RegExp(`(${CODE_WORDS})(${LINK})(\\d{1,8}(?:-\\d{1,8}){1,5})(?![\\d-])`, 'g'),
    (_, word, link, code) =>
      `${word}${link}${code
        .split('-')
        .map((part) => readDigits(part))
        .join('杠')}`,
  ],
  // Codes: after a word that says so, mixed with letters, too long for an amount, or with a zero in front.
  [
    new RegExp(`(${CODE_WORDS})(${LINK})([A-Za-z]{0,4})(\\d{3,32})(?!\\d|[.,]\\d|[年月日个件元%])`, 'g'),
    (_, word, link, letters, digits) =>
      `${word}${link}${spell(letters)}${letters === '' ? '' : ' '}${readCode(digits)}`,
  ],
  [
    /(?<![A-Za-z\d])([A-Za-z]{1,4})-?(\d{3,32})(?![\d.])/g,
    (_, letters, digits) => `${spell(letters)} ${readCode(digits)}`,
  ],
  // Eight digits without a separator or a noun behind them are a number of an order, not an amount; round ones may be amounts.
  [
    new RegExp(`(?<![\\d.,])(?!\\d{4,8}0{4}(?!\\d))(\\d{8,64})(?!\\d|[.,]\\d|\\s*(?:${COUNTED}))`, 'g'),
    (_, digits) => readCode(digits),
  ],
  [/(?<![\d.,])(0\d{1,64})(?![\d.])/g, (_, digits) => readCode(digits)],
  [
    /(?<!\d)(\d{1,3})\/(\d{1,3})(?!\d|\/)/g,
    (whole, top, bottom) => (Number(bottom) === 0 ? whole : `${readInteger(bottom)}分之${readInteger(top)}`),
  ],
  // Amounts with units, ranges, what is left.
  [
    new RegExp(`(?<!\\d)[-−](\\d+(?:\\.\\d+)?)${TO}(-?)(\\d+(?:\\.\\d+)?)\\s*(?:℃|°[cC])`, 'g'),
    (_, from, sign, to) => `零下${readNumber(from)}到${sign === '' ? '' : '零下'}${readNumber(to)}摄氏度`,
  ],
  [/(?<!\d)[-−](\d+(?:\.\d+)?)\s*(?:℃|°[cC])/g, (_, number) => `零下${readNumber(number)}摄氏度`],
  [new RegExp(`(?<![\\d.第])2(?=${TO}(?:${NUMBER})\\s*(?:${COUNTED}))`, 'g'), () => '两'],
  [new RegExp(`两${TO}(?=\\d)`, 'g'), () => '两到'],
  [new RegExp(`(?<![\\d.])(${NUMBER})${TO}(${NUMBER})(?![\\d])`, 'g'), (_, from, to) => `${readNumber(from)}到${to}`],
  [
    new RegExp(`(${NUMBER})\\s*(${UNIT_NAMES})(?![A-Za-z])`, 'g'),
    (_, number, unit) => `${/^2$/.test(number) ? '两' : readNumber(number)}${UNITS[unit] ?? unit}`,
  ],
  [new RegExp(`(?<![\\d.第])2(?=(?:${COUNTED}))`, 'g'), () => '两'],
  [new RegExp(`(?<![\\d\\u4e00-\\u9fffA-Za-z])[-−](${NUMBER})`, 'g'), (_, number) => `负${readNumber(number)}`],
  [new RegExp(`(${NUMBER})\\s*[×xX*]\\s*(${NUMBER})`, 'g'), (_, a, b) => `${readNumber(a)}乘${readNumber(b)}`],
  [new RegExp(NUMBER, 'g'), (number) => readNumber(number)],
  // A range whose unit is said at both ends: 七月-八月.
  [
    /(?<=[月日号点分年天元岁时度周个]|周[一二三四五六日天])\s*[-–—~～]\s*(?=[零〇一二三四五六七八九十两百负下]|周[一二三四五六日天])/g,
    () => '到',
  ],
  // What it costs for each: 39元/月.
  [/(?<=[元块]|块钱|万)\s*\/\s*(?=[月年天日周次个人件位分小份张条])/g, () => '每'],
  // Signs.
  [/&/g, () => '和'],
  [/\+/g, () => '加'],
  [/=/g, () => '等于'],
  [/@/g, () => ' 艾特 '],
];

/** Text for a Mandarin voice: no digits left, signs in words, punctuation as it pauses. */
export function normalizeZh(text: string): string {
  let out = toHalfWidth(text);
  for (const [pattern, say] of RULES) out = out.replace(pattern, (...match: unknown[]) => say(...(match as string[])));
  return punctuate(out);
}

/** Full-width digits, Latin letters and the signs used with them, a colon or a point between digits; Chinese punctuation stays. */
function toHalfWidth(text: string): string {
  const narrow = text.replace(
    /[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff05\uff20\uff0b\uff0d\uff0f]/gu,
    (character) => String.fromCodePoint((character.codePointAt(0) ?? 0) - 0xfee0),
  );
  return narrow.replace(/(?<=\d)：(?=\d)/gu, ':').replace(/(?<=\d)．(?=\d)/gu, '.');
}

/** Short parts as numbers, long ones digit by digit: 二点十点三, 一九二点一六八. */
function versionPart(digits: string): string {
  return digits.length <= 2 && !/^0\d/.test(digits) ? readInteger(digits) : readDigits(digits);
}

/** ASCII punctuation between Chinese words becomes Chinese; what no voice knows is left out. */
function punctuate(text: string): string {
  return text
    .replace(/[\r\n\t]+/g, '，')
    .replace(/\.{3,}|…+|—{2,}/g, '，')
    .replace(/,/g, '，')
    .replace(/;/g, '；')
    .replace(/!/g, '！')
    .replace(/\?/g, '？')
    .replace(/:(?!\d)/g, '：')
    .replace(/\.(?=\s|$)/g, '。')
    .replace(/[【】()（）]/g, '，')
    .replace(/[*_#`|\\{}[\]<>^~"'“”‘’《》〈〉「」『』]/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ?([，。！？；：、]) ?/g, '$1')
    .replace(/(?<=\p{Script=Han}) (?=\p{Script=Han})/gu, '')
    .replace(/([，；：、])[，；：、]+/g, '$1')
    .replace(/[，；：、]+([。！？])/g, '$1')
    .replace(/([。！？])[。！？，；：、]+/g, '$1')
    .replace(/^[，。；：、\s]+/, '')
    .trim();
}

function groups(parts: readonly string[]): string {
  return parts.map((part) => readDigits(part, true)).join('，');
}

/** Letters one by one; digits digit by digit; dots and dashes by name. */
function spell(text: string): string {
  return [...text]
    .map((character) => {
      if (/\d/.test(character)) return readDigits(character);
      if (character === '.') return '点';
      if (character === '-') return '杠';
      if (character === '_') return '下划线';
      return character.toUpperCase();
    })
    .join(' ')
    .replace(/(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])/g, '');
}

/** Zeros at the end of the cents are not said: `1299.00` → `一千两百九十九`. */
function money(amount: string): string {
  const plain = amount.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
  return plain === '2' ? '两' : readNumber(plain);
}

function counted(number: string): string {
  return Number(number) === 2 ? '两' : readInteger(number);
}

function minutes(minute: string): string {
  const value = Number(minute);
  if (value === 0) return '';
  return `${value < 10 ? '零' : ''}${readInteger(minute)}分`;
}

function time(hour: string, minute: string, second: string | undefined): string {
  const seconds = second === undefined || Number(second) === 0 ? '' : `${readInteger(second)}秒`;
  const said = minutes(minute);
  return `${counted(hour)}点${said === '' && seconds !== '' ? '零分' : said}${seconds}`;
}

function isTime(hour: string, minute: string): boolean {
  return Number(hour) <= 24 && Number(minute) < 60;
}

function isDate(month: string, day: string): boolean {
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31;
}

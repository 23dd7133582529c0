/** Words for what the shop answers in codes, as an agent would say them. */

export function isChinese(language: string): boolean {
  return language.startsWith('zh');
}

export function inWords(value: unknown, language: string): string {
  if (typeof value !== 'object' || value === null) return '';
  const words = (value as Readonly<Record<string, unknown>>)[isChinese(language) ? 'zh-CN' : 'en'];
  return typeof words === 'string' ? words : '';
}

/** "昨天", "3天前"; "yesterday", "3 days ago". */
export function daysAgo(days: number, language: string): string {
  if (isChinese(language)) return ['今天', '昨天', '前天'][days] ?? `${days}天前`;
  return ['today', 'yesterday'][days] ?? `${days} days ago`;
}

/** "1天", "3天"; "1 day", "3 days". */
export function dayCount(days: number, language: string): string {
  if (isChinese(language)) return `${days}天`;
  return days === 1 ? '1 day' : `${days} days`;
}

const COLOURS: Readonly<Record<string, string>> = {
  black: '黑色',
  white: '白色',
  red: '红色',
  blue: '蓝色',
  grey: '灰色',
  green: '绿色',
  pink: '粉色',
  yellow: '黄色',
  beige: '米色',
  brown: '棕色',
};

export function colourName(colour: string, language: string): string {
  return isChinese(language) ? (COLOURS[colour] ?? colour) : colour;
}

export function sizeName(size: string, language: string): string {
  if (isChinese(language)) return `${size}码`;
  return `size ${size}`;
}

const LEVELS: Readonly<Record<string, readonly [string, string]>> = {
  basic: ['普通会员', 'basic member'],
  silver: ['银卡会员', 'silver member'],
  gold: ['金卡会员', 'gold member'],
  diamond: ['钻石会员', 'diamond member'],
};

export function levelName(level: unknown, language: string): string {
  return LEVELS[String(level)]?.[isChinese(language) ? 0 : 1] ?? '';
}

/** "黑色、白色和蓝色", "black, white and blue"; at most `most` of them, for nobody remembers more. */
export function listed(items: readonly string[], language: string, most = 4): string {
  const few = items.slice(0, most);
  const last = few.pop();
  if (last === undefined) return '';
  if (few.length === 0) return last;
  return isChinese(language) ? `${few.join('、')}和${last}` : `${few.join(', ')} and ${last}`;
}

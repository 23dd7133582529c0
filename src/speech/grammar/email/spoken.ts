/**
 * How Mandarin speakers say what an e-mail address is made of. The recogniser prints characters only, so each part prints one that stands for it (`code`) when its last sound is
 * heard; what is behind a lead ("我的邮箱是") is read back with `writtenEmail`.
 */

export interface SpokenPart {
  /** As it is written in an address. */
  readonly written: string;
  /** A character that the model prints for the last final of `said`. */
  readonly code: string;
  /** Syllables with tone numbers, 0 the neutral one. */
  readonly said: string;
}

/** Letters as they are named in China: English names in Mandarin sounds, in the tones that callers and voices give them. */
const LETTERS = `
a 诶 ei1 | a 诶 ei4 | b 币 bi4 | b 逼 bi1 | c 西 xi1 | c 非 sei1 | d 蒂 di4 | d 滴 di1 | e 懿 yi4 | e 漪 yi1 | f 服 ai2 fu0 | f 服 ai4 fu2 | g 暨 ji4 | g 讥 ji1
h 匙 ei1 chi0 | h 匙 ei4 chi0 | h 祛 ei1 qu1 | h 栖 ei1 qi1 | i 爱 ai4 | j 这 zhei4 | j 界 jie4 | k 魅 kei4 | k 揩 kai1 | l 喽 ai2 lou0 | l 勒 ai4 le4
m 母 ai2 mu0 | m 母 ai4 mu3 | n 恩 en1 | o 欧 ou1 | p 屁 pi4 | p 砒 pi1 | q 鸠 kiu1 | q 鸠 qiu1 | r 飒 a4 | r 儿 a4 er2 | s 思 ai2 si0 | s 思 ai4 si1
t 悌 ti4 | t 踢 ti1 | u 佑 you4 | u 优 you1 | v 魏 wei4 | v 薇 wei1 | w 舅 da2 bu0 liu0 | w 溜 da2 bu4 liu4 | x 殖 ai2 ke0 si0 | x 斯 ai4 ke4 si1
y 外 wai4 | y 歪 wai1 | z 备 zei4`;
const DIGITS =
  '0 零 ling2 | 1 一 yi1 | 1 幺 yao1 | 2 二 er4 | 3 三 san1 | 4 四 si4 | 5 五 wu3 | 6 六 liu4 | 7 七 qi1 | 8 八 ba1 | 9 九 jiu3';

export const EMAIL_LETTERS: readonly SpokenPart[] = parts(LETTERS);
export const EMAIL_DIGITS: readonly SpokenPart[] = parts(DIGITS);
/** Between letters and digits. */
export const EMAIL_SIGNS: readonly SpokenPart[] = parts('. 点 dian3 | - 杠 gang4 | _ 线 xia4 hua4 xian4');
export const EMAIL_DOT: readonly SpokenPart[] = EMAIL_SIGNS.slice(0, 1);
export const EMAIL_AT: readonly SpokenPart[] = parts(
  '@ 特 ai4 te4 | @ 特 ai1 te4 | @ 特 er4 te4 | @ 碑 quan1 ei1 | @ 鼠 xiao2 lao2 shu3',
);
/** Mail services by name. */
export const EMAIL_PROVIDERS: readonly SpokenPart[] = parts(
  'qq 扣 kou4 kou4 | sina 浪 xin1 lang4 | sohu 狐 sou1 hu2 | yahoo 虎 ya3 hu3 | gmail 歌 gu3 ge1',
);
export const EMAIL_ENDINGS: readonly SpokenPart[] = parts('com 姆 kang1 mu3 | com 姑 kang1 mu0 | net 讷 nai4 te4');
/** Services and endings that are spelled: 幺六三, Q Q, C O M. */
export const EMAIL_SPELLED_PROVIDERS = 'qq 163 126 139 189 gmail sina sohu foxmail outlook hotmail'.split(' ');
export const EMAIL_SPELLED_ENDINGS = 'com cn net org edu'.split(' ');
/** Said behind the provider: "新浪邮箱". */
export const EMAIL_TAIL: readonly SpokenPart[] = parts('邮箱 箱 you2 xiang1');
/** What may be said before an address. */
export const EMAIL_LEADS: readonly string[] = [
  '我的邮箱地址是',
  '我的邮箱是',
  '邮箱地址是',
  '邮箱是',
  '我的是',
  '发到',
  '是',
];

/** Whoever names one of these need not say how it goes on. */
const DOMAINS: Readonly<Record<string, string>> = {
  qq: 'qq.com',
  '163': '163.com',
  '126': '126.com',
  '139': '139.com',
  '189': '189.cn',
  sina: 'sina.com',
  sohu: 'sohu.com',
  yahoo: 'yahoo.com',
  gmail: 'gmail.com',
};

const WRITTEN: ReadonlyMap<string, string> = new Map(
  [
    ...[EMAIL_LETTERS, EMAIL_DIGITS, EMAIL_SIGNS, EMAIL_AT, EMAIL_PROVIDERS, EMAIL_ENDINGS].flat(),
    ...EMAIL_TAIL.map((tail) => ({ ...tail, written: '' })),
  ].map(({ code, written }) => [code, written]),
);
const ADDRESS = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9_-])?@[a-z0-9-]+(?:\.[a-z]{2,6}){0,2}$/;

/** What the graph of addresses printed, as it is written: "我的邮箱是13800138000@qq.com"; '' when that is no whole address. */
export function writtenEmail(printed: string): string {
  const lead = EMAIL_LEADS.find((each) => printed.startsWith(each)) ?? '';
  let address = '';
  for (const code of printed.slice(lead.length)) {
    const written = WRITTEN.get(code);
    if (written === undefined) return '';
    address += written;
  }
  if (!ADDRESS.test(address)) return '';
  const [local = '', domain = ''] = address.split('@');
  if (domain.includes('.')) return lead + address;
  const known = Object.hasOwn(DOMAINS, domain) ? DOMAINS[domain] : undefined;
  return known === undefined ? '' : `${lead}${local}@${known}`;
}

function parts(list: string): SpokenPart[] {
  return list
    .split(/[|\n]/)
    .filter((entry) => entry.trim() !== '')
    .map((entry) => entry.trim().split(/\s+/))
    .map(([written = '', code = '', ...said]) => ({ written, code, said: said.join(' ') }));
}

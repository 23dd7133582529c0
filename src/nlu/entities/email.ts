import { pinyin } from 'pinyin-pro';
import { digitRuns } from './digit-runs.js';
import { matchesOf } from './matches.js';
import type { Candidate, EntityContext } from './types.js';

/** E-mail addresses, typed and spoken ("john dot smith at gmail dot com", "幺三八 艾特 q q 点 com"). */

const TYPED = /[a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+/g;
/** Chinese providers are called by name. */
const DOMAINS: Readonly<Record<string, string>> = {
  '163': '163.com',
  '126': '126.com',
  qq: 'qq.com',
  扣扣: 'qq.com',
  抠抠: 'qq.com',
  gmail: 'gmail.com',
  谷歌: 'gmail.com',
  新浪: 'sina.com',
  sina: 'sina.com',
  搜狐: 'sohu.com',
  sohu: 'sohu.com',
  outlook: 'outlook.com',
  hotmail: 'hotmail.com',
  foxmail: 'foxmail.com',
  yahoo: 'yahoo.com',
  '139': '139.com',
  '189': '189.cn',
};
const AT = /(?:艾特|爱特|埃特|挨特|诶特|圈a|圈 a|小老鼠|花a|@|\bat\b(?!\s+\d+\s*(?:am|pm|o'?clock)))/g;
/** Who speaks Mandarin says "com" in Mandarin sounds. */
const MANDARIN_COM = '(?:康姆|康母|康木|抗姆|靠姆)';
const TOP =
  '(?:com\\s*(?:\\.|点|dot)\\s*cn|co\\s*(?:\\.|dot)\\s*uk|com|c\\s+o\\s+m|net|org|cn|edu|gov|io|co|uk|info|de|fr|ca|au)';
const DOT_TOP = new RegExp(`(?:\\.|点|dot)\\s*(${MANDARIN_COM}|${TOP})(?![a-z])`);
const IS_MANDARIN_COM = new RegExp(`^${MANDARIN_COM}$`);
const MANDARIN_QQ = /扣扣|抠抠/g;
/** A name in characters before the sign; what is longer is a sentence. */
const NAME = /^\p{Script=Han}{2,4}$/u;
const NUMBERS_ONLY = /^[零〇一幺二两三四五六七八九十百千]+$/u;
const SEPARATORS = /(下划线|减号|横杠|中划线|杠|点|小写的?|大写的?|[\s._+-]+)/u;
const DOMAIN_NAME = /^\s*[a-z0-9\u4e00-\u9fff][a-z0-9\-\u4e00-\u9fff .]*$/;
/** No domain is said in more characters, and nobody says "at" more often before the right one. */
const MAX_DOMAIN_CHARS = 80;
const MAX_ATS = 5;
const MAX_LOCAL_CHARS = 120;
/** Words that lead into an address and are no part of it. */
const LEAD =
  /(?:^|\s)(?:my|email|e-mail|mail|address|is|it's|its|it|the|that's|to|send|at|please|yes|yeah|no(?! reply)|sorry|actually|wait|sure|uh|um|okay|ok|you|can|reach|me|me at|write|contact|use|would|be|and|so|well|account)(?=\s)/g;

export function extractEmails(context: EntityContext): Candidate[] {
  const { plain } = context;
  const out: Candidate[] = [];
  for (const match of plain.includes('@') ? matchesOf(TYPED, plain) : [])
    out.push(make(context, match[0], match.index, match.index + match[0].length));
  if (out.length > 0) return out;
  for (const at of matchesOf(AT, plain).slice(0, MAX_ATS)) {
    const domain = readDomain(plain, at.index + at[0].length);
    const local = domain && readLocal(plain, at.index);
    if (domain && local) {
      out.push(make(context, `${local.text}@${domain.text}`, local.start, domain.end));
      break;
    }
  }
  return out;
}

function make(context: EntityContext, value: string, start: number, end: number): Candidate {
  return {
    entity: 'email',
    value,
    start,
    end,
    text: context.text.slice(start, end),
    confidence: 0.9,
    extractor: 'email',
    priority: 97,
  };
}

function readDomain(plain: string, from: number): { text: string; end: number } | undefined {
  const rest = plain.slice(from, from + MAX_DOMAIN_CHARS);
  const full = DOT_TOP.exec(rest);
  if (full && DOMAIN_NAME.test(rest.slice(0, full.index))) {
    const name = compact(rest.slice(0, full.index).replace(MANDARIN_QQ, 'qq'));
    const said = compact(full[1] ?? '');
    const top = IS_MANDARIN_COM.test(said) ? 'com' : said;
    if (/^[a-z0-9.-]+$/.test(name)) return { text: `${name}.${top}`, end: from + full.index + full[0].length };
  }
  const named =
    /^\s*(谷歌|新浪|搜狐|扣扣|抠抠|[a-z]+(?: [a-z](?![a-z]))*|[幺一二三四五六七八九零\d\s]+)(?:邮箱)?\s*(?:邮箱)?$/.exec(
      rest.replace(/[。.!]+$/, ''),
    );
  const key = named && compact(named[1] ?? '');
  const known = key === null || key === undefined ? undefined : DOMAINS[key];
  return known && named ? { text: known, end: from + named[0].trimEnd().length } : undefined;
}

function readLocal(plain: string, end: number): { text: string; start: number } | undefined {
  const from = Math.max(0, end - MAX_LOCAL_CHARS);
  const before = plain.slice(from, end);
  let start = 0;
  for (const match of matchesOf(LEAD, before)) start = match.index + match[0].length;
  const zh = /.*(?:邮箱地址是|邮箱是|邮箱地址|邮箱|邮件地址是|地址是|是|发到|为|:|：)\s*/.exec(before);
  if (zh) start = Math.max(start, zh[0].length);
  const words = before.slice(start);
  start += words.length - words.trimStart().length;
  const text = compact(inLetters(words));
  return /^[a-z0-9][a-z0-9._%+-]*$/.test(text) ? { text, start: from + start } : undefined;
}

/** 张三 is zhangsan: whoever names a mailbox so has it in pinyin. */
function inLetters(words: string): string {
  return words
    .split(SEPARATORS)
    .map((part) =>
      NAME.test(part) && !NUMBERS_ONLY.test(part) && !SEPARATORS.test(part)
        ? pinyin(part, { toneType: 'none', type: 'array', v: true }).join('')
        : part,
    )
    .join('');
}

/** Spoken parts as written: dots, dashes, underscores, digits; spaces go. */
function compact(words: string): string {
  let text = ` ${words.trim()} `
    .replace(/\s*(?:下划线|underscore)\s*/g, '_')
    .replace(/\s*(?:减号|横杠|中划线|杠|dash|hyphen|minus)\s*/g, '-')
    .replace(/\s*(?:点|\bdot\b|\bpoint\b|\bperiod\b)\s*/g, '.')
    .replace(/\s*\bplus\b\s*/g, '+')
    .replace(/\b(?:all )?(?:lower ?case|upper ?case|capital|letter)\b|小写的?|大写的?/g, ' ');
  const runs = digitRuns(text, { letters: false, cardinals: true }).sort((a, b) => b.start - a.start);
  for (const run of runs)
    if (/^[\s\S]*$/.test(run.digits) && !/[._-]/.test(text.slice(run.start, run.end)))
      text = text.slice(0, run.start) + run.digits + text.slice(run.end);
  return text.replace(/\s+/g, '');
}

/** What callers say beside the answer to a question, read in their own words. */

/** "再发一次", "没收到", "send it again", "it has not come": said of a code that is waited for. */
const CODE_MISSING =
  /(?:再|重新?|又|多)(?:给我)?(?:发|来|送)|没(?:有)?(?:收|接|看|得)到|(?:收|接)不到|没(?:有)?(?:来|到|短信|验证码)|\b(?:re-?send|send|text me|another|new (?:one|code))\b|\b(?:not|never)\b.*\b(?:(?:got|get|gotten|received?|seen?) (?:it|a|an|any|anything|the|that|your)\b|(?:arrived?|come|came)\b)|\b(?:no|nothing)\b.*\b(?:code|text|message|came|come|arrived)\b/iu;

export function saysCodeIsMissing(said: string): boolean {
  return CODE_MISSING.test(said.replace(/n[’']t\b/giu, ' not'));
}

/** "换一个", "打我老公的手机", "not this one", "use my work number": said when asked whether the number that is calling will do. */
const OTHER_NUMBER =
  /换(?:一?个|别的)?(?:手机|电话|座机)?号?码?(?=吧|行|可以|好|[\s，,。]|$)|(?:另外?|别的|其[他它]的?)(?:一?个)?(?:手机|电话|座机|号)|(?:不要|不是|不能|别|不)(?:打|回|用)?[这那]个|不对|(?:打|回|用)(?:到|给)?(?:我的?)?(?:老公|老婆|爱人|先生|太太|儿子|女儿|孩子|爸|妈|父|母|家|公司|单位|办公室|同事|朋友)|\b(?:different|another|other|new) (?:number|phone|one|line|cell|mobile)\b|\bnot (?:on |to )?(?:this|that)\b|\b(?:husband|wife|son|daughter|mother|father|mom|mum|dad|partner|friend|colleague)(?:'s)? (?:number|phone|cell|mobile)\b|\b(?:work|office|home|company) (?:number|phone|line)\b/iu;

const THIS_NUMBER =
  /^(?:嗯|对|好的?|可以|行|是|\s)*(?:就|打|回|用)+[这那]个(?:号码?|手机|电话)?[吧啊了的]*$|^(?:嗯|对|就|是|\s)*[这那]个(?:号码?|手机|电话|就行|就可以|行|可以)+[吧啊了的]*$|^(?:(?:yes|yeah|sure|ok|okay|just|use|call|on),? )*(?:this|that|the same)(?: (?:number|phone|one)| (?:is|will|would) (?:fine|ok|okay|do|good))+(?: please)?$/iu;
/** "能早一点吗", "not then", said of a time without another one. */
const OTHER_TIME =
  /(?:早|晚)(?:一?[点些])|(?:换|改)(?:一?个|一下|到|成)?(?:别的|其[他它]的?)?时间|\b(?:earlier|later|sooner|another time|different time|other time)\b/iu;

export function saysThisNumber(said: string): boolean {
  return THIS_NUMBER.test(said.trim().replace(/[。.!！]+$/u, ''));
}

export function saysOtherTime(said: string): boolean {
  return OTHER_TIME.test(said);
}

export function saysOtherNumber(said: string): boolean {
  return OTHER_NUMBER.test(said.replaceAll('’', "'"));
}

/** The words that answer "for yourself or for a company?", before the company's name. */
const COMPANY_WORD =
  /^\s*(?:嗯|呃|那|就|开|要|给|用|写|发票|抬头|是|的)*(?:单位|公司|企业)(?:的|吧|啊|发票|抬头|名称|名字|全称|就|叫|是|写|[\s，,：:。])*|^\s*(?:(?:um|uh|it's|it is|for|to|a|an|my|the|our)\s+)*(?:company|business)(?:(?:\s+(?:invoice|name|is|called|please))|[\s,.:])*/iu;
/** What the names of companies end with. */
const LEGAL_FORM =
  /(?:公司|集团|中心|事务所|工作室|商行|商店|厂|学校|医院|大学|协会|基金会|合作社)[\s。.]*$|\b(?:ltd|limited|inc|incorporated|llc|llp|plc|gmbh|corp|corporation|company|co|group)\.?\s*$/iu;
const SHORTEST_NAME_CHARS = 4;

/** "单位吧，杭州云启科技有限公司": the name that follows; undefined when none does. */
const BEFORE_NAME =
  /^(?:(?:不对|不是|错了|说错了|抬头|公司名?称?|名字|全称|应该|是|叫|写|改成|[\s，,。：:])+|(?:(?:no|sorry|wait|actually|it's|it is|the name is|make it|should be)[\s,.]+)+)/iu;

/** "不对，是杭州云启信息科技有限公司": the name of a company that is said when something else is asked. */
export function companyNamed(said: string): string | undefined {
  const name = said
    .trim()
    .replace(BEFORE_NAME, '')
    .replace(/[\s。.，,]+$/u, '');
  return name.length >= SHORTEST_NAME_CHARS && LEGAL_FORM.test(name) ? name : undefined;
}

/** "Company", "公司的": what kind it shall be, and no name. */
export function isOnlyKind(said: string): boolean {
  return COMPANY_WORD.exec(said)?.[0].length === said.length;
}

export function companyAfterKind(said: string): string | undefined {
  const word = COMPANY_WORD.exec(said);
  if (word === null) return undefined;
  const name = said.slice(word[0].length).replace(/[\s。.，,]+$/u, '');
  return name.length >= SHORTEST_NAME_CHARS && LEGAL_FORM.test(name) ? name : undefined;
}

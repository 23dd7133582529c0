/** What callers say beside the answer to a question, read in their own words. */

/** "再发一次", "没收到", "send it again", "it has not come": said of a code that is waited for. */
const CODE_MISSING =
  /(?:再|重新?|又|多)(?:给我)?(?:发|来|送)|没(?:有)?(?:收|接|看|得)到|(?:收|接)不到|没(?:有)?(?:来|到|短信|验证码)|\b(?:re-?send|send|text me|another|new (?:one|code))\b|\b(?:not|never)\b.*\b(?:(?:got|get|gotten|received?|seen?) (?:it|a|an|any|anything|the|that|your)\b|(?:arrived?|come|came)\b)|\b(?:no|nothing)\b.*\b(?:code|text|message|came|come|arrived)\b/iu;

export function saysCodeIsMissing(said: string): boolean {
  return CODE_MISSING.test(said.replace(/n[’']t\b/giu, ' not'));
}

/** The words that answer "for yourself or for a company?", before the company's name. */
const COMPANY_WORD =
  /^\s*(?:嗯|呃|那|就|开|要|给|用|写|发票|抬头|是|的)*(?:单位|公司|企业)(?:的|吧|啊|发票|抬头|名称|名字|全称|就|叫|是|写|[\s，,：:。])*|^\s*(?:(?:um|uh|it's|it is|for|to|a|an|my|the|our)\s+)*(?:company|business)(?:(?:\s+(?:invoice|name|is|called|please))|[\s,.:])*/iu;
/** What the names of companies end with. */
const LEGAL_FORM =
  /(?:公司|集团|中心|事务所|工作室|商行|商店|厂|学校|医院|大学|协会|基金会|合作社)[\s。.]*$|\b(?:ltd|limited|inc|incorporated|llc|llp|plc|gmbh|corp|corporation|company|co|group)\.?\s*$/iu;
const SHORTEST_NAME_CHARS = 4;

/** "单位吧，杭州云启科技有限公司": the name that follows; undefined when none does. */
export function companyAfterKind(said: string): string | undefined {
  const word = COMPANY_WORD.exec(said);
  if (word === null) return undefined;
  const name = said.slice(word[0].length).replace(/[\s。.，,]+$/u, '');
  return name.length >= SHORTEST_NAME_CHARS && LEGAL_FORM.test(name) ? name : undefined;
}

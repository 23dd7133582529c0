/** Whether what a caller says of the goods is a fault. */

/** What is left of an utterance when these are taken out may still tell a fault: "没摔过 就是开不了机". */
const SOUND_ZH =
  /(?:没有?|不是|并不是|也不|又不|不算|无)(?:任何|什么|啥|哪里|哪儿|那种|因为|的)*(?:质量)?(?:坏|破|碎|裂|毛病|问题|瑕疵|损坏|故障|异味|死|臭)(?:了|的|掉)?/gu;
/** "这不是坏了吗", "是不是坏了": a question that expects a yes. */
const ASKED_ZH = /是不是|不是[^,，。]{1,8}[吗嘛么]/u;
/** "有没有问题", "坏了能退吗": nothing is told. */
const OPEN_ZH = /有没有(?:质量)?(?:问题|毛病)|如果|要是|假如|万一/u;

const FAULT_ZH = new RegExp(
  [
    '坏(?!处|人|话|脾气)',
    '破(?=了|的|损|洞|皮|烂|口|$)',
    '碎|裂|馊|霉|变质|过期|瑕疵|毛病|故障|质量问题|拉肚子|短路|失灵|冒烟|开胶|脱胶|开线|脱线|掉漆|掉色|褪色|生锈|变形|花屏|黑屏|蓝屏|死机|划痕',
    '(?<![急烦气丑累笑吵热冷难看贵慢])死(?=了|的|掉|光|$)',
    '(?:腐|摔|压|磕|稀|全|都)烂|烂(?=了|的|掉|一)',
    '断(?=了|的|开|掉|$)|漏(?=了|的|水|电|气|油|液)',
    '(?:发|变|是|都|已经|很|好|真)臭|臭了|臭的|[异糊焦怪酸]味',
    '不(?:怎么|太|是很|大)?新鲜|不(?:亮|转|响|热|灵|工作|好使|制冷|制热|通电|出水|走字|显示)',
    '(?:不能|没法|没办法|无法)(?:正常)?(?:用|开机|使用|充电|启动|工作|吃|打开)',
    '[开充用打关连点启插吃](?:机|电)?不(?:了|着|开|起来|上|进|动|亮)',
    '没(?:有)?(?:反应|声音|信号|图像|画面)|缺(?=了|件|胳膊|少|东西)|少(?=了(?:个|一|零|配))|发霉|有洞',
    '有(?:一?点儿?|些|大|很大|质量|的)*问题(?![要想吗呢])|质量(?:太|很|特别|真|有点)?(?:差|不行|不好|不过关)',
  ].join('|'),
  'u',
);

const SOUND_EN =
  /\b(?:(?:nothing|no|not|never|isn't|aren't|wasn't|weren't|without)(?: (?:is|it|was|at|all|really|actually|any|a|an|kind|of|anything|quality|been))*|(?:doesn't|don't) (?:have|see) (?:any|a)(?: \w+)?) ?(?:broken|faulty|wrong|damaged?|defect(?:ive|s)?|faults?|issues?|problems?|bad|rotten|dead|scratch(?:ed|es)?)(?: with (?:it|them))?/gu;
const OPEN_EN = /\bif\b|\bwhether\b/u;
const FAULT_EN =
  /\b(?:broken?|breaks|faulty|damaged|defect(?:ive|s)?|dead|died|rotten|rotting|spoil(?:ed|t)|expired|mou?ldy|smashed|cracked|shattered|torn|ripped|leak(?:s|y|ed|ing)?|smell(?:s|y|ed)?|stinks?|scratch(?:ed|es)|malfunction\w*|(?:gone|went) (?:bad|off)|off already|fell apart|falling apart|out of order|quality (?:problem|issue)s?|(?:something|it|thing)(?:'s| is|s)? wrong|wrong with (?:it|them)|stopped working|not fresh|no (?:sound|picture|power)|(?:won't|wouldn't|doesn't|does not|will not|don't|do not|can't|cannot|can not|didn't|never|not|isn't) (?:\w+ ){0,2}?(?:turn(?:ing|ed)? (?:it )?on|switch(?:ing)? (?:it )?on|works?|working|worked|start(?:ing|s)?|charge|charging|power(?:ing)? (?:on|up)|boot(?:ing)?|light up|heat(?: up)?))\b/u;

/** True: it is faulty; false: the caller says that it is not; undefined: nothing is said of it. */
export function faultSaid(text: string): boolean | undefined {
  const said = text.toLowerCase().replaceAll('’', "'");
  return /\p{Script=Han}/u.test(said) ? faultInMandarin(said.replace(/\s+/gu, ' ')) : faultInEnglish(said);
}

function faultInMandarin(said: string): boolean | undefined {
  if (OPEN_ZH.test(said)) return undefined;
  if (ASKED_ZH.test(said)) return FAULT_ZH.test(said) ? true : undefined;
  const rest = said.replace(SOUND_ZH, '');
  if (FAULT_ZH.test(rest)) return true;
  return rest === said ? undefined : false;
}

function faultInEnglish(said: string): boolean | undefined {
  if (OPEN_EN.test(said)) return undefined;
  const rest = said.replace(SOUND_EN, '');
  if (FAULT_EN.test(rest)) return true;
  return rest === said ? undefined : false;
}

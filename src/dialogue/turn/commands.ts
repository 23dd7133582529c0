/**
 * What callers say at any time, in any application, in Mandarin and English. Only whole utterances count, so that nothing of an answer is taken for a command; an
 * application that understands more ways to say it trains an intent for it.
 */

/**
 * Politeness before and after. These repeat: none may be two others in a row ("请你" beside "请" and "你"), or a text that repeats it has twice as many readings with each time, and a
 * pattern that fails tries them all.
 */
const ZH_BEFORE =
  '嗯|呃|哦|噢|哎|唉|啊|好的?|行|那个|不好意思|对不起|抱歉|麻烦|请|你|您|能不能|可不可以|可以|能|我想|我要|我想要|给我|帮我|还是|那';
const ZH_AFTER = '一下|下|好吗|好不好|行吗|可以吗|吧|啊|呢|吗|谢谢';
const EN_BEFORE =
  "um|uh|sorry|excuse me|please|okay|ok|can you|could you|would you|can i|could i|may i|i'd like to|i would like to|i want to|i want|i need to|i need|let me|let's|just|get me|give me";
const EN_AFTER = 'please|thanks|thank you|now|again|for me|then';

/** "看一下" alone may be a wish: only who says that they will look themselves wants time. */
const ZH_SOUGHT = '订单号|单号|号码|手机|短信|验证码|邮箱|税号|全称|地址|卡号';
const ZH_WAIT = `(?:稍|先)?等(?:等|(?:一|1)?(?:下|会儿?|分钟|秒钟?))啊?|稍等|稍候|别急|(?:${ZH_SOUGHT})?(?:我|让我)(?:得|先)*(?:找|看|想|翻)(?:找|看|想|(?:一|1)?下)(?:${ZH_SOUGHT})?|(?:我|让我)(?:得|先|去)*(?:找|翻|拿)(?:${ZH_SOUGHT})|我?(?:还|正)?在等(?:短信|验证码)`;
const ZH: Readonly<Record<string, string>> = {
  action_repeat:
    '再(?:说|讲|念|播|来)(?:一遍|一次|一下|遍)|(?:重复|重说|重播)(?:一遍|一次)?|没听(?:清|清楚|见|到|明白)|(?:刚才|刚刚)?说(?:的)?(?:是)?什么|再说',
  action_slower:
    '(?:说|讲|说得|讲得)?(?:再)?慢(?:一|1)?(?:点|些)(?:儿)?(?:说|讲)?|(?:说|讲)?(?:得)?太快了?|慢慢(?:说|讲)',
  action_faster:
    '(?:说|讲|说得|讲得)?(?:再)?快(?:一|1)?(?:点|些)(?:儿)?(?:说|讲)?|(?:说|讲)?(?:得)?太慢了?|(?:恢复)?正常(?:语速|速度)',
  action_back: '返回(?:上一步|上一级|上一层)?|(?:回到|退回|退到)?上一(?:步|级|层|个问题)|退回(?:去)?|后退',
  action_wait: `(?:${ZH_WAIT})(?:${ZH_WAIT})?`,
  action_restart: '重新(?:开始|来)(?:一遍|一次)?|从头(?:开始|再来|来)(?:一遍|一次)?|回到(?:开头|主菜单|首页)|主菜单',
  action_what_can_you_do:
    '(?:你们?|您)?(?:都)?(?:能|会|可以)(?:帮我)?(?:做|干|办)(?:些|点)?(?:什么|啥|哪些事?)|(?:都)?有(?:什么|哪些)(?:功能|服务|业务|选项)|帮助|怎么用|菜单',
  action_hand_off:
    '(?:转接|转|找|接|换|叫|要)?(?:到)?(?:一?个)?(?:人工|真人|活人)(?:客服|服务|坐席|座席|台|来)?|(?:转接|转|找|接)(?:到)?(?:一?个)?(?:客服|坐席|座席|接线员|专员)(?:人员)?|(?:跟|和)(?:人|人工|真人|客服)(?:说|讲|聊)(?:话)?|不要机器人',
};
const EN_SOUGHT =
  '(?:the |my |that )?(?:order number|tax number|phone number|number|phone|glasses|text|text message|message|texts|messages|code|e-?mail|address|card)';
const EN_WAIT = `(?:hold|hang) on(?: a (?:second|sec|moment|minute))?|wait(?: a (?:second|sec|moment|minute))?|(?:a|one) (?:second|sec|moment|minute)|(?:let me|i'll|i will|i have to|i've got to|i need to)(?: just)? (?:check|look|see|think|look it up|(?:find|get|look for|look up) (?:it|${EN_SOUGHT}))|bear with me|(?:i'm |i am )?(?:still )?waiting for (?:the|that|my|a) (?:text|text message|message|sms|code)`;
const EN: Readonly<Record<string, string>> = {
  action_repeat:
    "(?:repeat|say)(?: that| it| this)?(?: once more| one more time)?|come again|pardon(?: me)?|what did you say|(?:i )?(?:did not|didn't) (?:hear|get|catch) (?:that|you)|one more time",
  action_slower:
    "(?:speak |talk |say it |go )?(?:more slowly|slower|a bit slower|a little slower)|slow down(?: a bit| a little)?|(?:you are |you're |that is |that's )?too fast",
  action_faster:
    "(?:speak |talk |go )?(?:a bit |a little )?(?:faster|quicker)|speed up|(?:you are |you're )?too slow|normal speed",
  action_back: 'go back(?: one step| a step)?|(?:the )?(?:previous|last) (?:step|question)|one step back|step back',
  action_wait: `(?:${EN_WAIT})(?: (?:${EN_WAIT}))?`,
  action_restart:
    '(?:start|begin)(?: all)? (?:over|again)|restart|(?:start |go back to |from )the (?:beginning|start)|main menu',
  action_what_can_you_do:
    'what can (?:you do|i do|i say|i ask|you help me with)|what are my options|(?:the )?(?:help|menu|options)',
  action_hand_off:
    '(?:(?:to )?(?:speak|talk) (?:to|with) |connect me (?:to|with) |put me through to |transfer me to |to )?(?:a |an |the )?(?:real |live |human )?(?:person|human|agent|operator|representative|somebody|someone|colleague|human being)(?: agent)?|customer service|no (?:robots?|machines?)',
};

const PATTERNS: readonly { readonly action: string; readonly pattern: RegExp }[] = [
  ...Object.entries(ZH).map(([action, core]) => ({
    action,
    pattern: new RegExp(`^(?:${ZH_BEFORE})*(?:${core})(?:${ZH_AFTER})*$`, 'u'),
  })),
  ...Object.entries(EN).map(([action, core]) => ({
    action,
    pattern: new RegExp(`^(?:(?:${EN_BEFORE}) )*(?:${core})(?: (?:${EN_AFTER}))*$`, 'u'),
  })),
];

/** "不用了，谢谢", "no thanks": said to a question that wants no yes or no, it gives up what is under way. */
const DECLINES: readonly RegExp[] = [
  /^(?:嗯|呃|哦|好的?|那|还是|我|先|现在|暂时|就|都|也)*(?:不用|不必|不需要|用不着|没必要|不要|不了|不查|不办|不弄|不麻烦|算了|没事)(?:你们?|您|再|查|办|弄|帮忙|麻烦)*(?:了|啦|吧|啊|的)*(?:谢谢|多谢|感谢|谢了|麻烦)?(?:你们?|您|了|啊|啦)*(?:再见|拜拜)?$/u,
  /^(?:(?:oh|um|uh|well|okay|ok|no|nope|nah|actually|it's okay|it is okay|that's okay|that's fine|sorry) )*(?:no|nope|nah|not now|not anymore|not any more|never ?mind|forget (?:it|about it)|don't bother|no need|i don't need (?:it|that|anything|help)|i don't want (?:it|that|to)|i'm (?:fine|good)|i am (?:fine|good))(?: (?:anymore|any more|then|now|it))*(?: (?:thanks|thank you)(?: (?:very much|so much|a lot|anyway|though))?)?(?: (?:bye|goodbye))?$/u,
];
/** A bare "no" may as well mean "I have none" or "that is wrong". */
const BARE = /^(?:不|不要|没事|no|nope|nah)+$/u;

/** Whether an utterance, taken whole, says that nothing more is wanted of what is under way. */
export function declines(text: string): boolean {
  const [plain, tight] = plainForms(text);
  if (plain === undefined || tight === undefined || BARE.test(tight)) return false;
  return DECLINES.some((pattern) => pattern.test(plain) || (tight !== plain && pattern.test(tight)));
}

/** Commands are short; longer texts are not tried. */
const MAX_CHARS = 60;

/** The built-in action that an utterance asks for; undefined when it is none. */
export function commandOf(text: string): string | undefined {
  const [plain, tight] = plainForms(text);
  if (plain === undefined || tight === undefined) return undefined;
  // Chinese is written without blanks: both forms are the same then.
  return PATTERNS.find(({ pattern }) => pattern.test(plain) || (tight !== plain && pattern.test(tight)))?.action;
}

/** In small letters without punctuation, with blanks and without; nothing for a text that is too long, or empty. */
function plainForms(text: string): readonly [string?, string?] {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > MAX_CHARS) return [];
  const plain = trimmed
    .toLowerCase()
    .replace(/[’]/gu, "'")
    .replace(/[，。！？、,.!?;；~…]+/gu, ' ')
    .trim()
    .replace(/\s+/gu, ' ');
  return [plain, plain.replace(/\s/gu, '')];
}

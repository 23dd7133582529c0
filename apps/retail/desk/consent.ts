import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { saysOtherTime } from './said.js';

/**
 * Asked "确定退货吗？" people say "退吧" and "那就退了吧": the verb of the question is its yes. These read it for the questions that do something, whatever the same words would be a wish
 * for elsewhere. Only an utterance that holds nothing else counts; with "不" or another thing in it, it is for the understanding to say.
 */

interface Verb {
  readonly zh: string;
  readonly en: string;
}

const RETURN: Verb = {
  zh: '退(?:货|掉|回去)?',
  en: 'return|send|take|refund',
};
const EXCHANGE: Verb = {
  zh: '换(?:货|掉)?(?:一?[个件双台]?新的?)?',
  en: '(?:exchange|swap|change|replace)(?: (?:it |that )?for (?:a|the) new one)?|send (?:me )?(?:a|the) new one',
};
const CALL: Verb = {
  zh: '(?:打|回)(?:电话|过来)?',
  en: 'call|ring|phone',
};

const BEFORE_ZH =
  'ok|okay|yes|嗯|啊|哦|唉|对|是|的|好|行|可以|确定|确认|当然|肯定|就|那|还是|请|麻烦|你|您|给|帮|把|我|它|直接|赶紧|快|都|要|想|了|吧';
const AFTER_ZH = '给|我|它|了|吧|啊|呗|呀|嘛|哦|的|就行|好了|一下|谢谢|行|可以|对';
const BEFORE_EN =
  "yes|yeah|yep|yup|sure|ok|okay|right|correct|fine|alright|please|just|then|well|so|go|ahead|and|let's|you|can|could|i|want|to|i'd|like";
const AFTER_EN = 'it|them|that|this|me|back|please|then|now|thanks|thank|you';
const DO_IT_EN = '(?:do|arrange|book) (?:it|that|so)|go ahead';

function yesOf({ zh, en }: Verb): (text: string) => boolean {
  const chinese = new RegExp(`^(?:${BEFORE_ZH})*(?:${zh})(?:${AFTER_ZH})*$`, 'u');
  const english = new RegExp(`^(?:(?:${BEFORE_EN}) )*(?:${DO_IT_EN}|${en})(?: (?:${AFTER_EN}))*$`, 'u');
  return (text) => {
    const plain = text
      .toLowerCase()
      .replaceAll('’', "'")
      .replace(/[\s，。！、,.!~]+/gu, ' ')
      .trim();
    return (
      !ASKS.test(plain) &&
      plain.length <= MOST_CHARS &&
      (chinese.test(plain.replaceAll(' ', '')) || english.test(plain))
    );
  };
}

/** "Can I return them?" is no yes, as "can you …" is. */
const ASKS = /\b(?:can|could|may) i\b/u;
/** Longer answers hold more than a yes. */
const MOST_CHARS = 40;

export const saysReturn = yesOf(RETURN);
export const saysExchange = yesOf(EXCHANGE);
export const saysCall = yesOf(CALL);

function reader(slot: string, saysYes: (text: string) => boolean): ActionDefinition {
  const run = ({ latest }: ActionContext): ActionResult => (saysYes(latest.text) ? { slots: { [slot]: true } } : {});
  return { name: `action_read_${slot}`, lookup: true, run };
}

/** "Can you make it earlier?" is a no to the time read back, unless another one is told. */
function readCallTime({ latest }: ActionContext): ActionResult {
  if (saysCall(latest.text)) return { slots: { callback_confirmed: true } };
  const told = latest.entities.some(({ entity }) => ['date', 'time', 'datetime', 'any_time'].includes(entity));
  return !told && saysOtherTime(latest.text) ? { slots: { callback_confirmed: false } } : {};
}

const GO_ON =
  /^(?:对|嗯|好的?|行|那|就|我|还|[\s，,])*(?:接着|继续|要办|办完|还要|没说完|没办完)|^(?:(?:yes|yeah|ok|okay|please|let's|let us|i want to|we can)[\s,]+)*(?:go on|continue|keep going|carry on|finish)\b/iu;

/** "接着办", "继续", "go on": the words of the question. */
function readGoOn({ latest }: ActionContext): ActionResult {
  return GO_ON.test(latest.text.trim().replaceAll('’', "'")) ? { slots: { go_on: true } } : {};
}

/** Who is hardly heard to say no may be saying something else, and is not hung up on. */
const SURE_TO_LEAVE = 0.7;

function readMoreHelp({ latest }: ActionContext): ActionResult {
  return latest.confidence < SURE_TO_LEAVE ? { slots: { more_help: null } } : {};
}

export const consentActions: readonly ActionDefinition[] = [
  reader('return_confirmed', saysReturn),
  reader('return_wanted', saysReturn),
  { name: 'action_read_callback_confirmed', lookup: true, run: readCallTime },
  reader('callback_wanted', saysCall),
  { name: 'action_read_go_on', lookup: true, run: readGoOn },
  { name: 'action_read_more_help', lookup: true, run: readMoreHelp },
];

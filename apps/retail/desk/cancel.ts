import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { get, orderPath, send, shopAction, shopLookup, textSlot } from './shop-client.js';
import { daysAgo } from './words.js';

/** Dropping an order that has not left yet. */

export const cancelActions: readonly ActionDefinition[] = [
  shopLookup('action_check_cancel', async (context) => {
    const { status, body } = await get(context, orderPath(context, 'cancellation'));
    if (status !== 200) return { slots: { shop_trouble: true } };
    return { slots: { cancel_problem: body.problem, cancel_goes_back: body.goesBack } };
  }),

  { name: 'validate_cancel_confirmed', lookup: true, run: (context) => readAnswer(context) },

  shopAction('action_cancel_order', async (context) => {
    const phoneTail = textSlot(context, 'phone_tail');
    const asked = { order: context.slots.order_key, phoneTail };
    const { status, body } = await send(context, 'POST', '/cancellations', asked);
    if (status === 403 || status === 429) return { slots: { identity: 'locked', order_cancelled: false } };
    // It has left, or was cancelled, since it was looked up.
    if (status === 409) return { slots: { order_cancelled: false } };
    if (status !== 201) return { slots: { shop_trouble: true, order_cancelled: false } };
    const refund = Number(body.refundYuan ?? 0);
    return {
      slots: {
        order_cancelled: true,
        order_state: 'cancelled',
        order_where: null,
        refund_amount: refund,
        refund_state: refund > 0 ? 'paid' : 'none',
        refund_when: daysAgo(0, context.language),
      },
    };
  }),
];

/**
 * "取消", said to "确定取消吗？", is the yes of that question, as "cancel it" is; anywhere else they give up what is under way. "算了", "cancel that" and their like give it up here
 * too, and "别取消", "don't cancel it" are a no whatever they were taken for. Who is not clear keeps the order: it can be cancelled a moment later, but not brought back.
 */
function readAnswer({ latest, slots }: ActionContext): ActionResult {
  const said = latest.text
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/[\s，。！？、,.!?]+/gu, ' ')
    .trim();
  // Keys have no words.
  if (said === '') return {};
  // The menu's button, pressed once more, is the beginning of it all and no answer.
  if (said.startsWith('/cancel_order')) return { slots: { cancel_confirmed: null } };
  const not = NOT_ZH.test(said) || NOT_EN.test(said);
  const echo = ECHO_ZH.test(said.replaceAll(' ', '')) || ECHO_EN.test(said) || YES_AND_ECHO_EN.test(said);
  const cancels = latest.intent === 'cancel_order' || latest.intent === 'cancel';
  // "What happens if I cancel?", "can I order it again?": nothing is decided.
  if (!not && !echo && cancels && (ASKS.test(said) || latest.confidence < SURE))
    return { slots: { cancel_confirmed: null } };
  const wish = latest.intent === 'cancel_order' || (latest.intent === 'cancel' && echo);
  const yes = !not && (wish || slots.cancel_confirmed === true);
  return yes === slots.cancel_confirmed ? {} : { slots: { cancel_confirmed: yes } };
}

const SURE = 0.6;
const ASKS =
  /什么|怎么|多久|多少|几[天时点]|如果|要是|会不会|还能|\b(?:what|when|how|why|where|who|which|if)\b|\b(?:can|could|may|will|would|do) i\b/u;
const NOT_ZH = /(?:不(?:要|用|想|需要|必)?|别|甭|勿|没有?(?:要|想|说)?)(?:再|先|给我|帮我|急着|把它)?取消|算了|留着/u;
const NOT_EN = /\b(?:not|don't|dont|never|without|no need to)\b.{0,16}\bcancel|\b(?:keep|forget|never ?mind|leave)\b/;
const ECHO_ZH =
  /^(?:嗯|对|是的?|好的?|行|可以|确定|确认|就|那|还是|请|麻烦|你|您|给我|帮我|直接|不要了|不想要了|要|我|都|它|把它)*取消(?:掉|了|订单|它)*(?:吧|啊|呗|的|谢谢)*$/u;
const ECHO_EN =
  /^(?:(?:yes|yeah|yep|sure|ok|okay|right|please|just|go ahead|and|you can|i want to) )*cancel (?:it|the order|my order)(?: (?:please|then|now|thanks|thank you))*$/;
/** A bare "cancel that" gives up; after a yes it is one. */
const YES_AND_ECHO_EN =
  /^(?:yes|yeah|yep|sure|ok|okay|right|correct) (?:please )?cancel(?: that| this| that order| this order)?(?: please)?$/;

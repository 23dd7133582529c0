import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';

/** Asked whether there is anything else: what has just been done is not wanted after all, or the order that was just looked up is to be dropped. */

interface Done {
  /** The slot that tells that it is done. */
  readonly by: string;
  readonly zh: RegExp;
  readonly en: RegExp;
}

const NOT_ZH = '(?:不(?:想|要|用)?|别|先不)(?:再)?';
const END_ZH = '(?:了|吧|啊|行吗|可以吗|好吗|[\\s。.!！?？])*$';
const NOT_EN = "(?!.*\\b(?:anything|else|more)\\b)\\b(?:don't|do not|not|won't|no need to)\\b.{0,20}\\b";

const DONE: readonly Done[] = [
  {
    by: 'return_number',
    zh: new RegExp(`${NOT_ZH}退货?${END_ZH}|取消退货`, 'u'),
    en: new RegExp(`${NOT_EN}return|\\bcancel (?:the|my|that) return|\\bkeep it\\b`, 'u'),
  },
  {
    by: 'exchange_number',
    zh: new RegExp(`${NOT_ZH}换货?${END_ZH}|取消换货`, 'u'),
    en: new RegExp(`${NOT_EN}(?:exchange|swap)|\\bcancel (?:the|my|that) exchange`, 'u'),
  },
  {
    by: 'callback_number',
    zh: new RegExp(
      `${NOT_ZH}(?:给我)?[打回](?:电话|过来|来)?${END_ZH}|取消回电|(?:号码?|电话|手机)(?:说|报|记|是)?(?:错|不对)`,
      'u',
    ),
    en: new RegExp(
      `${NOT_EN}(?:call|ring)|\\bcancel (?:the|my|that) call|\\bwrong number\\b|\\bnumber(?:'s| is| was) wrong\\b`,
      'u',
    ),
  },
  {
    by: 'address_changed',
    zh: new RegExp(`${NOT_ZH}改${END_ZH}|改回(?:去|来|原来)`, 'u'),
    en: /\bchange it back\b|\bold address\b/u,
  },
  { by: 'order_cancelled', zh: new RegExp(`${NOT_ZH}取消${END_ZH}`, 'u'), en: new RegExp(`${NOT_EN}cancel`, 'u') },
];
const UNDO = /撤销|撤回|反悔|\bundo\b|\bchanged my mind\b/u;
/** Which order is not said: "取消订单" may be another one. */
const CANCEL =
  /^(?:对|嗯|是的|好的?|那|就|还是|请|麻烦|你|帮我|给我|直接|把它|我要|我想|[\s，,])*取消(?:掉|了|吧|它|[\s。.!！])*$|^(?:(?:yes|yeah|then|so|ok|okay|just|please|can you|could you|i want to|actually)[\s,]+)*cancel (?:it|that|this)(?: please)?[\s.!?]*$|^(?:yes|yeah)[\s,]+cancel[\s.!]*$/u;
const NOT_HERE_YET: ReadonlySet<unknown> = new Set(['unpaid', 'preparing', 'shipped', 'arriving']);

/** `done`: it can't be undone here; `order`: the order is to be cancelled. */
function whatToUndo({ latest, slots }: ActionContext): 'done' | 'order' | undefined {
  const said = latest.text.toLowerCase().replaceAll('’', "'");
  const done = DONE.filter(({ by }) => Boolean(slots[by]));
  if (done.some(({ zh, en }) => zh.test(said) || en.test(said))) return 'done';
  if (done.length > 0 && UNDO.test(said)) return 'done';
  if (!CANCEL.test(said) || (slots.order_key ?? null) === null) return undefined;
  const undone = NOT_HERE_YET.has(slots.order_state) || done.length === 0;
  return undone ? 'order' : 'done';
}

export const undoActions: readonly ActionDefinition[] = [
  {
    name: 'action_read_undo',
    lookup: true,
    run: (context): ActionResult => {
      const undo = whatToUndo(context);
      return undo === undefined ? {} : { slots: { more_help: true, undo_of: undo } };
    },
  },
];

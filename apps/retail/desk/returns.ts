import type { ActionContext, ActionDefinition, ActionResult } from '../../../src/dialogue/actions/api.js';
import { saysExchange } from './consent.js';
import { readExchangeWish } from './exchange-words.js';
import { faultSaid } from './fault.js';
import { isSameItem } from './orders.js';
import { get, orderPath, type ShopAnswer, send, shopAction, shopLookup, textSlot } from './shop-client.js';
import { colourName, daysAgo, listed, sizeName } from './words.js';

/** Sending back, getting money back, and having another one. */

const order = (context: ActionContext): unknown => context.slots.order_key;

export const returnActions: readonly ActionDefinition[] = [
  shopLookup('action_check_return', async (context) => {
    const { body } = await get(context, orderPath(context, 'return'));
    const tooLate = body.problem === 'too_late' && context.slots.fault_told === true;
    return {
      slots: {
        return_problem: tooLate ? 'too_late_faulty' : body.problem,
        return_because: body.because,
        return_days_left: body.daysLeft,
      },
    };
  }),

  { name: 'action_read_fault', lookup: true, run: (context) => readFault(context) },
  { name: 'action_read_return_faulty', lookup: true, run: (context) => readFaultyAnswer(context) },

  shopAction('action_create_return', async (context) => {
    const faulty = context.slots.return_faulty === true || context.slots.fault_told === true;
    const { status, body } = await send(context, 'POST', '/returns', { order: order(context), faulty });
    return { slots: { return_number: status === 201 ? String(body.number) : null } };
  }),

  shopLookup('action_check_refund', async (context) => {
    const { body } = await get(context, orderPath(context, 'refund'));
    return {
      slots: {
        refund_state: body.state,
        refund_amount: body.amountYuan,
        refund_when: daysAgo(Number(body.days ?? 0), context.language),
      },
    };
  }),

  shopLookup('action_check_exchange', async (context) => {
    const { body } = await get(context, orderPath(context, 'exchange'));
    const sizes = strings(context.slots.order_sizes);
    const colours = strings(context.slots.order_colours);
    // What was said at the start already tells what it is about: "换大一号", "想换黑色的".
    const told =
      (context.slots.new_size ?? null) !== null
        ? 'size'
        : (context.slots.new_colour ?? null) !== null
          ? 'colour'
          : context.slots.fault_told === true
            ? 'faulty'
            : null;
    const wish = context.slots.exchange_kind ?? told;
    const impossible = (wish === 'size' && sizes.length === 0) || (wish === 'colour' && colours.length === 0);
    return {
      slots: {
        exchange_problem: impossible && body.problem === 'none' ? 'no_choice' : body.problem,
        exchange_kind: impossible ? null : wish,
        exchange_changed: null,
        ...choices(context, body),
      },
    };
  }),

  { name: 'action_read_exchange_kind', lookup: true, run: (context) => readKind(context) },
  { name: 'action_read_exchange_wish', lookup: true, run: (context) => readWish(context) },
  { name: 'action_read_exchange_choice', lookup: true, run: (context) => readChoice(context) },
  { name: 'action_read_exchange_confirmed', lookup: true, run: (context) => readExchangeAnswer(context) },

  shopLookup('action_check_stock', async (context) => {
    const [size, colour] = [readSize(context), readColour(context)];
    if (size === null) return { slots: { exchange_outcome: 'unknown', new_size: null }, say: ['utter_no_such_size'] };
    if (colour === null)
      return { slots: { exchange_outcome: 'unknown', new_colour: null }, say: ['utter_no_such_colour'] };
    const query = new URLSearchParams({ ...(size === '' ? {} : { size }), ...(colour === '' ? {} : { colour }) });
    const { body } = await get(context, `${orderPath(context, 'exchange')}?${query}`);
    const wanted = [
      ...(colour === '' ? [] : [colourName(colour, context.language)]),
      ...(size === '' ? [] : [sizeName(size, context.language)]),
    ];
    const soldOut = body.inStock !== true;
    return {
      slots: {
        new_size: size === '' ? null : size,
        new_colour: colour === '' ? null : colour,
        exchange_outcome: soldOut ? 'sold_out' : 'in_stock',
        ...(soldOut ? { exchange_kind: toAskAnew(context, size, body), ...choices(context, body) } : {}),
        exchange_wish: wanted.join(context.language.startsWith('zh') ? '' : ', '),
      },
    };
  }),

  shopAction('action_create_exchange', async (context) => {
    const { status, body } = await send(context, 'POST', '/exchanges', {
      order: order(context),
      ...(context.slots.new_size === null ? {} : { size: context.slots.new_size }),
      ...(context.slots.new_colour === null ? {} : { colour: context.slots.new_colour }),
      faulty: context.slots.exchange_kind === 'faulty',
    });
    return { slots: { exchange_number: status === 201 ? String(body.number) : null } };
  }),
];

/** What does not work is goods only where goods are talked about: vouchers, cards and accounts do not work either. */
const NOT_OF_GOODS: ReadonlySet<string> = new Set(['payment_problem', 'password_reset', 'membership', 'invoice']);
const OF_GOODS: ReadonlySet<string | null> = new Set([null, 'return_request', 'exchange_request', 'anything_else']);

function readFault(context: ActionContext): ActionResult {
  const { latest, activeLoop, slots } = context;
  const ofGoods = OF_GOODS.has(activeLoop) && !NOT_OF_GOODS.has(latest.intent);
  const faulty = ofGoods ? faultSaid(latest.text) : undefined;
  const late = faulty === true && activeLoop === 'anything_else' && TOO_LATE.has(slots.return_problem);
  return {
    slots: {
      ...(faulty === undefined ? {} : { fault_told: faulty }),
      late_fault: late && !namesAnother(context) ? true : null,
    },
  };
}

const TOO_LATE: ReadonlySet<unknown> = new Set(['too_late', 'too_late_faulty']);

/** Other goods than those just talked about: by their number, or by what they are. */
function namesAnother(context: ActionContext): boolean {
  const item = textSlot(context, 'order_item');
  return context.latest.entities.some(
    ({ entity, value }) =>
      entity === 'order_number' || entity === 'digits' || (entity === 'product' && !isSameItem(String(value), item)),
  );
}

function readFaultyAnswer({ latest }: ActionContext): ActionResult {
  const faulty = faultSaid(latest.text);
  return faulty === undefined ? {} : { slots: { return_faulty: faulty } };
}

/** `42`, `XL`, or from the size there is: "大一号". Empty when none was said, null when there is no such size. */
function readSize(context: ActionContext): string | null {
  const said = String(context.slots.new_size ?? '').trim();
  if (said === '') return '';
  const sizes = strings(context.slots.order_sizes);
  const at = sizes.indexOf(textSlot(context, 'order_size'));
  const step = said === 'bigger' ? 1 : said === 'smaller' ? -1 : 0;
  if (step !== 0) return at === -1 ? null : (sizes[at + step] ?? null);
  const named = /(?:XXL|XL|XS|[SML]|\d{2})(?![A-Z\d])/.exec(said.toUpperCase())?.[0];
  return sizes.find((each) => each === named) ?? null;
}

function readColour(context: ActionContext): string | null {
  const said = textSlot(context, 'new_colour');
  return said === '' || strings(context.slots.order_colours).includes(said) ? said : null;
}

/** A size or a colour, said where its kind was asked for, tells the kind. */
function readKind(context: ActionContext): ActionResult {
  const { size, colour, fit } = readExchangeWish(context.latest.text);
  if (size !== undefined || colour !== undefined || fit === true)
    return { slots: { exchange_kind: size === undefined && fit !== true ? 'colour' : 'size' } };
  const said = new Set(context.latest.entities.map(({ entity }) => entity));
  if (said.has('size') || said.has('number') || said.has('quantity')) return { slots: { exchange_kind: 'size' } };
  return said.has('colour') ? { slots: { exchange_kind: 'colour' } } : {};
}

/** The wish that begins it: "跑鞋小了，想换四十四码的". */
function readWish({ latest, activeLoop }: ActionContext): ActionResult {
  if (latest.intent !== 'exchange_request' || activeLoop === 'exchange_request') return {};
  const { size, colour, fit } = readExchangeWish(latest.text);
  return {
    slots: {
      ...(size === undefined ? {} : { new_size: size }),
      ...(colour === undefined ? {} : { new_colour: colour }),
      // "Too small" is no size.
      ...(fit === true ? { exchange_kind: 'size', new_size: null } : {}),
    },
  };
}

/** Asked which size or colour: "不要大的，我要S" is an S, and "不要大号的" no answer yet. */
function readChoice({ latest }: ActionContext): ActionResult {
  const { size, colour, not, fit } = readExchangeWish(latest.text);
  return {
    slots: {
      // "Too small" is no size.
      ...(size === undefined && not !== 'size' && fit !== true ? {} : { new_size: size ?? null }),
      ...(colour === undefined && not !== 'colour' ? {} : { new_colour: colour ?? null }),
    },
  };
}

/** Asked whether it shall be so: "换吧" is a yes, "不要M，要红色的" a wish for another one. */
function readExchangeAnswer({ latest, slots }: ActionContext): ActionResult {
  if (saysExchange(latest.text)) return { slots: { exchange_confirmed: true } };
  const { size, colour, not } = readExchangeWish(latest.text);
  const other =
    (size !== undefined && size !== slots.new_size) || (colour !== undefined && colour !== slots.new_colour);
  if (!other) return {};
  const newSize = size ?? (not === 'size' ? null : slots.new_size);
  const newColour = colour ?? (not === 'colour' ? null : slots.new_colour);
  return {
    slots: {
      exchange_confirmed: false,
      exchange_changed: true,
      exchange_kind: size === undefined ? 'colour' : 'size',
      new_size: newSize,
      new_colour: newColour,
    },
  };
}

/** What there is of it besides the one that came: never what is sold out. */
function choices(context: ActionContext, body: ShopAnswer['body']): NonNullable<ActionResult['slots']> {
  const { language, slots } = context;
  const colours = strings(body.coloursLeft).filter((each) => each !== slots.order_colour);
  return {
    size_choice: sizeChoice(strings(body.sizesLeft), strings(slots.order_sizes), language),
    colour_choice: listed(
      colours.map((each) => colourName(each, language)),
      language,
    ),
  };
}

/** Of a size and a colour that can't be had together the one that is asked for anew: the size, as long as there is one in that colour. */
function toAskAnew(context: ActionContext, size: string, body: ShopAnswer['body']): unknown {
  if (context.slots.exchange_kind === 'faulty') return 'faulty';
  return size !== '' && strings(body.sizesLeft).length > 0 ? 'size' : 'colour';
}

/** "37码到43码", as long as none between them is missing. */
function sizeChoice(left: readonly string[], all: readonly string[], language: string): string {
  const chinese = language.startsWith('zh');
  const [first, last] = [left[0], left.at(-1)];
  if (first === undefined || last === undefined) return '';
  const whole = all.indexOf(last) - all.indexOf(first) === left.length - 1;
  if (!whole || left.length < 3)
    return listed(
      left.map((each) => (chinese ? `${each}码` : each)),
      language,
      left.length,
    );
  return chinese ? `${first}码到${last}码` : `${first} to ${last}`;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}

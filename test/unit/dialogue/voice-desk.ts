import { randomUUID } from 'node:crypto';
import type { BotAction, Brain, Channel, TurnResult, UserInput } from '../../../src/dialogue/brain.js';
import type { FakeUtterance } from '../../../src/testing/fake-intent-model.js';

/** A small service desk with a slot of every type: what voice asks of a conversation is tried on it. */
export const DESK_FILES = {
  'config.yml': 'language: zh-CN\n',
  'domain.yml': `intents: [book, move, hours, affirm, deny, inform, correct, tell_state, nothing]
entities: [digits, phone_number, date, time, amount, city, order_number]
slots:
  order_number:
    type: text
    mappings: [{type: from_entity, entity: order_number}, {type: from_entity, entity: digits}]
    voice: {type: order_number, length: [8], implicit_from: 0.85, ask_again_below: 0.35}
  phone:
    type: text
    mappings: [{type: from_entity, entity: phone_number}]
    voice: {type: phone_number, length: [11]}
    depends_on: [order_number]
  day:
    type: text
    mappings: [{type: from_entity, entity: date}]
    voice: {type: date, confirm: never}
  clock:
    type: text
    mappings: [{type: from_entity, entity: time}]
    voice: {type: time, confirm: never}
  city:
    type: categorical
    values: [北京, 上海, 广州]
    mappings: [{type: from_entity, entity: city}]
  seats:
    type: float
    min_value: 1
    max_value: 9
    mappings: [{type: from_entity, entity: digits, conditions: [{active_loop: book, requested_slot: seats}]}]
    voice: {type: number, confirm: never}
  sure:
    type: bool
    mappings: [{type: from_intent, intent: affirm, value: true}, {type: from_intent, intent: deny, value: false}]
  trouble:
    type: text
    mappings: [{type: from_text, conditions: [{active_loop: move, requested_slot: trouble}]}]
    voice: {type: text, confirm: never, keypad: {"1": 坏了, "2": 少件}}
  home_city:
    type: text
    profile: true
    mappings: [{type: custom}]
  profile_consent:
    type: bool
    mappings: [{type: from_intent, intent: affirm, value: true}, {type: from_intent, intent: deny, value: false}]
responses:
  utter_ask_order_number: [{text: 请说订单号。}]
  utter_ask_order_number_retry_1: [{text: 麻烦再说一次八位订单号。}]
  utter_confirm_order_number: [{text: "{order_number}？", metadata: {speech: "是{order_number}，对吗？"}}]
  utter_confirm_implicit_order_number: [{text: "订单{order_number}。"}]
  utter_ask_phone: [{text: 请说手机号。}]
  utter_confirm_slot: [{text: "是{value}，对吗？"}]
  utter_ask_day: [{text: 哪天？}]
  utter_ask_clock: [{text: 几点？}]
  utter_ask_city: [{text: 哪个城市？}]
  utter_ask_seats: [{text: 几位？}]
  utter_ask_sure: [{text: 确定吗？}]
  utter_ask_trouble: [{text: 怎么了？}]
  utter_booked: [{text: "订好了，{city}{day}{clock}，{seats}位。"}]
  utter_moved: [{text: 记下了。}]
  utter_hours:
    - {text: 九点到六点。}
  utter_no_match_1: [{text: 没听懂。}]
  utter_no_match_2: [{text: 还是没听懂。}]
  utter_menu:
    - text: 请选。
      buttons: [{title: 订, payload: /book}, {title: 改, payload: /move}]
`,
  'rules.yml': `rules:
  - rule: hours
    steps: [{intent: hours}, {action: utter_hours}]
  - rule: nothing
    steps: [{intent: nothing}, {action: utter_menu}]
`,
  'flows.yml': `flows:
  book:
    name: 订座
    description: book a table
    nlu_trigger: [{intent: book}]
    persisted_slots: [order_number]
    steps:
      - collect: order_number
      - collect: phone
      - collect: city
      - collect: day
      - collect: clock
      - collect: seats
      - collect: sure
        ask_before_filling: true
      - action: utter_booked
  move:
    name: 报修
    description: tell what is wrong
    nlu_trigger: [{intent: move}]
    persisted_slots: [order_number, trouble]
    steps:
      - collect: order_number
      - collect: trouble
      - action: utter_moved
`,
};

const entity = (name: string, value: unknown, confidence = 0.95): FakeUtterance => ({
  intent: 'inform',
  entities: [{ entity: name, value, confidence }],
});
export const DESK_WORDS: Readonly<Record<string, FakeUtterance | string>> = {
  订座: 'book',
  报修: 'move',
  几点关门: 'hours',
  对: 'affirm',
  不对: 'deny',
  菜单选项: 'nothing',
  '20250415': entity('order_number', '20250415'),
  '87654321': entity('order_number', '87654321'),
  '13800138000': entity('phone_number', '13800138000'),
  明天: entity('date', '2026-11-22'),
  下午三点: entity('time', '15:00'),
  上海: entity('city', '上海'),
  不对是87654321: { intent: 'correct', entities: [{ entity: 'order_number', value: '87654321' }] },
  '报修，顺便订座': {
    intent: 'move',
    wishes: [
      { intent: 'move', words: '报修' },
      { intent: 'book', words: '订座' },
    ],
  },
  '20250415，顺便几点关门': {
    intent: 'inform',
    entities: [{ entity: 'order_number', value: '20250415', words: '20250415' }],
    wishes: [
      { intent: 'inform', words: '20250415' },
      { intent: 'hours', words: '几点关门' },
    ],
  },
};

/** One caller at the desk; what it was answered in short. */
export class DeskCaller {
  readonly id = randomUUID();
  readonly #brain: Brain;
  readonly #channel: Channel;
  #count = 0;

  constructor(
    brain: Brain,
    readonly sender: string | undefined = undefined,
    channel: Channel = 'voice',
  ) {
    this.#brain = brain;
    this.#channel = channel;
  }

  say(text: string, confidence = 0.95): Promise<Answer> {
    return this.send({ type: 'text', text, confidence });
  }

  key(digits: string): Promise<Answer> {
    return this.send({ type: 'dtmf', digits });
  }

  silent(attempt: number): Promise<Answer> {
    return this.send({ type: 'event', name: 'no_input', attempt });
  }

  async send(input: UserInput): Promise<Answer> {
    const result = await this.#brain.handle({
      conversationId: this.id,
      messageId: `m${this.#count++}`,
      channel: this.#channel,
      input,
      ...(this.sender === undefined ? {} : { sender: this.sender }),
    });
    const says = result.actions.filter((action) => action.type === 'say');
    return {
      result,
      texts: says.map((action) => action.text),
      speech: says.map((action) => action.speech).join(' '),
      rates: says.map((action) => action.rate ?? 1),
      expects: result.actions.find((action) => action.type === 'expect')?.expectation,
      types: result.actions.map((action) => action.type),
    };
  }
}

export interface Answer {
  readonly result: TurnResult;
  readonly texts: readonly string[];
  readonly speech: string;
  readonly rates: readonly number[];
  readonly expects: Extract<BotAction, { type: 'expect' }>['expectation'] | undefined;
  readonly types: readonly string[];
}

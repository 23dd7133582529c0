import { Connection } from './chat-client.js';

/** The load of `bench/chat.ts` and of the scenario beside it: conversations over real HTTP, with what must be true of each reply. Runs in a process of its own. */

export interface LoadOptions {
  readonly port: number;
  /** All of them are open at once: every one has its first turn before any has its second. */
  readonly conversations: number;
  /** Requests under way at once. */
  readonly inFlight: number;
  readonly prefix: string;
  /** Each wish in many words, as people have them, and many orders. Default: always the same words. */
  readonly varied?: boolean;
  /** A request that is refused with 5xx or 409, or whose connection breaks, is sent again with the same message id. Default: that is an error. */
  readonly retry?: boolean;
  readonly onTurn?: (done: number) => void;
}

export interface LoadReport {
  readonly turns: number;
  readonly seconds: number;
  /** Sorted. */
  readonly timesMs: readonly number[];
  /** Replies of another conversation, to another message, or that make no sense after what was said before. */
  readonly wrong: readonly string[];
  /** Requests that were sent again. */
  readonly retries: number;
  /** Of messages that were sent once more at the end: answered anew instead of with the first reply. */
  readonly doubled: number;
  readonly cpuMs: number;
}

interface Step {
  readonly words: readonly string[];
  readonly expected: RegExp;
}

/** An order's number is put for `#`. The first words of each are the plain ones. */
const STEPS: readonly Step[] = [
  { words: ['你好', '您好', '喂你好', '早上好', '你好啊', '下午好'], expected: /您好|你好/ },
  {
    words: [
      '我想查一下订单',
      '帮我查个订单',
      '查一下我的订单到哪了',
      '我要查订单',
      '我的快递到哪里了',
      '我的包裹到哪了',
    ],
    expected: /订单号/,
  },
  { words: ['#', '订单号是#', '我的订单号是#', '号码是#', '是#'], expected: /#/ },
  {
    words: ['你们几点下班', '营业时间是几点', '你们几点开门', '客服几点上班', '你们周末上班吗'],
    expected: /九点|9|21/,
  },
  { words: ['我要退货', '我想退货', '我想把它退了', '帮我办退货', '这个我要退货'], expected: /退/ },
  // Who has a return under way is told so first.
  { words: ['再见', '拜拜', '好的再见', '先这样再见'], expected: /再见|没有办好/ },
];
const ORDERS = [
  ['20250415', '运动鞋'],
  ['12345678', '耳机'],
  ['40021987', '咖啡机'],
  ['10048765', '雨伞'],
  ['20260001', '水杯'],
  ['87654321', '手机'],
  ['98765432', '台灯'],
  ['55018866', '键盘'],
] as const;
const PLAIN_ORDERS = 3;
export const TURNS = STEPS.length;
const RETRY_MS = 50;
const MAX_RETRIES = 400;

interface Answer {
  readonly conversationId: string;
  readonly messageId: string;
  readonly repeated: boolean;
  readonly replies: unknown;
}

/** Each conversation asks for an order, is told which, asks something else, returns it, and says goodbye. */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const free: Connection[] = [];
  const timesMs: number[] = [];
  const wrong: string[] = [];
  let retries = 0;
  let doubled = 0;
  const last = new Map<string, string>();
  const idOf = (index: number): string => `${options.prefix}-${index}`;

  const turn = async (index: number, number: number): Promise<void> => {
    const id = idOf(index);
    const { text, expected } = said(index, number, options.varied === true);
    const began = performance.now();
    const { answer, again } = await ask(id, String(number), text);
    timesMs.push(performance.now() - began);
    retries += again;
    const replies = JSON.stringify(answer.replies);
    if (answer.conversationId !== id || answer.messageId !== String(number) || !expected.test(replies))
      wrong.push(`${id}/${number}: ${replies}`);
    // Without a retry nothing may have been done before.
    if (again === 0 && answer.repeated) wrong.push(`${id}/${number}: a reply was given twice`);
    if (number === TURNS - 1) last.set(id, replies);
    options.onTurn?.(timesMs.length);
  };

  async function post(body: string): Promise<Answer> {
    const connection = free.pop() ?? new Connection(options.port);
    try {
      const answer = await connection.post('/chat', body);
      if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.body.slice(0, 300)}`);
      return JSON.parse(answer.body) as Answer;
    } finally {
      free.push(connection);
    }
  }

  async function ask(id: string, messageId: string, text: string): Promise<{ answer: Answer; again: number }> {
    const body = JSON.stringify({ conversationId: id, messageId, text });
    for (let again = 0; ; again++) {
      try {
        return { answer: await post(body), again };
      } catch (error) {
        if (options.retry !== true || again >= MAX_RETRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  const cpu = process.cpuUsage();
  const began = performance.now();
  for (let number = 0; number < TURNS; number++)
    await each(options.conversations, options.inFlight, (index) => turn(index, number));
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(cpu);

  const sample = Math.min(options.conversations, 50);
  await each(sample, Math.min(options.inFlight, sample), async (index) => {
    const { answer } = await ask(idOf(index), String(TURNS - 1), said(index, TURNS - 1, options.varied === true).text);
    if (!answer.repeated || JSON.stringify(answer.replies) !== last.get(idOf(index))) doubled++;
  });
  for (const connection of free) connection.close();
  timesMs.sort((a, b) => a - b);
  return {
    turns: timesMs.length,
    seconds,
    timesMs,
    wrong,
    retries,
    doubled,
    cpuMs: (used.user + used.system) / 1000,
  };
}

function said(index: number, number: number, varied: boolean): { readonly text: string; readonly expected: RegExp } {
  const [order, item] = ORDERS[index % (varied ? ORDERS.length : PLAIN_ORDERS)] ?? ORDERS[0];
  const step = STEPS[number];
  if (step === undefined) throw new Error(`there is no turn ${number}`);
  // Which words go with which order and with each other changes from conversation to conversation.
  const words = step.words[varied ? (index * 7 + number * 3) % step.words.length : 0] ?? '';
  const expected = step.expected.source === '#' ? new RegExp(item) : step.expected;
  return { text: words.replace('#', order), expected };
}

async function each(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}

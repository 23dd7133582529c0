import { Agent, request } from 'node:http';

/** The load of `bench/chat.ts` and of the scenario beside it: conversations over real HTTP, with what must be true of each reply. Runs in a process of its own. */

export interface LoadOptions {
  readonly port: number;
  /** All of them are open at once: every one has its first turn before any has its second. */
  readonly conversations: number;
  /** Requests under way at once. */
  readonly inFlight: number;
  readonly prefix: string;
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

export const TURNS = 6;
const ORDERS = [
  ['20250415', '运动鞋'],
  ['12345678', '耳机'],
  ['40021987', '咖啡机'],
] as const;
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
  const agent = new Agent({ keepAlive: true, maxSockets: options.inFlight });
  const timesMs: number[] = [];
  const wrong: string[] = [];
  let retries = 0;
  let doubled = 0;
  const last = new Map<string, string>();
  const idOf = (index: number): string => `${options.prefix}-${index}`;

  const turn = async (index: number, number: number): Promise<void> => {
    const id = idOf(index);
    const { text, expected } = said(index, number);
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

  async function ask(id: string, messageId: string, text: string): Promise<{ answer: Answer; again: number }> {
    for (let again = 0; ; again++) {
      try {
        return { answer: await post(agent, options.port, { conversationId: id, messageId, text }), again };
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
    const { answer } = await ask(idOf(index), String(TURNS - 1), said(index, TURNS - 1).text);
    if (!answer.repeated || JSON.stringify(answer.replies) !== last.get(idOf(index))) doubled++;
  });
  agent.destroy();
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

function said(index: number, number: number): { readonly text: string; readonly expected: RegExp } {
  const [order, item] = ORDERS[index % ORDERS.length] ?? ORDERS[0];
  const turns: readonly (readonly [string, RegExp])[] = [
    ['你好', /您好|你好/],
    ['我想查一下订单', /订单号/],
    [order, new RegExp(item)],
    ['你们几点下班', /九点|9|21/],
    ['我要退货', /退/],
    ['再见', /再见/],
  ];
  const [text, expected] = turns[number] ?? ['', /./];
  return { text, expected };
}

async function each(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}

function post(agent: Agent, port: number, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const payload = JSON.stringify(body);
    const outgoing = request(
      {
        agent,
        port,
        host: '127.0.0.1',
        path: '/chat',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(text) as Answer);
          else reject(new Error(`status ${response.statusCode}: ${text.slice(0, 300)}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

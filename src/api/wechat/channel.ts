import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Brain } from '../../dialogue/brain.js';
import { messageOf } from '../../errors.js';
import type { VisitorLines } from '../../handoff/visitor-lines.js';
import { chatTurn } from '../chat.js';
import type { WeChatClient } from './client.js';
import { readMessage, textsOf, type WeChatMessage } from './messages.js';
import { writeXml } from './xml.js';

export interface WeChatChannelOptions {
  readonly brain: Brain;
  readonly logger: Logger;
  /** Makes the conversation's key unlike those of another account. */
  readonly appId: string;
  /** Undefined without an app secret: then only what fits into the passive reply is answered. */
  readonly client: WeChatClient | undefined;
  /** WeChat waits 5 s; what takes longer is sent as a customer-service message. */
  readonly passiveReplyMs: number;
  readonly language?: string | undefined;
  /** What people at the desk write goes out as customer-service messages. */
  readonly visitors?: Pick<VisitorLines, 'attach'> | undefined;
}

/** "Nothing to say now": WeChat then neither shows an error nor asks again. */
export const SUCCESS = 'success';
/** Messages whose answer is kept for repetitions; WeChat repeats within 15 s. */
const KEPT_ANSWERS = 5000;
const KEPT_MS = 60_000;
/** Replies that may be on their way at once. */
const MAX_LATE = 1000;
/** Conversations that people have in hand at once. */
const MAX_WITH_PEOPLE = 1000;

/**
 * People who write to an official account. A message is answered once, however often WeChat sends it: in the reply to the request while there is time, and by a
 * customer-service message when there is not.
 */
export class WeChatChannel {
  readonly #options: WeChatChannelOptions;
  readonly #answers = new Map<string, { readonly atMs: number; readonly answer: Promise<string> }>();
  readonly #late = new Set<Promise<void>>();

  readonly #withPeople = new Map<string, () => void>();

  constructor(options: WeChatChannelOptions) {
    this.#options = options;
  }

  /** What to answer to these elements of a message: XML, or `success`. Never rejects. */
  answer(fields: ReadonlyMap<string, string>): Promise<string> {
    const message = readMessage(fields);
    if (message?.input === undefined) return Promise.resolve(SUCCESS);
    const key = `${message.openId} ${message.messageId}`;
    const known = this.#answers.get(key);
    if (known !== undefined && known.atMs + KEPT_MS > performance.now()) return known.answer;
    const answer = this.#answer(message);
    this.#answers.delete(key);
    this.#answers.set(key, { atMs: performance.now(), answer });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= KEPT_ANSWERS) break;
      this.#answers.delete(oldest);
    }
    return answer;
  }

  /** Waits for replies that are on their way, then ends. */
  async close(): Promise<void> {
    for (const stop of this.#withPeople.values()) stop();
    await Promise.race([Promise.allSettled(this.#late), new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
    this.#options.client?.close();
  }

  async #answer(message: WeChatMessage): Promise<string> {
    const turn = this.#turn(message).catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'a turn over WeChat failed');
      return [] as readonly string[];
    });
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.#options.passiveReplyMs);
    });
    const texts = await Promise.race([turn, limit]);
    clearTimeout(timer);
    if (texts === undefined) {
      void this.#sendLater(message, turn);
      return SUCCESS;
    }
    const [first, ...rest] = texts;
    if (first === undefined) return SUCCESS;
    if (rest.length > 0) void this.#sendLater(message, Promise.resolve(rest));
    return writeXml({
      ToUserName: message.openId,
      FromUserName: message.accountId,
      CreateTime: Math.floor(Date.now() / 1000),
      MsgType: 'text',
      Content: first,
    });
  }

  async #turn(message: WeChatMessage): Promise<readonly string[]> {
    if (message.input === undefined) return [];
    const { appId, brain, language } = this.#options;
    const sender = createHash('sha256').update(`${appId} ${message.openId}`).digest('hex').slice(0, 40);
    const conversationId = `wechat-${sender}`;
    const reply = await chatTurn(brain, {
      conversationId,
      messageId: message.messageId,
      sender: `wechat:${message.openId}`,
      language,
      input: message.input,
    });
    if (reply.person === undefined) this.#leavePeople(conversationId);
    else this.#followPeople(reply.conversationId, conversationId, message);
    return textsOf(reply);
  }

  /** A person writes when they want: each line goes out in its turn, until nobody is there any more. `key`: the conversation's own id, `id`: the one that it has become. */
  #followPeople(id: string, key: string, message: WeChatMessage): void {
    const { visitors, client } = this.#options;
    if (visitors === undefined || client === undefined) return;
    if (this.#withPeople.has(key) || this.#withPeople.size >= MAX_WITH_PEOPLE) return;
    let before: Promise<unknown> = Promise.resolve();
    let left = false;
    const stop = visitors.attach(id, ({ who, name, text, over }) => {
      const line = who === 'agent' && name !== undefined ? `${name}：${text}` : text;
      before = this.#sendLater(
        message,
        before.then(() => [line]),
      );
      if (over !== true) return;
      left = true;
      this.#leavePeople(key);
    });
    // What waited may have been the end already.
    if (left) stop();
    else this.#withPeople.set(key, stop);
  }

  #leavePeople(key: string): void {
    this.#withPeople.get(key)?.();
    this.#withPeople.delete(key);
  }

  /** Resolves when they are sent, or could not be. */
  #sendLater(message: WeChatMessage, texts: Promise<readonly string[]>): Promise<void> {
    const { client, logger } = this.#options;
    if (client === undefined || this.#late.size >= MAX_LATE) {
      logger.error(
        { reason: client === undefined ? 'no app secret is set' : 'too many are on their way' },
        'a reply over WeChat could not be sent after the time for it was over',
      );
      return Promise.resolve();
    }
    const sending = (async () => {
      for (const text of await texts) await client.sendText(message.openId, text);
    })()
      .catch((error: unknown) => logger.error({ reason: messageOf(error) }, 'a late reply over WeChat was not sent'))
      .finally(() => this.#late.delete(sending));
    this.#late.add(sending);
    return sending;
  }
}

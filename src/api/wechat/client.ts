import { z } from 'zod';
import { HearkenError, messageOf } from '../../errors.js';

export interface WeChatClientOptions {
  /** `https://api.weixin.qq.com`, or where a test runs its own. */
  readonly baseUrl: string;
  readonly appId: string;
  readonly appSecret: string;
  /** Default 5 s. */
  readonly timeoutMs?: number;
  readonly now?: () => number;
}

/** A token is renewed this long before it ends. WeChat's live for two hours. */
const EARLY_MS = 300_000;
/** invalid credential, invalid token, token expired. Source: https://developers.weixin.qq.com/doc/offiaccount/en/Getting_Started/Global_Return_Code.html */
const STALE_TOKEN: ReadonlySet<number> = new Set([40001, 40014, 42001]);
/** -1: "system busy, try later". */
const BUSY = -1;
const MAX_ATTEMPTS = 3;
const RETRY_MS = 300;
/** What an answer may be at most. */
const MAX_ANSWER_CHARS = 65_536;

const tokenAnswer = z.object({ access_token: z.string().min(1).max(2048), expires_in: z.number().positive() });
const sendAnswer = z.object({ errcode: z.number().default(0), errmsg: z.string().default('') });

/** WeChat's server API, as far as replies that come late need it. */
export class WeChatClient {
  readonly #options: WeChatClientOptions;
  readonly #abort = new AbortController();
  #token: { readonly value: string; readonly untilMs: number } | undefined;
  #asking: Promise<string> | undefined;

  constructor(options: WeChatClientOptions) {
    this.#options = options;
  }

  /** Customer-service message (allowed for 48 hours after the person wrote). Rejects with CALL_FAILED and WeChat's own words. */
  async sendText(openId: string, text: string): Promise<void> {
    const body = JSON.stringify({ touser: openId, msgtype: 'text', text: { content: text } });
    for (let attempt = 1; ; attempt++) {
      const token = await this.#accessToken();
      const answer = sendAnswer.safeParse(
        await this.#post(`/cgi-bin/message/custom/send?access_token=${encodeURIComponent(token)}`, body),
      );
      if (!answer.success) throw failed('its answer was not understood');
      const { errcode, errmsg } = answer.data;
      if (errcode === 0) return;
      if (STALE_TOKEN.has(errcode)) this.#token = undefined;
      if ((!STALE_TOKEN.has(errcode) && errcode !== BUSY) || attempt >= MAX_ATTEMPTS) {
        throw failed(`${errcode} ${errmsg.slice(0, 200)}`);
      }
      if (errcode === BUSY) await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt));
    }
  }

  /** Ends what is under way. */
  close(): void {
    this.#abort.abort();
  }

  #accessToken(): Promise<string> {
    const token = this.#token;
    if (token !== undefined && token.untilMs > this.#now()) return Promise.resolve(token.value);
    // Everybody who needs one waits for the same question: WeChat counts them.
    this.#asking ??= this.#askToken().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** The "stable" token: instances that ask get the same one, and do not end each other's. */
  async #askToken(): Promise<string> {
    const { appId, appSecret } = this.#options;
    const body = JSON.stringify({ grant_type: 'client_credential', appid: appId, secret: appSecret });
    const answer = await this.#post('/cgi-bin/stable_token', body);
    const token = tokenAnswer.safeParse(answer);
    if (!token.success) {
      const why = sendAnswer.safeParse(answer);
      throw failed(why.success ? `no token: ${why.data.errcode} ${why.data.errmsg.slice(0, 200)}` : 'no token');
    }
    const livesMs = token.data.expires_in * 1000;
    this.#token = {
      value: token.data.access_token,
      untilMs: this.#now() + Math.max(livesMs - EARLY_MS, livesMs / 2),
    };
    return token.data.access_token;
  }

  async #post(path: string, body: string): Promise<unknown> {
    try {
      const response = await fetch(new URL(path, this.#options.baseUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body,
        redirect: 'error',
        signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(this.#options.timeoutMs ?? 5000)]),
      });
      const text = await response.text();
      if (!response.ok || text.length > MAX_ANSWER_CHARS) throw new Error(`status ${response.status}`);
      return JSON.parse(text);
    } catch (error) {
      // Never with the address: the token stands in it.
      throw failed(messageOf(error));
    }
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function failed(reason: string): HearkenError {
  return new HearkenError('CALL_FAILED', `WeChat's server API: ${reason}`, {
    hint: 'Check HEARKEN_WECHAT_APP_SECRET, the IP whitelist of the account, and that the account may send customer-service messages.',
  });
}

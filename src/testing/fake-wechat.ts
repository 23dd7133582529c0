import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signatureOf, type WeChatCipher } from '../api/wechat/crypto.js';
import { writeXml } from '../api/wechat/xml.js';

/** WeChat's server API on loopback: gives tokens, takes customer-service messages, fails when told to. */
export class FakeWeChat {
  readonly sent: { readonly openId: string; readonly text: string }[] = [];
  /** Bodies of token requests. */
  readonly tokenRequests: unknown[] = [];
  /** Error codes for the next messages. */
  readonly failures: number[] = [];
  readonly #server: Server;
  #valid = '';

  private constructor() {
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += String(chunk);
      });
      request.on('end', () => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(this.#answer(url, JSON.parse(text || '{}'))));
      });
    });
  }

  static async start(): Promise<FakeWeChat> {
    const fake = new FakeWeChat();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The token that was given out last is worth nothing any more. */
  expireToken(): void {
    this.#valid = '';
  }

  #answer(url: URL, body: { touser?: string; text?: { content?: string } }): object {
    if (url.pathname === '/cgi-bin/stable_token') {
      this.tokenRequests.push(body);
      this.#valid = `token-${this.tokenRequests.length}`;
      return { access_token: this.#valid, expires_in: 7200 };
    }
    const failure = this.failures.shift();
    if (failure !== undefined) return { errcode: failure, errmsg: 'told to fail' };
    if (url.searchParams.get('access_token') !== this.#valid) return { errcode: 40001, errmsg: 'invalid credential' };
    this.sent.push({ openId: body.touser ?? '', text: body.text?.content ?? '' });
    return { errcode: 0, errmsg: 'ok' };
  }
}

/** A message as WeChat would send it: query and body, signed, and encrypted when there is a cipher. */
export function wechatRequest(
  token: string,
  fields: Readonly<Record<string, string | number>>,
  options: { readonly cipher?: WeChatCipher; readonly atMs?: number } = {},
): { readonly url: string; readonly body: string } {
  const timestamp = String(Math.floor((options.atMs ?? Date.now()) / 1000));
  const nonce = '1320562132';
  const query = new URLSearchParams({ signature: signatureOf(token, timestamp, nonce), timestamp, nonce });
  const plain = writeXml({ ToUserName: 'gh_account', CreateTime: Number(timestamp), ...fields });
  if (options.cipher === undefined) return { url: `/webhooks/wechat?${query}`, body: plain };
  const sealed = options.cipher.encrypt(plain);
  query.set('encrypt_type', 'aes');
  query.set('msg_signature', signatureOf(token, timestamp, nonce, sealed));
  return {
    url: `/webhooks/wechat?${query}`,
    body: writeXml({ ToUserName: 'gh_account', Encrypt: sealed }),
  };
}

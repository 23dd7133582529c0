import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Config } from '../../config.js';
import type { Brain } from '../../dialogue/brain.js';
import { HearkenError } from '../../errors.js';
import type { VisitorLines } from '../../handoff/visitor-lines.js';
import { errorResponse } from '../schemas.js';
import { SUCCESS, WeChatChannel } from '../wechat/channel.js';
import { WeChatClient } from '../wechat/client.js';
import { signatureFits, signatureOf, WeChatCipher } from '../wechat/crypto.js';
import { readXml, writeXml } from '../wechat/xml.js';

export interface WeChatRouteOptions {
  readonly brain: Brain;
  readonly logger: Logger;
  readonly config: Config['wechat'];
  readonly visitors?: Pick<VisitorLines, 'attach'> | undefined;
}

const word = z.string().max(128);
const query = z.object({
  signature: word.optional(),
  timestamp: z.string().max(20).default(''),
  nonce: word.default(''),
  echostr: z.string().max(4096).optional(),
  msg_signature: word.optional(),
  encrypt_type: z.string().max(16).optional(),
});
type Query = z.infer<typeof query>;

/** WeChat's requests are small; pictures come as links. */
const BODY_LIMIT_BYTES = 65_536;

/**
 * `/webhooks/wechat`: the "server URL" of a WeChat official account. GET answers the check when the address is entered in WeChat's console, POST takes messages, plain or
 * encrypted. Nothing without a valid signature gets further than this file.
 */
export async function wechatRoutes(
  app: FastifyInstance,
  { brain, logger, config, visitors }: WeChatRouteOptions,
): Promise<void> {
  const { token, appId, appSecret, aesKey } = config;
  if (token === undefined) return;
  const cipher = aesKey === undefined ? undefined : new WeChatCipher(aesKey, appId);
  const client = appSecret === undefined ? undefined : new WeChatClient({ baseUrl: config.apiBase, appId, appSecret });
  const channel = new WeChatChannel({
    brain,
    logger,
    appId,
    client,
    passiveReplyMs: config.passiveReplyMs,
    language: config.language,
    visitors,
  });
  app.addHook('preClose', () => channel.close());
  // WeChat sends XML under either name; as text, so that only our own reader sees it.
  for (const type of ['text/xml', 'application/xml'])
    app.addContentTypeParser(type, { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES }, (_request, body, done) =>
      done(null, body),
    );

  const checkTime = (timestamp: string): void => {
    const ageMs = Math.abs(Date.now() - Number(timestamp) * 1000);
    if (/^\d{1,12}$/.test(timestamp) && (config.maxAgeMs === 0 || ageMs <= config.maxAgeMs)) return;
    throw refused("The message is too old or from the future: check this machine's clock.");
  };
  const checkSignature = ({ signature = '', timestamp, nonce }: Query): void => {
    if (!signatureFits(signature, [token, timestamp, nonce])) throw refused('The signature is wrong.');
    checkTime(timestamp);
  };

  const tags = ['wechat'];
  const text = z.string();
  app.withTypeProvider<ZodTypeProvider>().get(
    '/webhooks/wechat',
    {
      schema: {
        summary: "WeChat's check of this address",
        tags,
        querystring: query,
        produces: ['text/plain'],
        response: { 200: text, 403: errorResponse },
      },
    },
    async (request, reply) => {
      checkSignature(request.query);
      return reply.type('text/plain; charset=utf-8').send(request.query.echostr ?? '');
    },
  );

  app.withTypeProvider<ZodTypeProvider>().post(
    '/webhooks/wechat',
    {
      // All messages of an account come from a few addresses of WeChat's.
      config: { rateLimit: false },
      schema: {
        summary: 'Messages of a WeChat official account',
        tags,
        consumes: ['text/xml'],
        produces: ['text/xml'],
        querystring: query,
        body: z.string().describe('WeChat XML, plain or with <Encrypt>'),
        response: { 200: text.describe('WeChat XML, or `success`'), 400: errorResponse, 403: errorResponse },
      },
    },
    async (request, reply) => {
      const encrypted = request.query.encrypt_type === 'aes';
      // The signature comes first: without it not even the XML is read.
      if (!encrypted || request.query.signature !== undefined) checkSignature(request.query);
      let fields = readXml(request.body);
      if (encrypted) fields = readXml(open(request.query, fields.get('Encrypt') ?? ''));
      else if (cipher !== undefined && config.encryptedOnly) throw refused('The message is not encrypted.');
      const answer = await channel.answer(fields);
      if (answer === SUCCESS) return reply.type('text/plain; charset=utf-8').send(answer);
      return reply.type('text/xml; charset=utf-8').send(encrypted ? seal(answer) : answer);
    },
  );

  function open({ msg_signature: signature = '', timestamp, nonce }: Query, sealed: string): string {
    if (cipher === undefined) throw refused('The message is encrypted, and HEARKEN_WECHAT_AES_KEY is not set.');
    if (!signatureFits(signature, [token ?? '', timestamp, nonce, sealed])) throw refused('The signature is wrong.');
    checkTime(timestamp);
    return cipher.decrypt(sealed);
  }

  function seal(answer: string): string {
    if (cipher === undefined) return answer;
    const sealed = cipher.encrypt(answer);
    const timestamp = Math.floor(Date.now() / 1000);
    const nonce = String(Math.floor(Math.random() * 1e9));
    const signature = signatureOf(token ?? '', String(timestamp), nonce, sealed);
    return writeXml({ Encrypt: sealed, MsgSignature: signature, TimeStamp: timestamp, Nonce: nonce });
  }
}

function refused(message: string): HearkenError {
  return new HearkenError('FORBIDDEN', message, {
    hint: "Only WeChat's servers, with HEARKEN_WECHAT_TOKEN, may ask here.",
  });
}

import { z } from 'zod';
import { ms } from './units.js';

/** Web pages, short codes and WeChat. */

export const widgetSchema = z
  .strictObject({
    /** Sites whose pages may talk to us; none by default. */
    origins: z
      .array(z.string().regex(/^https?:\/\/[^/\s]+$/, 'an origin such as https://shop.example.com'))
      .max(1000)
      .default([]),
    /** HEARKEN_WIDGET_SECRET: signs the tokens. Without it one is made up at each start; several instances need the same. */
    secret: z.string().min(24).optional(),
    tokenTtlMs: z.number().int().min(30_000).max(86_400_000).default(600_000),
    /** Of one address. */
    tokensPerMinute: z.number().int().min(1).default(30),
    /** Calls at once of one address. */
    callsPerAddress: z.number().int().min(1).default(4),
    /** How far ahead of the visitor's ear audio is sent: what a busy moment of the service, or of the network, may take without being heard. A page drops what waits at once, and tells what was heard. */
    leadMs: z.number().int().min(40).max(5000).default(600),
    /** `/widget/`: a page to try it, for browsers on this machine only. */
    demo: z.boolean().default(true),
  })
  .prefault({});

export const continuationSchema = z
  .strictObject({
    digits: z.number().int().min(6).max(10).default(6),
    ttlMs: z.number().int().min(60_000).max(1_800_000).default(600_000),
  })
  .prefault({});

export const wechatSchema = z
  .strictObject({
    /** HEARKEN_WECHAT_TOKEN: the token of "server configuration" in WeChat's console. Without it there is no webhook. */
    token: z
      .string()
      .regex(/^[A-Za-z0-9]{3,32}$/, '3 to 32 letters and digits')
      .optional(),
    /** HEARKEN_WECHAT_APP_ID */
    appId: z.string().max(64).default(''),
    /** HEARKEN_WECHAT_APP_SECRET: for replies that take longer than WeChat waits. */
    appSecret: z.string().min(8).optional(),
    /** HEARKEN_WECHAT_AES_KEY: EncodingAESKey, for the encrypted modes. */
    aesKey: z
      .string()
      .regex(/^[A-Za-z0-9+/]{43}$/, 'the 43 characters of EncodingAESKey')
      .optional(),
    /** Refuses plain messages when there is a key. Off in WeChat's "compatible" mode. */
    encryptedOnly: z.boolean().default(true),
    apiBase: z.url({ protocol: /^https?$/ }).default('https://api.weixin.qq.com'),
    /** WeChat waits 5 s for a reply. */
    passiveReplyMs: z.number().int().min(100).max(4900).default(4500),
    /** Messages older than this (by WeChat's clock) are refused; 0 takes any. */
    maxAgeMs: ms(600_000),
    /** Of people who are new; default: the application's. */
    language: z.string().optional(),
  })
  .prefault({});

import { isIP } from 'node:net';
import { z } from 'zod';
import { ms } from './units.js';

/** Where text and audio come in. */

function isNetwork(text: string): boolean {
  const [address = '', prefix] = text.split('/', 2);
  const family = isIP(address);
  return family !== 0 && Number(prefix ?? 0) <= (family === 6 ? 128 : 32);
}

export const httpSchema = z
  .strictObject({
    /** HEARKEN_HOST */
    host: z.string().default('127.0.0.1'),
    /** HEARKEN_PORT; 0 = any free port. */
    port: z.number().int().min(0).max(65_535).default(8080),
    bodyLimitBytes: z.number().int().min(1024).default(65_536),
    requestsPerMinute: z.number().int().min(1).default(1200),
    /** Who may read what was said, from elsewhere. HEARKEN_API_KEYS: `name:scope,scope:key`, several separated by `;`. */
    apiKeys: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(64),
          /** `printf %s "$KEY" | sha256sum` */
          sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 sum in lower-case hex'),
          /** `admin` = all. */
          scopes: z.array(z.enum(['history', 'calls', 'metrics', 'widget', 'sender', 'admin'])).min(1),
        }),
      )
      .max(100)
      .default([]),
    /** Programs on the same machine need no key. Off behind a reverse proxy that adds no X-Forwarded-For. */
    trustLoopback: z.boolean().default(true),
    /**
     * Client addresses are those that a reverse proxy tells (X-Forwarded-For). `true` believes whoever connects; a list of addresses and networks believes those only, and what clients wrote into the
     * header themselves counts for nothing.
     */
    trustProxy: z
      .union([
        z.boolean(),
        z
          .array(
            z
              .string()
              .regex(/^[0-9a-fA-F.:]+(\/\d{1,3})?$/, 'an address or a network such as 10.0.0.0/8')
              .refine(isNetwork, 'an address or a network such as 10.0.0.0/8'),
          )
          .min(1)
          .max(100),
      ])
      .default(false),
    /** `/metrics` for whoever reaches the port, without a key. */
    openMetrics: z.boolean().default(false),
    /** Origins whose pages may call the API from a browser; none by default. */
    corsOrigins: z
      .array(z.string().regex(/^https?:\/\/[^/\s]+$/, 'an origin such as https://shop.example.com'))
      .default([]),
  })
  .prefault({});

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

export const mediaSchema = z
  .strictObject({
    path: z.string().startsWith('/').default('/media'),
    /** HEARKEN_MEDIA_TOKEN: when set, `start` must carry it. */
    token: z.string().min(8).optional(),
    /** Largest WebSocket message, audio or text. 1 s of 48 kHz PCM16 is 96,000. */
    maxMessageBytes: z.number().int().min(1024).default(131_072),
    startTimeoutMs: ms(5000),
    resumeWindowMs: ms(10_000),
    /** How far ahead of the caller's ear audio is sent. */
    leadMs: ms(200),
    /** Caller's audio that may wait for its reader. */
    incomingQueueMs: ms(2000),
    maxSessions: z.number().int().min(1).default(200),
    /** HEARKEN_PLATFORMS (`,` between): other platforms whose media protocol is spoken, each at `<path>/<name>`; none by default. */
    platforms: z
      .array(z.enum(['asterisk', 'audiosocket', 'twilio', 'jambonz', 'vonage', 'freeswitch']))
      .max(6)
      .default([]),
    /** HEARKEN_PLATFORM_TOKEN: what they must show (path, query, header). Without it only programs on this machine may connect. */
    platformToken: z
      .string()
      .regex(/^[A-Za-z0-9._~-]{16,128}$/, '16 to 128 letters, digits or ._~-')
      .optional(),
    /** HEARKEN_TWILIO_AUTH_TOKEN: when set, connections of Twilio must carry its signature. */
    twilioAuthToken: z.string().min(16).optional(),
    /** HEARKEN_PUBLIC_URL: `wss://voice.example.com`, as the platforms reach us. */
    publicUrl: z
      .string()
      .regex(/^(ws|http)s?:\/\/[^/\s]+\/?$/, 'wss://voice.example.com')
      .optional(),
    /** Whom a platform may be told to dial: a transfer's target must match one of these regular expressions. */
    transferTargets: z
      .array(z.string().max(500).refine(isPattern, 'must be a regular expression'))
      .max(100)
      .default(['^(sips?|tel):']),
    /** HEARKEN_AUDIOSOCKET_SECRET: 8 to 24 hex digits that the UUID of every AudioSocket call must begin with. */
    audiosocketSecret: z
      .string()
      .regex(/^[0-9a-f]{8,24}$/, '8 to 24 hex digits')
      .optional(),
    /** TCP server for Asterisk's AudioSocket, when `platforms` names it. */
    audiosocket: z
      .strictObject({
        host: z.string().default('127.0.0.1'),
        /** 0 = any free port. */
        port: z.number().int().min(0).max(65_535).default(9092),
        /** Addresses and networks (`10.0.0.0/8`) that may connect, besides this machine. */
        allow: z
          .array(z.string().regex(/^[0-9a-fA-F.:]+(\/\d{1,3})?$/, 'an address or a network such as 10.0.0.0/8'))
          .max(100)
          .default([]),
        /** The dialplan asks `<media.path>/next` what comes after Hearken, so that calls can be handed on. */
        next: z.boolean().default(false),
      })
      .prefault({}),
  })
  .prefault({});

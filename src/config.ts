import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { HearkenError, messageOf } from './errors.js';

/**
 * Everything that can be set, with its unit in its name and its default. `hearken.yml` is optional; what a key's comment
 * calls an environment variable overrides the file. This is the only file that looks at the environment.
 */

const ms = (value: number) => z.number().int().min(0).max(86_400_000).default(value);

const turnSchema = z.strictObject({
  /** Silence that ends an utterance of which nothing is known. */
  endSilenceMs: ms(700),
  /** The same when the expected slot is filled or an intent is certain. */
  endSilenceCompleteMs: ms(250),
  /** The same inside a number: people pause there. */
  endSilenceNumberMs: ms(1200),
  /** The same after half a sentence ("嗯，我想…"). */
  endSilenceDanglingMs: ms(1500),
  /** How long a partial must not change before it may count as complete. */
  stablePartialMs: ms(150),
  /** Silence of the caller after a question until we ask again. */
  noInputMs: ms(5000),
  maxNoInput: z.number().int().min(0).max(10).default(2),
  maxNoMatch: z.number().int().min(0).max(10).default(2),
  dtmfInterDigitMs: ms(3000),
  dtmfEndKey: z.string().length(1).default('#'),
  dtmfClearKey: z.string().length(1).default('*'),
  longestUtteranceMs: ms(15_000),
  /** Voice over a prompt: after this long playout pauses. */
  bargeInVoiceMs: ms(200),
  /** The same for voice that came into the thinking, before the prompt began. */
  bargeInThinkingMs: ms(400),
  /** Within this time after the pause words decide: go on or stop. */
  bargeInDecisionMs: ms(500),
  /** Voice that brings no words: after this long it counts as a no-match. */
  speechWithoutTextMs: ms(2000),
  /** Audio kept from before the voice began, for the first syllable. */
  preRollMs: ms(300),
  /** Longest wait for the brain before the caller hears something. */
  thinkingLimitMs: ms(8000),
  /** Said while the bot speaks, these do not stop it. */
  backchannels: z
    .array(z.string())
    .default([
      '嗯',
      '嗯嗯',
      '好',
      '好的',
      '哦',
      '噢',
      '啊',
      '对',
      '是',
      '是的',
      '行',
      'uh huh',
      'uh-huh',
      'mm',
      'mhm',
      'okay',
      'ok',
      'yeah',
      'right',
    ]),
});
export type TurnConfig = z.infer<typeof turnSchema>;

export const configSchema = z.strictObject({
  http: z
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
            /** `history`, `calls`, `metrics`; `admin` = all. */
            scopes: z.array(z.string().regex(/^[a-z][a-z:-]{0,63}$/, 'a name such as history')).min(1),
          }),
        )
        .max(100)
        .default([]),
      /** Programs on the same machine need no key. Off behind a reverse proxy that adds no X-Forwarded-For. */
      trustLoopback: z.boolean().default(true),
      /** Client addresses are those that a reverse proxy tells (X-Forwarded-For). Only when there is one, and nobody comes around it. */
      trustProxy: z.boolean().default(false),
      /** `/metrics` for whoever reaches the port, without a key. */
      openMetrics: z.boolean().default(false),
      /** Origins whose pages may call the API from a browser; none by default. */
      corsOrigins: z
        .array(z.string().regex(/^https?:\/\/[^/\s]+$/, 'an origin such as https://shop.example.com'))
        .default([]),
    })
    .prefault({}),
  media: z
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
    .prefault({}),
  speech: z
    .strictObject({
      recognizerWorkers: z.number().int().min(1).max(64).default(1),
      synthesizerWorkers: z.number().int().min(1).max(64).default(1),
      maxStreamsPerWorker: z.number().int().min(1).default(100),
      /** Share of a recogniser process's time above which new calls are refused, so that those on the line are not heard late. */
      highestLoad: z.number().min(0.05).max(1).default(0.8),
      /** Model names from the registry, in order of preference, per language; the first that is there is used. */
      recognizers: z.record(z.string(), z.array(z.string())).default({
        'zh-CN': ['asr-zh-en-small-bilingual', 'asr-zh-14m', 'asr-zh-multi-hans', 'asr-zh-phone'],
        en: ['asr-zh-en-small-bilingual', 'asr-en-phone'],
      }),
      synthesizers: z.record(z.string(), z.array(z.string())).default({
        'zh-CN': ['tts-zh-matcha-baker', 'tts-zh-en-melo', 'tts-zh-yue'],
        en: ['tts-en-piper-amy', 'tts-zh-en-melo'],
      }),
      vad: z.string().default('vad-silero'),
      /** Folder that `hearken grammar build` wrote; without it `<store.folder>/graphs/<application>` is used where it is there. */
      graphs: z.string().optional(),
      /** Memory for rendered prompts. */
      promptCacheBytes: z
        .number()
        .int()
        .min(0)
        .default(64 * 1024 * 1024),
      /** Disk for the same; 0 = none. */
      promptCacheDiskBytes: z
        .number()
        .int()
        .min(0)
        .default(256 * 1024 * 1024),
      promptCacheFolder: z.string().default('audio/cache'),
      /** HEARKEN_MODELS: further folders, separated by `:`, searched before `models/`. */
      modelFolders: z.array(z.string()).default([]),
    })
    .prefault({}),
  turn: turnSchema.prefault({}),
  app: z
    .strictObject({
      /** HEARKEN_APP */
      folder: z.string().default('apps/retail'),
      language: z.string().default('zh-CN'),
      /** Number dialled (user part of the callee's address) → language. */
      languageByCallee: z.record(z.string(), z.string()).default({}),
      /** Names of environment variables that the application may use (`{secret.NAME}`, `${NAME}` in endpoints.yml), besides all APP_*. */
      environment: z.array(z.string()).default([]),
      /** Hosts inside this network (name or name:port) that its ready actions may ask. */
      privateHosts: z.array(z.string()).default([]),
      /** When not empty, the only hosts they may ask; `*.example.com` for all below one. */
      allowedHosts: z.array(z.string()).default([]),
    })
    .prefault({}),
  nlu: z
    .strictObject({
      /** HEARKEN_ENCODER: folder with a sentence encoder (ONNX weights and tokenizer.json) whose embedding joins the features. */
      encoder: z.string().optional(),
    })
    .prefault({}),
  handoff: z
    .strictObject({
      /** HEARKEN_AGENT: SIP URI of the person or queue that gets the calls we can't end ourselves. */
      target: z
        .string()
        .regex(/^(sips?|tel):/)
        .default('sip:agent@127.0.0.1:5062'),
      timeoutMs: ms(30_000),
    })
    .prefault({}),
  store: z
    .strictObject({
      /** REDIS_URL; without it sessions live in memory. */
      redisUrl: z.string().optional(),
      sessionTtlMs: ms(30 * 60_000),
      /** PostgreSQL for what was said. DATABASE_URL; without it the embedded one. */
      databaseUrl: z
        .string()
        .regex(/^postgres(ql)?:\/\//, 'postgres://user:password@host:5432/database')
        .optional(),
      /** `auto`: PostgreSQL when there is a databaseUrl, else embedded (needs 350 MB); `files`: JSON lines, for small machines. */
      conversations: z.enum(['auto', 'files']).default('auto'),
      /** What was said is removed after this; 0 keeps it. */
      keepDays: z.number().int().min(0).max(3650).default(90),
      /** Personal data that is masked before it is stored. */
      mask: z
        .array(z.enum(['phone', 'email', 'id_card', 'bank_card']))
        .default(['phone', 'email', 'id_card', 'bank_card']),
      /** Where call records and conversation logs go. HEARKEN_DATA */
      folder: z.string().default('data'),
    })
    .prefault({}),
  /** The voice widget on web pages. */
  widget: z
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
      /** `/widget/`: a page to try it, for browsers on this machine only. */
      demo: z.boolean().default(true),
    })
    .prefault({}),
  /** Short codes with which a conversation goes on in another channel. */
  continue: z
    .strictObject({
      digits: z.number().int().min(6).max(10).default(6),
      ttlMs: z.number().int().min(60_000).max(1_800_000).default(600_000),
    })
    .prefault({}),
  /** A WeChat official account, when there is a token. */
  wechat: z
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
    .prefault({}),
  record: z
    .strictObject({
      audio: z.boolean().default(true),
      events: z.boolean().default(true),
      /** Call records older than this are removed; 0 keeps them. A call of a minute takes 2 MB with its sound. */
      keepDays: z.number().int().min(0).max(3650).default(30),
    })
    .prefault({}),
  log: z
    .strictObject({
      /** LOG_LEVEL */ level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    })
    .prefault({}),
  drainMs: ms(30_000),
  /** The SIP bridge's own section; its package validates it. */
  bridge: z.unknown().optional(),
});
export type Config = z.infer<typeof configSchema>;

const ENVIRONMENT: Readonly<
  Record<string, { readonly path: readonly [string, string]; readonly parse?: (value: string) => unknown }>
> = {
  HEARKEN_HOST: { path: ['http', 'host'] },
  HEARKEN_PORT: { path: ['http', 'port'], parse: Number },
  HEARKEN_API_KEYS: { path: ['http', 'apiKeys'], parse: parseApiKeys },
  HEARKEN_MEDIA_TOKEN: { path: ['media', 'token'] },
  HEARKEN_PLATFORMS: {
    path: ['media', 'platforms'],
    parse: (value) => value.split(/[,\s]+/).filter((name) => name !== ''),
  },
  HEARKEN_PLATFORM_TOKEN: { path: ['media', 'platformToken'] },
  HEARKEN_TWILIO_AUTH_TOKEN: { path: ['media', 'twilioAuthToken'] },
  HEARKEN_AUDIOSOCKET_SECRET: { path: ['media', 'audiosocketSecret'] },
  HEARKEN_PUBLIC_URL: { path: ['media', 'publicUrl'] },
  HEARKEN_MODELS: {
    path: ['speech', 'modelFolders'],
    parse: (value) => value.split(':').filter((part) => part !== ''),
  },
  HEARKEN_APP: { path: ['app', 'folder'] },
  HEARKEN_ENCODER: { path: ['nlu', 'encoder'] },
  HEARKEN_AGENT: { path: ['handoff', 'target'] },
  HEARKEN_DATA: { path: ['store', 'folder'] },
  REDIS_URL: { path: ['store', 'redisUrl'] },
  DATABASE_URL: { path: ['store', 'databaseUrl'] },
  HEARKEN_WECHAT_TOKEN: { path: ['wechat', 'token'] },
  HEARKEN_WECHAT_APP_ID: { path: ['wechat', 'appId'] },
  HEARKEN_WECHAT_APP_SECRET: { path: ['wechat', 'appSecret'] },
  HEARKEN_WECHAT_AES_KEY: { path: ['wechat', 'aesKey'] },
  HEARKEN_WIDGET_SECRET: { path: ['widget', 'secret'] },
  LOG_LEVEL: { path: ['log', 'level'] },
};

/** Shortest key worth having: 16 random bytes in hex are 32 characters. */
const MIN_KEY_CHARS = 24;

/** Keys leave here as sums: what is kept and could be logged is no secret. */
function parseApiKeys(value: string): unknown {
  return value
    .split(';')
    .filter((entry) => entry.trim() !== '')
    .map((entry, index) => {
      const [name = '', scopes = '', ...rest] = entry.trim().split(':');
      const key = rest.join(':');
      if (key.length < MIN_KEY_CHARS) {
        throw new HearkenError(
          'CONFIG_INVALID',
          `Key ${index + 1} of HEARKEN_API_KEYS must be name:scope,scope:key with a key of at least ${MIN_KEY_CHARS} characters.`,
          { hint: 'Make one: openssl rand -hex 24' },
        );
      }
      return { name, sha256: createHash('sha256').update(key).digest('hex'), scopes: scopes.split(',') };
    });
}

export interface LoadedConfig {
  readonly config: Config;
  /** Relative paths in it are relative to this folder. */
  readonly root: string;
  /** Environment variables that the application may use. */
  readonly appEnvironment: Readonly<Record<string, string>>;
  /** The file read, undefined when there was none and defaults apply. */
  readonly file: string | undefined;
}

/**
 * Reads `hearken.yml` (or `file`, which must then exist) and the environment. Throws CONFIG_NOT_FOUND, CONFIG_INVALID with the key, what was
 * expected and, for broken YAML, line and column.
 */
export function loadConfig(
  options: { readonly file?: string; readonly root?: string; readonly env?: NodeJS.ProcessEnv } = {},
): LoadedConfig {
  const env = options.env ?? process.env;
  const named = options.file ?? env.HEARKEN_CONFIG;
  const file = resolve(options.root ?? process.cwd(), named ?? 'hearken.yml');
  const text = readOptional(file, named !== undefined);
  const tree = text === undefined ? {} : parseYaml(text, file);
  for (const [name, { path, parse }] of Object.entries(ENVIRONMENT)) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    const [section, key] = path;
    const current = tree[section];
    const target: Record<string, unknown> = isRecord(current) ? current : {};
    target[key] = parse ? parse(value) : value;
    tree[section] = target;
  }
  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) {
    throw new HearkenError(
      'CONFIG_INVALID',
      `${text === undefined ? 'The environment' : file} is not a valid configuration:\n${z.prettifyError(parsed.error)}`,
      {
        hint: 'Mend the keys named above; docs/configuration.md lists every key with its default.',
      },
    );
  }
  return {
    config: parsed.data,
    root: text === undefined ? (options.root ?? process.cwd()) : dirname(file),
    file: text === undefined ? undefined : file,
    appEnvironment: appEnvironment(env, parsed.data.app.environment),
  };
}

/** What code needs to find its way on a machine. */
const HARMLESS: ReadonlySet<string> = new Set(
  'PATH HOME LANG LC_ALL TZ TMPDIR NODE_ENV NODE_EXTRA_CA_CERTS HTTP_PROXY HTTPS_PROXY NO_PROXY'.split(' '),
);

/** What an application is let see: not the service's own secrets. */
function appEnvironment(env: NodeJS.ProcessEnv, listed: readonly string[]): Readonly<Record<string, string>> {
  const seen = Object.entries(env).filter(
    ([name]) => name.startsWith('APP_') || listed.includes(name) || HARMLESS.has(name.toUpperCase()),
  );
  return Object.fromEntries(seen.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function readOptional(file: string, required: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new HearkenError('CONFIG_NOT_FOUND', `The configuration ${file} can't be read: ${messageOf(error)}`, {
      hint: 'Check the path, or leave it out to run with the defaults.',
      cause: error,
    });
  }
}

function parseYaml(text: string, file: string): Record<string, unknown> {
  const document = parseDocument(text);
  const problem = document.errors[0];
  if (problem) {
    const at = problem.linePos?.[0];
    throw new HearkenError('CONFIG_INVALID', `${file}${at ? `:${at.line}:${at.col}` : ''}: ${problem.message}`, {
      hint: 'Mend the YAML at that place.',
    });
  }
  let tree: unknown;
  try {
    tree = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    throw new HearkenError('CONFIG_INVALID', `${file}: ${messageOf(error)}`, { hint: 'Use fewer YAML aliases.' });
  }
  if (!isRecord(tree)) throw new HearkenError('CONFIG_INVALID', `${file} must hold keys and values at the top level.`);
  return tree;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

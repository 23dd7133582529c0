import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { configFaults } from '@hearken/sip-bridge/config-faults';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { continuationSchema, wechatSchema, widgetSchema } from './config/channels.js';
import { consoleSchema, deskSchema } from './config/console.js';
import { httpSchema, mediaSchema } from './config/doors.js';
import { llmSchema } from './config/llm.js';
import { speechSchema, turnSchema } from './config/speech.js';
import { ms } from './config/units.js';
import { HearkenError, messageOf } from './errors.js';

export type { TurnConfig } from './config/speech.js';

const languageTag = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{1,8})*$/, 'must be a language like zh-CN or en');

/**
 * Everything that can be set, with its unit in its name and its default. `hearken.yml` is optional; what a key's comment
 * calls an environment variable overrides the file. This is the only file that looks at the environment.
 */

export const configSchema = z.strictObject({
  http: httpSchema,
  media: mediaSchema,
  speech: speechSchema,
  turn: turnSchema.prefault({}),
  app: z
    .strictObject({
      /** HEARKEN_APP */
      folder: z.string().default('apps/retail'),
      language: languageTag.default('zh-CN'),
      /** Number dialled (user part of the callee's address) → language. */
      languageByCallee: z.record(z.string(), languageTag).default({}),
      /** A call goes over to the language of the caller's first sentence, where there are ears for it. */
      followFirstSentence: z.boolean().default(true),
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
        .regex(/^(sips?|tel):/, 'must be an address like sip:queue@pbx.example.com or tel:+862155550001')
        .default('sip:agent@127.0.0.1:5062'),
      timeoutMs: ms(30_000),
      /** For who waits until an agent has answered: `built-in`, `off`, or an audio file. */
      holdMusic: z.string().min(1).default('built-in'),
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
  widget: widgetSchema,
  /** The pages for the people who run it. */
  console: consoleSchema,
  /** The people who take conversations over. */
  desk: deskSchema,
  /** Short codes with which a conversation goes on in another channel. */
  continue: continuationSchema,
  /** A language model for summaries, when there is an address. */
  llm: llmSchema,
  /** A WeChat official account, when there is a token. */
  wechat: wechatSchema,
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
  HEARKEN_LLM_URL: { path: ['llm', 'url'] },
  HEARKEN_LLM_MODEL: { path: ['llm', 'model'] },
  HEARKEN_LLM_KEY: { path: ['llm', 'key'] },
  HEARKEN_BRIDGE_URL: { path: ['console', 'bridgeUrl'] },
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
 * Reads `hearken.yml` (or `file`, which must then exist) and the environment. Throws CONFIG_NOT_FOUND, CONFIG_INVALID with the line of the file
 * (or the variable), the key and what was expected.
 */
export function loadConfig(
  options: { readonly file?: string; readonly root?: string; readonly env?: NodeJS.ProcessEnv } = {},
): LoadedConfig {
  const env = options.env ?? process.env;
  const named = options.file ?? env.HEARKEN_CONFIG;
  const file = resolve(options.root ?? process.cwd(), named ?? 'hearken.yml');
  const text = readOptional(file, named !== undefined);
  const tree = text === undefined ? {} : parseYaml(text, file);
  const environment = new Map<string, string>();
  for (const [name, { path, parse }] of Object.entries(ENVIRONMENT)) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    environment.set(path.join('.'), name);
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
      `The configuration is not valid:\n${configFaults(parsed.error.issues, { file, text, environment })}`,
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

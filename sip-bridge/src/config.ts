import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { abuseSchema } from './abuse/config.js';
import { DEFAULT_APOLOGY_FOLDER } from './apology.js';
import { type ConfigSources, configFaults } from './config-faults.js';
import { isRecord, ms, patternOf, port, sipUri } from './config-values.js';
import { BridgeError, messageOf, systemCode } from './errors.js';
import { cdrSchema, controlSchema, hepSchema, reloadSchema, traceSchema } from './ops/config.js';
import { outboundSchema } from './outbound/config.js';
import { recordingSchema } from './recording/config.js';
import { routeSchema } from './routing/config.js';
import { codecSchema, rtpSchema } from './rtp/config.js';
import { transferModes, trunkSchema } from './trunks/config.js';

/**
 * The `bridge:` section of hearken.yml, each key with its unit and default. What a key's comment calls an environment variable overrides the file. This is
 * the only file of the package that looks at the environment.
 */

const tlsSchema = z.strictObject({
  /** 0 = any free port. */
  port: port.default(5061),
  /** PEM; the certificate with its chain. Read again at a reload. */
  certificateFile: z.string().min(1),
  keyFile: z.string().min(1),
  /** PEM of those whom we trust, instead of the system's. */
  caFile: z.string().min(1).optional(),
  /** Certificates of those who connect to us: not asked for, checked when there is one, required. */
  clientCertificates: z.enum(['none', 'check', 'require']).default('none'),
  /** We check the certificate of whom we connect to. Off only for tests. */
  verifyServers: z.boolean().default(true),
});
export type TlsConfig = z.infer<typeof tlsSchema>;

const sipSchema = z.strictObject({
  /** HEARKEN_SIP_HOST: address to listen on; 0.0.0.0 for all. */
  host: z.string().min(1).default('127.0.0.1'),
  /** HEARKEN_SIP_PORT, the same for UDP and TCP; 0 = any free port. */
  port: port.default(5060),
  /** HEARKEN_SIP_ADVERTISED: address that others reach us at, in Contact and SDP, where it differs (NAT, containers). */
  advertisedHost: z.string().min(1).optional(),
  /** The port that goes with it; the one listened on where it is left out. */
  advertisedPort: z.number().int().min(1).max(65_535).optional(),
  protocols: z
    .array(z.enum(['udp', 'tcp', 'tls']))
    .min(1)
    .default(['udp', 'tcp']),
  /** Needed where `protocols` has `tls`. */
  tls: tlsSchema.optional(),
  /** Requests outside dialogs go there first; a trunk's own wins. */
  outboundProxy: sipUri.optional(),
  /** RFC 3263: names are looked up as NAPTR and SRV before A and AAAA. */
  srv: z.boolean().default(true),
  /** `10.0.0.2` or `10.0.0.2:5353`; the system's where none is given. */
  dnsServers: z.array(z.string().min(2)).max(4).default([]),
  /** RFC 4028. */
  sessionTimer: z
    .strictObject({
      /** What our own INVITEs ask for; 0 = nothing. */
      expiresSeconds: z.number().int().min(0).max(86_400).default(1800),
      /** Smallest interval we agree to; the RFC wants at least 90. */
      minSeconds: z.number().int().min(90).max(3600).default(90),
    })
    .prefault({}),
  /** RFC 3262, reliable 180 and 183: never, when the caller can, or only with callers that can. */
  prack: z.enum(['off', 'supported', 'required']).default('supported'),
  /** User part of our Contact. */
  user: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .default('hearken'),
  /** Larger messages are dropped (UDP) or end the connection (TCP). */
  maxMessageBytes: z.number().int().min(2048).max(65_535).default(65_535),
  /** In order of preference when the caller leaves it to us. */
  codecs: z.array(codecSchema).min(1).default(['pcmu', 'pcma', 'g722', 'opus']),
});

const mediaSchema = z.strictObject({
  /** HEARKEN_MEDIA_URL */
  url: z
    .url({ protocol: /^wss?$/, error: 'must be an address like ws://127.0.0.1:8080/media' })
    .default('ws://127.0.0.1:8080/media'),
  /** HEARKEN_MEDIA_TOKEN: sent in `start`. */
  token: z.string().min(8).optional(),
  /** From INVITE until the service must be ready; the phone rings meanwhile. */
  connectTimeoutMs: ms(3000),
  /** Longest wait for a lost connection to come back; the service may allow less. */
  resumeLimitMs: ms(10_000),
  /** A soft tone begins when the connection has been away for this long. */
  holdToneAfterMs: ms(1500),
  /** A service that misses two WebSocket pings counts as lost. 0 = no pings. */
  pingIntervalMs: ms(5000),
});

const registrationSchema = z.strictObject({
  /** HEARKEN_SIP_REGISTRAR: `sip:host:port`, `;transport=tcp` where wanted. */
  registrar: sipUri,
  /** HEARKEN_SIP_USER */
  user: z.string().min(1),
  /** HEARKEN_SIP_PASSWORD, better there than in a file. */
  password: z.string().default(''),
  expiresSeconds: z.number().int().min(60).max(86_400).default(300),
});

export const bridgeSchema = z.strictObject({
  sip: sipSchema.prefault({}),
  rtp: rtpSchema.prefault({}),
  media: mediaSchema.prefault({}),
  /** One registrar, the short way; `trunks` has the long one. */
  registration: registrationSchema.optional(),
  /** Whom we talk to. */
  trunks: z.array(trunkSchema).max(200).default([]),
  /** Where a call goes; the first that fits. With routes, a call that fits none gets 404. */
  routes: z.array(routeSchema).max(1000).default([]),
  abuse: abuseSchema.prefault({}),
  outbound: outboundSchema.prefault({}),
  control: controlSchema.prefault({}),
  cdr: cdrSchema.prefault({}),
  hep: hepSchema.optional(),
  trace: traceSchema.prefault({}),
  reload: reloadSchema.prefault({}),
  recording: recordingSchema.prefault({}),
  transfer: z
    .strictObject({
      /** For calls of no trunk, as a trunk's `transfer`. */
      mode: z.enum(transferModes).default('as-asked'),
      /** A REFER that is refused with one of these is made good by joining the media: 403, 405, 420, 488, 489, 501, 603. */
      bridgeWhenRefused: z.boolean().default(true),
      /** Attended: how long the agent's phone rings. */
      ringTimeoutMs: ms(25_000),
      /** Attended and bridged: the service tells the agent what it is about before the caller is put through. */
      whisper: z.boolean().default(true),
      /** Sent along as X-Hearken-Link, `{session}` filled in: where the agent reads the conversation. */
      deskUrl: z.url({ protocol: /^https?$/ }).optional(),
      /** Longest whisper. */
      whisperLimitMs: ms(15_000),
      /** A transfer's target must match one of these regular expressions. */
      allowedTargets: z.array(patternOf()).default(['^(sip|sips|tel):']),
      /** Names of headers that a transfer may carry. */
      allowedHeaders: patternOf().default('^(X-[A-Za-z0-9-]+|User-to-User)$'),
    })
    .prefault({}),
  apology: z
    .strictObject({
      folder: z.string().default(DEFAULT_APOLOGY_FOLDER),
      /** Spoken one after the other. */
      languages: z
        .array(z.string().regex(/^[A-Za-z0-9-]+$/))
        .min(1)
        .default(['zh-CN', 'en']),
      /** `answer`: 200, apology, BYE: heard on every phone. `early`: 183, apology, 503: free of charge and visible to a proxy, but many phones and exchanges drop early media. */
      mode: z.enum(['answer', 'early']).default('answer'),
    })
    .prefault({}),
  /** Calls at once; the next gets 503 with Retry-After. */
  maxCalls: z.number().int().min(1).max(10_000).default(200),
  retryAfterSeconds: z.number().int().min(1).max(3600).default(10),
  /** After SIGTERM live calls may go on for so long. */
  drainMs: ms(30_000),
  health: z
    .strictObject({
      enabled: z.boolean().default(true),
      host: z.string().default('127.0.0.1'),
      /** HEARKEN_BRIDGE_HEALTH: a port, 0 = any free one, or `off`. */
      port: port.default(8081),
    })
    .prefault({}),
  log: z
    .strictObject({
      /** LOG_LEVEL */
      level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    })
    .prefault({}),
});
export type BridgeConfig = z.infer<typeof bridgeSchema>;
/** What a file or a test may write: everything is optional. */
export type BridgeConfigInput = z.input<typeof bridgeSchema>;

type Tree = Record<string, unknown>;

const ENVIRONMENT: Readonly<Record<string, (tree: Tree, value: string) => void>> = {
  HEARKEN_SIP_HOST: (tree, value) => set(tree, 'sip', 'host', value),
  HEARKEN_SIP_PORT: (tree, value) => set(tree, 'sip', 'port', Number(value)),
  HEARKEN_SIP_ADVERTISED: (tree, value) => set(tree, 'sip', 'advertisedHost', value),
  HEARKEN_MEDIA_URL: (tree, value) => set(tree, 'media', 'url', value),
  HEARKEN_MEDIA_TOKEN: (tree, value) => set(tree, 'media', 'token', value),
  HEARKEN_RTP_PORTS: (tree, value) => {
    const match = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(value);
    set(tree, 'rtp', 'portMin', match ? Number(match[1]) : value);
    set(tree, 'rtp', 'portMax', match ? Number(match[2] ?? match[1]) : value);
  },
  HEARKEN_SIP_REGISTRAR: (tree, value) => set(tree, 'registration', 'registrar', value),
  HEARKEN_SIP_USER: (tree, value) => set(tree, 'registration', 'user', value),
  HEARKEN_SIP_PASSWORD: (tree, value) => set(tree, 'registration', 'password', value),
  HEARKEN_BRIDGE_TOKEN: (tree, value) => set(tree, 'control', 'token', value),
  HEARKEN_BRIDGE_HEALTH: (tree, value) => {
    if (value === 'off') set(tree, 'health', 'enabled', false);
    else set(tree, 'health', 'port', Number(value));
  },
  LOG_LEVEL: (tree, value) => set(tree, 'log', 'level', value),
};

function set(tree: Tree, section: string, key: string, value: unknown): void {
  const current = tree[section];
  const target: Tree = isRecord(current) ? current : {};
  target[key] = value;
  tree[section] = target;
}

/** Fills in defaults. Throws CONFIG_INVALID with the keys and what was expected of them. */
export function parseBridgeConfig(
  input: unknown,
  where = 'The bridge configuration',
  sources?: ConfigSources,
): BridgeConfig {
  const parsed = bridgeSchema.safeParse(input);
  if (!parsed.success) {
    const { error } = parsed;
    const faults = sources === undefined ? z.prettifyError(error) : configFaults(error.issues, sources);
    throw new BridgeError('CONFIG_INVALID', `${where} is not valid:\n${faults}`, {
      hint: 'Mend the keys named above (they belong under `bridge:` in hearken.yml, or to the environment).',
    });
  }
  const problem = contradiction(parsed.data);
  if (problem) throw new BridgeError('CONFIG_INVALID', `${where} ${problem}`);
  return parsed.data;
}

/** What no single key shows. */
function contradiction({ rtp, sip, trunks, routes, outbound }: BridgeConfig): string | undefined {
  if (rtp.portMax < rtp.portMin) return `has an RTP range that ends before it begins: ${rtp.portMin}-${rtp.portMax}.`;
  if (sip.protocols.includes('tls') && !sip.tls) return 'has TLS in sip.protocols, but no sip.tls with a certificate.';
  const names = trunks.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `has two trunks called "${twice}".`;
  const asked = [...routes.map(({ trunk }) => trunk), outbound.trunk];
  const missing = asked.find((name) => name !== undefined && !names.includes(name));
  if (missing !== undefined) return `names a trunk "${missing}" that is not among its trunks.`;
  return undefined;
}

/** Reads the file (HEARKEN_CONFIG, else ./hearken.yml where there is one) and the environment. Throws CONFIG_NOT_FOUND, CONFIG_INVALID. */
export function loadBridgeConfig(env: NodeJS.ProcessEnv = process.env, folder = process.cwd()): BridgeConfig {
  const named = env.HEARKEN_CONFIG;
  const file = resolve(folder, named === undefined || named === '' ? 'hearken.yml' : named);
  const text = readText(file, named !== undefined && named !== '');
  const tree = text === undefined ? {} : sectionOf(text, file);
  const environment = new Map<string, string>();
  for (const [name, apply] of Object.entries(ENVIRONMENT)) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    apply(tree, value);
    const alone: Tree = {};
    apply(alone, value);
    for (const [section, keys] of Object.entries(alone))
      for (const key of Object.keys(keys as Tree)) environment.set(`${section}.${key}`, name);
  }
  const sources = { file, text, section: 'bridge', environment };
  return parseBridgeConfig(tree, `The bridge configuration (${file} and the environment)`, sources);
}

/** The file that a bridge started here would read; undefined when there is none. */
export function bridgeConfigFile(env: NodeJS.ProcessEnv = process.env, folder = process.cwd()): string | undefined {
  const file = resolve(
    folder,
    env.HEARKEN_CONFIG === undefined || env.HEARKEN_CONFIG === '' ? 'hearken.yml' : env.HEARKEN_CONFIG,
  );
  return existsSync(file) ? file : undefined;
}

function readText(file: string, required: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!required && systemCode(error) === 'ENOENT') return undefined;
    throw new BridgeError('CONFIG_NOT_FOUND', `The configuration ${file} can't be read: ${messageOf(error)}`, {
      hint: 'Check HEARKEN_CONFIG, or leave it out to run with the defaults.',
      cause: error,
    });
  }
}

function sectionOf(text: string, file: string): Tree {
  const document = parseDocument(text);
  const problem = document.errors[0];
  if (problem) {
    const at = problem.linePos?.[0];
    throw new BridgeError('CONFIG_INVALID', `${file}${at ? `:${at.line}:${at.col}` : ''}: ${problem.message}`, {
      hint: 'Mend the YAML at that place.',
    });
  }
  const tree: unknown = document.toJS({ maxAliasCount: 100 });
  const section = isRecord(tree) ? (tree.bridge ?? {}) : {};
  if (!isRecord(section)) throw new BridgeError('CONFIG_INVALID', `${file}: \`bridge:\` must hold keys and values.`);
  return section;
}

import { z } from 'zod';
import { label, ms, network, patternOf, sipUri } from '../config-values.js';
import { codecSchema, srtpSchema } from '../rtp/config.js';

/** How a call that came over a trunk is handed on. */
export const transferModes = ['as-asked', 'blind', 'attended', 'bridged'] as const;

export const trunkSchema = z.strictObject({
  /** In logs, records, metrics and routes. */
  name: label,
  /** Networks it calls us from. Where `targets` or registrars are IP addresses, those count as well. */
  from: z.array(network).default([]),
  /** Who may call in with a password (digest, SHA-256 or MD5). With `from` as well, both must fit. */
  users: z
    .array(z.strictObject({ user: z.string().min(1).max(128), password: z.string().min(1) }))
    .max(1000)
    .default([]),
  /** Offered in our challenges, in this order. Phones that read only the first want `[MD5]`. */
  algorithms: z
    .array(z.enum(['SHA-256', 'MD5']))
    .min(1)
    .default(['SHA-256', 'MD5']),
  /** In our challenges. */
  realm: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .default('hearken'),
  /** Where our calls through it go: tried in this order, each with its SRV records. */
  targets: z.array(sipUri).max(16).default([]),
  /** Requests outside dialogs go there first. */
  outboundProxy: sipUri.optional(),
  /** What we answer its challenges with. */
  login: z.strictObject({ user: z.string().min(1), password: z.string() }).optional(),
  register: z
    .strictObject({
      /** Tried in this order; the first is preferred again when it is back. */
      registrars: z.array(sipUri).min(1).max(8),
      /** Address of record's user; the login's where it is left out. */
      user: z.string().min(1).optional(),
      expiresSeconds: z.number().int().min(60).max(86_400).default(300),
      /** A registrar that does not answer for so long is passed over. */
      failoverMs: ms(4000),
      /** Registered with another one, the first is tried again so often. */
      returnMs: ms(60_000),
    })
    .optional(),
  /** Where the number stands that was dialled: a provider that calls the user we registered with tells it in `To`. */
  calleeFrom: z.enum(['request-uri', 'to']).default('request-uri'),
  /** Host in the From of our calls; the first target's where it is left out. */
  domain: z.string().min(1).optional(),
  /** User in the From of our calls, and in P-Asserted-Identity when `assertIdentity` is on. */
  callerId: z
    .string()
    .regex(/^\+?[A-Za-z0-9._-]{1,64}$/)
    .optional(),
  assertIdentity: z.boolean().default(false),
  /** Number we dial → user part sent, for prefixes: the first pattern that fits rewrites. */
  rewrite: z
    .array(z.strictObject({ pattern: patternOf(), replacement: z.string().max(100) }))
    .max(20)
    .default([]),
  /** `as-asked`: REFER as the service says, and when it is refused we join the media ourselves. */
  transfer: z.enum(transferModes).default('as-asked'),
  /** Codecs in the order of our offers; sip.codecs where it is left out. */
  codecs: z.array(codecSchema).min(1).optional(),
  /** SRTP with keys in SDP; rtp.srtp where it is left out. */
  srtp: srtpSchema.optional(),
  /** P-Asserted-Identity, Remote-Party-ID and Diversion are believed and passed to the service. */
  trustIdentity: z.boolean().default(true),
  /** OPTIONS to the targets in this time; 0 = none. One that does not answer is passed over. */
  keepAliveSeconds: z.number().int().min(0).max(3600).default(0),
  /** Both directions together; further calls get 503. */
  maxCalls: z.number().int().min(1).max(10_000).optional(),
  /** A target of a call that says nothing at all for so long is passed over for the next one. */
  failoverMs: ms(4000),
});
export type TrunkConfig = z.infer<typeof trunkSchema>;

import { z } from 'zod';
import { ms, network, patternOf } from '../config-values.js';

/** Who may ask how much of us. Sources of trunks are never banned. */
export const abuseSchema = z.strictObject({
  /** INVITEs from places that are no trunk. `auto`: taken while there are no trunks, refused from the first trunk on. */
  unknownSources: z.enum(['auto', 'accept', 'refuse', 'silent']).default('auto'),
  /** New calls a second, all sources together; beyond it 503. */
  callsPerSecond: z.number().min(1).max(10_000).default(200),
  /** New calls of one source that is no trunk in a minute, and how many it may have at once. */
  callsPerSourcePerMinute: z.number().int().min(1).default(120),
  maxCallsPerSource: z.number().int().min(1).default(50),
  /** SIP messages a second of one source that is no trunk (ten seconds' worth at once), and of all such sources together (two seconds' worth), with as many again for those that have a call up; the others are not read. */
  messagesPerSourcePerSecond: z.number().min(1).max(10_000).default(50),
  messagesPerSecond: z.number().min(1).max(10_000).default(100),
  /** Failed logins and refused requests of one source within `windowMs` until it is banned. */
  faultsUntilBan: z.number().int().min(1).default(20),
  windowMs: ms(60_000),
  banMs: ms(600_000),
  /** What a banned source and a scanner get. */
  answer: z.enum(['silent', 'refuse']).default('silent'),
  /** User-Agents of programs that look for open exchanges: banned at the first message. */
  scanners: patternOf().default(
    '(friendly-scanner|friendly-request|sipvicious|sipcli|sundayddr|sip-scan|VaxSIPUserAgent|pplsip|smap|iWar|sipsak|eyeBeam release 3006o)',
  ),
  /** Never banned and not limited by source, besides the trunks. */
  neverBan: z.array(network).default(['127.0.0.0/8', '::1']),
});
export type AbuseConfig = z.infer<typeof abuseSchema>;

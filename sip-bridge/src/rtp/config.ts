import { z } from 'zod';
import { ms, network, port } from '../config-values.js';

export const codecSchema = z.enum(['pcmu', 'pcma', 'g722', 'opus']);
/** SRTP with keys in SDP: never, where the peer does it as well, not without. */
export const srtpSchema = z.enum(['off', 'optional', 'required']);

export const rtpSchema = z.strictObject({
  /** HEARKEN_RTP_PORTS as `10000-19999`; `0` = any free ports. */
  portMin: port.default(10_000),
  portMax: port.default(19_999),
  /** No RTP for so long: the caller is gone. 0 = never. */
  mediaTimeoutMs: ms(60_000),
  /** What the service may send ahead of the caller's ear; more is dropped. */
  playoutQueueMs: ms(60_000),
  /** G.722 and Opus go to the service as 16-bit samples at 16 kHz; false: everything as G.711. */
  wideband: z.boolean().default(true),
  /** For calls of no trunk; a trunk's own wins. */
  srtp: srtpSchema.default('off'),
  /** SRTP's keys may go over UDP and TCP, where everybody on the way can read them. */
  srtpWithoutTls: z.boolean().default(false),
  /** Where a call's RTP may come from. `peer`: the address in its SDP, the one its SIP comes from, and `latchNetworks`. `any`: the first packet decides. */
  latch: z.enum(['peer', 'any']).default('peer'),
  latchNetworks: z.array(network).max(100).default([]),
  comfortNoise: z
    .strictObject({
      /** Level of the soft noise that a caller hears while nothing is said, in dBov; `off` = digital silence. */
      idleDbov: z.union([z.literal('off'), z.number().min(-90).max(-40)]).default(-65),
      /** RFC 3389: the peer is told of the silence instead of being sent it, where it knows that. */
      send: z.boolean().default(false),
    })
    .prefault({}),
});
export type RtpConfig = z.infer<typeof rtpSchema>;

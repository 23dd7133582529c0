import { z } from 'zod';
import { ms } from './units.js';

/** The console's pages, and the desk of the people who take over. */

export const consoleSchema = z
  .strictObject({
    enabled: z.boolean().default(true),
    /** A session that nobody uses ends after this. */
    sessionIdleMs: ms(3_600_000),
    /** And each one after this, however much it is used. */
    sessionMs: ms(43_200_000),
    /** Folders of applications that may be tried in the playground, besides the one that is live. */
    playgroundApps: z.array(z.string().min(1)).max(50).default([]),
    /** Where the SIP bridge keeps the calls that it records (its `recording.folder`). */
    recordingsFolder: z.string().min(1).default('data/recordings'),
    /** Where the SIP bridge tells how it is; an empty text: it is not asked. HEARKEN_BRIDGE_URL */
    bridgeUrl: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default('http://127.0.0.1:8081'),
  })
  .prefault({});

const wrapUpCodes = [
  { code: 'solved', label: { en: 'Solved', 'zh-CN': '已解决' } },
  { code: 'followUp', label: { en: 'To be followed up', 'zh-CN': '需跟进' } },
  { code: 'referred', label: { en: 'Referred elsewhere', 'zh-CN': '已转其他部门' } },
  { code: 'noContact', label: { en: 'Visitor did not answer', 'zh-CN': '访客未回复' } },
];

export const deskSchema = z
  .strictObject({
    /** How long one agent is rung. */
    ringMs: z.number().int().min(1000).max(600_000).default(20_000),
    /** How long a visitor who types waits for a person; then the bot goes on. (One who speaks: `handoff.timeoutMs`.) */
    queueMs: z.number().int().min(1000).max(3_600_000).default(180_000),
    /** Who types and wants a person while the desk has agents and none is there: the bot says so, or the channel is given the `transfer` (the page's own people). */
    whenNobody: z.enum(['say', 'transfer']).default('say'),
    /** Visitors who may wait; more are told at once that nobody is free. */
    maxQueue: z.number().int().min(1).max(1000).default(100),
    /** Conversations that one agent has in hand at once. */
    chatsPerAgent: z.number().int().min(1).max(20).default(2),
    /** An agent whose pages have been closed for this long is away; their visitors go back to the queue. */
    agentLostMs: z.number().int().min(1000).max(600_000).default(45_000),
    /** A conversation in which nobody has written for this long is over. */
    idleMs: z.number().int().min(10_000).max(86_400_000).default(900_000),
    wrapUpCodes: z
      .array(
        z.strictObject({
          code: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _'),
          label: z.record(z.string().max(35), z.string().max(100)),
        }),
      )
      .min(1)
      .max(100)
      .default(wrapUpCodes),
  })
  .prefault({});

import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';
import type { Leg } from '../sip/leg.js';
import type { OutboundLeg } from '../sip/outbound-leg.js';
import { failure, Transfer, type TransferOrder, type TransferOutcome } from '../sip/refer.js';
import type { TransferDesk } from './desk.js';

export type TransferMode = 'blind' | 'attended' | 'bridged';

export interface CarryOutOptions {
  readonly mode: TransferMode;
  /** A peer that refuses REFER gets the media joined instead. */
  readonly bridgeWhenRefused: boolean;
  readonly ringTimeoutMs: number;
  readonly onProgress: (status: number, reason: string) => void;
  readonly logger: Logger;
}

/** `joined`: nobody was referred; the bridge stays in between. */
export type CarriedOut = TransferOutcome & { readonly joined?: boolean; readonly mode: TransferMode };

/** Refusals that speak of REFER itself and not of this target. 480 and the like are about the target. */
const NO_REFER = new Set([403, 405, 406, 420, 488, 489, 500, 501, 603]);
/** The agent's phone ends our leg when the caller's has taken its place. */
const REPLACED_WAIT_MS = 3000;

/** One transfer in the mode that is asked for, with joining the media as what is left when REFER is not to be had. Never rejects. */
export async function carryOut(
  leg: Leg,
  order: TransferOrder,
  desk: TransferDesk,
  options: CarryOutOptions,
): Promise<CarriedOut> {
  const { mode, bridgeWhenRefused, logger } = options;
  if (mode !== 'blind') return consult(leg, order, desk, options);
  const outcome = await new Transfer(leg, order, options.onProgress, logger).run();
  const unable = outcome.refused === true && NO_REFER.has(outcome.status);
  if (!unable || !bridgeWhenRefused || leg.end) return { ...outcome, mode };
  logger.info({ status: outcome.status }, 'the peer does not do REFER: the media are joined here');
  return consult(leg, order, desk, { ...options, mode: 'bridged' });
}

async function consult(
  leg: Leg,
  order: TransferOrder,
  desk: TransferDesk,
  options: CarryOutOptions,
): Promise<CarriedOut> {
  const { mode, ringTimeoutMs, onProgress, logger } = options;
  let agent: OutboundLeg;
  try {
    agent = await desk.dial(order.target, {
      headers: Object.entries(order.headers).map(([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}`),
      ringTimeoutMs: Math.min(ringTimeoutMs, order.timeoutMs),
      onProgress,
    });
  } catch (error) {
    return { ...failure(503, messageOf(error).slice(0, 200)), mode };
  }
  // A caller who hangs up takes the agent's call along.
  const callerLeft = (): void => agent.hangup('normal', 'the caller hung up');
  leg.on('ended', callerLeft);
  // They may have gone while the first answer was waited for.
  if (leg.end) callerLeft();
  try {
    const answered = await upOrOver(agent);
    if (leg.end) return { ...failure(487, 'the caller left before the agent was there'), mode };
    if (!answered) {
      const { status = 480, reason = 'the agent did not answer', by } = agent.end ?? {};
      return { ...failure(by === 'us' && status === 487 ? 408 : status, reason), mode };
    }
    await desk.whisper(agent, order.headers);
    if (leg.end) return { ...failure(487, 'the caller left before the agent was there'), mode };
    if (agent.end) return { ...failure(480, 'the agent hung up again'), mode };
    if (mode === 'attended') {
      const outcome = await replace(leg, agent, order, options);
      if (outcome.outcome === 'completed') {
        await overWithin(agent, REPLACED_WAIT_MS);
        agent.hangup('transferred', 'the caller took over');
        return { ...outcome, mode };
      }
      if (leg.end || agent.end) return { ...outcome, leaves: false, mode };
      logger.info({ status: outcome.status }, 'the peer could not take the agent over: the media are joined here');
    }
    desk.join(leg, agent);
    return { outcome: 'completed', status: 200, reason: 'joined by the bridge', leaves: false, joined: true, mode };
  } finally {
    leg.off('ended', callerLeft);
    if (agent.end) await agent.release();
  }
}

/** REFER to the agent's own dialog with us (RFC 3891): the caller's side calls in its place. */
function replace(
  leg: Leg,
  agent: OutboundLeg,
  order: TransferOrder,
  { onProgress, logger }: CarryOutOptions,
): Promise<TransferOutcome> {
  const { session } = agent;
  if (!session) return Promise.resolve(failure(481, 'the agent has no dialog with us'));
  const replaces = `${agent.callId};to-tag=${session.remoteTag};from-tag=${session.localTag}`;
  // The phone that answered is the one meant; behind a proxy only the address that was dialled leads there.
  const direct = agent.routed ? order.target : (agent.remoteTarget ?? order.target);
  const target = direct.split('?')[0] ?? direct;
  const referTo = `<${target}?Replaces=${encodeURIComponent(replaces)}>`;
  return new Transfer(leg, { ...order, referTo }, onProgress, logger).run();
}

/** True when it is answered, false when it ended before. */
function upOrOver(agent: OutboundLeg): Promise<boolean> {
  if (agent.established) return Promise.resolve(true);
  if (agent.end) return Promise.resolve(false);
  return new Promise((resolve) => {
    agent.once('established', () => resolve(true));
    agent.once('ended', () => resolve(false));
  });
}

async function overWithin(agent: OutboundLeg, limitMs: number): Promise<void> {
  if (!agent.end) await agent.next('ended', limitMs).catch(() => undefined);
}

import { HearkenError } from '../errors.js';
import type { LiveCalls } from '../insight/live-calls.js';
import { isWidget } from '../insight/live-voice.js';
import type { MediaSession, TransferOutcome, TransferRequest } from '../media/session.js';
import type { AgentDesk } from './agent-desk.js';

/**
 * A call from a browser with people behind it: when somebody is at the desk, a hand-off goes there, and whoever accepts goes on in writing. Without anybody the page is asked,
 * as ever. A call by telephone is put through by the telephone system, and the desk shows what it is about.
 */
export function withDesk(session: MediaSession, desk: AgentDesk, calls: LiveCalls): MediaSession {
  const transfer = (request: TransferRequest): Promise<TransferOutcome> => {
    if (!isWidget(session)) return putThrough(session, request, desk, calls);
    return desk.open ? handOver(session, request, desk, calls) : session.transfer(request);
  };
  return new Proxy(session, {
    get(target, property) {
      if (property === 'transfer') return transfer;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

async function putThrough(
  session: MediaSession,
  request: TransferRequest,
  desk: AgentDesk,
  calls: LiveCalls,
): Promise<TransferOutcome> {
  const { target, timeoutMs } = request;
  const over = desk.phone.rings({ ...factsOf(session, request, calls), target, limitMs: timeoutMs });
  try {
    const outcome = await session.transfer(request);
    // 202: the other platform has taken it on and dials; whether somebody answers is not told here.
    over(outcome.outcome !== 'completed' ? 'failed' : outcome.status === 202 ? 'unknown' : 'answered');
    return outcome;
  } catch (error) {
    over('failed');
    throw error;
  }
}

function factsOf(session: MediaSession, { headers = {} }: TransferRequest, calls: LiveCalls) {
  const callId = session.peer.conversationId ?? session.id;
  const call = calls.get(callId);
  return {
    callId,
    caller: session.peer.caller,
    language: call?.language ?? '',
    reason: decoded(headers['X-Hearken-Reason']),
    summary: decoded(headers['X-Hearken-Summary']),
    slots: slotsOf(headers['X-Hearken-Slots']) ?? call?.slots ?? {},
  };
}

/** What is for people; without the header all that the conversation knows. */
function slotsOf(header: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const slots: unknown = JSON.parse(decoded(header));
    return typeof slots === 'object' && slots !== null ? { ...slots } : undefined;
  } catch {
    return undefined;
  }
}

async function handOver(
  session: MediaSession,
  request: TransferRequest,
  desk: AgentDesk,
  calls: LiveCalls,
): Promise<TransferOutcome> {
  const callId = session.peer.conversationId ?? session.id;
  const { transferId, timeoutMs } = request;
  // Somebody has them already, in writing.
  if (desk.chatOf(callId) !== undefined)
    return { transferId, outcome: 'completed', status: 200, reason: 'somebody at the desk has them already' };
  let closed = false;
  session.once('closed', () => {
    closed = true;
    desk.gone(callId);
  });
  const answer = await desk.request({ ...factsOf(session, request, calls), kind: 'widget' }, timeoutMs);
  if (answer.outcome === 'accepted')
    return { transferId, outcome: 'completed', status: 200, reason: 'somebody at the desk has taken over' };
  if (closed) throw new HearkenError('CALL_FAILED', 'The call ended while it waited for a person.');
  return { transferId, outcome: 'timeout', status: 480, reason: 'nobody at the desk took it' };
}

function decoded(value: string | undefined): string {
  try {
    return decodeURIComponent(value ?? '');
  } catch {
    return '';
  }
}

import type { CallSummary } from '../call-contract.js';
import type { OutboundLeg } from '../sip/outbound-leg.js';

/** What is left of a call that never reached the service (busy, nobody, a machine), for its record: it may have cost something all the same. Ends and frees the leg. */
export async function partWith(
  leg: OutboundLeg,
  times: { readonly startedAtMs: number; readonly answeredAtMs: number | undefined; readonly endedAtMs: number },
): Promise<CallSummary> {
  const { codec } = leg;
  leg.hangup('normal');
  const rtp = await leg.media?.stream.close();
  await leg.release();
  return {
    end: leg.end ?? { cause: 'normal', status: 200, reason: '', by: 'us' },
    answered: times.answeredAtMs !== undefined,
    apologised: false,
    rtp,
    droppedToService: 0,
    codec,
    ...times,
    transfers: [],
    recording: undefined,
  };
}

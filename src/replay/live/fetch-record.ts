import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { RecordedEvent } from '../../call/record.js';
import { HearkenError, messageOf } from '../../errors.js';

const recordSchema = z.object({
  events: z.array(z.looseObject({ atMs: z.number(), type: z.string() })),
});

/** A record is written to its end within this time after the call. */
const WRITTEN_LIMIT_MS = 10_000;
const LOOK_MS = 100;

/** All events of a call that is over, from the service's record of it. Throws CALL_FAILED when the service can't be asked or keeps no records. */
export async function fetchRecord(serviceUrl: string, callId: string): Promise<readonly RecordedEvent[]> {
  const url = new URL(`/api/calls/${encodeURIComponent(callId)}`, serviceUrl);
  const endMs = performance.now() + WRITTEN_LIMIT_MS;
  for (;;) {
    const events = await ask(url);
    if (events?.some(({ type }) => type === 'ended')) return events;
    if (performance.now() > endMs) {
      if (events) return events;
      throw new HearkenError('CALL_FAILED', `${serviceUrl} has no record of the call ${callId}.`, {
        hint: 'Is --service the service behind the address that was called, and is record.events on?',
      });
    }
    await sleep(LOOK_MS);
  }
}

async function ask(url: URL): Promise<readonly RecordedEvent[] | undefined> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  } catch (error) {
    throw new HearkenError('CALL_FAILED', `${url.origin} does not tell what was understood: ${messageOf(error)}`, {
      hint: 'Name the service with --service.',
    });
  }
  if (response.status === 404) return undefined;
  if (!response.ok) {
    throw new HearkenError(
      'CALL_FAILED',
      `${url.origin} answered ${response.status} when asked for the record of a call.`,
      {
        hint: 'It is asked from this machine without a key: run this on the machine of the service.',
      },
    );
  }
  return recordSchema.parse(await response.json()).events;
}

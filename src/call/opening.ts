import type { MediaSession } from '../media/session.js';

/** The first event of a call's record: who called whom, over what. */
export function openingFacts(session: MediaSession, language: string): Readonly<Record<string, unknown>> {
  const { id, sampleRate } = session;
  const { callId, caller, callee, direction, headers, protocol } = session.peer;
  const startedAt = new Date().toISOString();
  return { id, callId, caller, callee, direction, headers, protocol, language, sampleRate, startedAt };
}

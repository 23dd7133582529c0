import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import { messageOf } from '../errors.js';
import type { MediaSession } from '../media/session.js';
import type { Synthesizer } from '../speech/synthesizer.js';
import { Playout } from './playout.js';

export interface WhisperParts {
  readonly session: MediaSession;
  readonly synthesizer: Synthesizer;
  readonly language: string;
  readonly leadMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PROMPT_ID = 0;

/**
 * Tells an agent what the call is about before the caller is put through: speaks the summary that came in the headers, once, and hangs up. There is no
 * conversation and no record of one.
 */
export function whisper(parts: WhisperParts): void {
  const { session, synthesizer, language, leadMs, clock, logger } = parts;
  const abort = new AbortController();
  const text = summaryOf(session.peer.headers);
  const playout = new Playout({
    session,
    clock,
    leadMs,
    onListenerError: (error, event) => logger.error({ err: error, event }, 'a step of a whisper threw'),
  });
  const over = (): void => session.hangup('normal', 'the agent has been told');
  playout.on('finished', over).on('failed', (_promptId, error) => {
    logger.error({ sessionId: session.id, reason: messageOf(error) }, 'an agent could not be told what it is about');
    over();
  });
  session.on('closed', () => {
    abort.abort();
    playout.close();
  });
  if (text === '') {
    over();
    return;
  }
  const audio = synthesizer.speak(text, { language, sampleRate: session.sampleRate, signal: abort.signal });
  playout.play(PROMPT_ID, [{ text, audio }]);
}

/** X-Hearken-Summary, percent-encoded as transfer headers are; names of headers differ in case along the way. */
export function summaryOf(headers: Readonly<Record<string, string>>): string {
  const value = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-hearken-summary')?.[1] ?? '';
  try {
    return decodeURIComponent(value).trim();
  } catch {
    return '';
  }
}

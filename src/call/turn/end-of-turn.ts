import type { TurnConfig } from '../../config.js';
import type { Expectation } from '../../dialogue/brain.js';
import { type Draft, FINAL_LIMIT_MS } from './draft.js';
import type { Utterance } from './state.js';

/** Voice activity tells of voice so long after it began: two windows of 32 ms, what it needs to be sure, and the way. */
const RISING_MS = 120;
const LONGEST_RISING_MS = 240;

/** How much silence ends this utterance (DESIGN "Turn-taking"): short after a complete answer, long inside a number or a half sentence. */
function endSilenceMs(utterance: Utterance, expectation: Expectation, nowMs: number, config: TurnConfig): number {
  switch (readingOf(utterance)) {
    case 'open number':
      return config.endSilenceNumberMs;
    case 'dangling':
      return config.endSilenceDanglingMs;
    case 'parting':
      return config.endSilencePartingMs;
    case 'complete':
      return utterance.settled || nowMs - utterance.changedAtMs >= config.stablePartialMs
        ? config.endSilenceCompleteMs
        : config.endSilenceMs;
    // A number that is an answer, and the beginning of a longer one, has the ordinary silence.
    default:
      // Who spells an address thinks about every sign.
      return expectation.type === 'email' ? config.endSilenceNumberMs : config.endSilenceMs;
  }
}

type Reading = 'unknown' | 'open number' | 'fitting number' | 'dangling' | 'parting' | 'complete';

/** What the brain said of the words as they are now. */
function readingOf(utterance: Utterance): Reading {
  if (utterance.text === '' || utterance.assessedText !== utterance.text) return 'unknown';
  if (utterance.openNumber) return utterance.complete ? 'fitting number' : 'open number';
  if (utterance.dangling) return 'dangling';
  if (!utterance.complete) return 'unknown';
  return utterance.partingText === utterance.text ? 'parting' : 'complete';
}

/** Why the silence that ended it was as long as it was. For the record. */
export function endReason(utterance: Utterance | undefined): string {
  const reading = utterance ? readingOf(utterance) : 'unknown';
  const reasons: Readonly<Record<Reading, string>> = {
    unknown: 'silence',
    'open number': 'silence inside a number',
    'fitting number': 'silence after a number',
    dangling: 'silence after half a sentence',
    parting: 'silence before the goodbye',
    complete: 'complete answer',
  };
  return reasons[reading];
}

/** Sets (or moves) the moment at which the utterance under way is over. While somebody presses keys, those are the answer, not what is heard between them. */
export function scheduleEnd(draft: Draft, config: TurnConfig): void {
  const { utterance, voice, phase, keys } = draft.state;
  if (phase !== 'listening' || !utterance) return;
  if (voice.active || keys !== '') {
    draft.clearDeadlines('endSilence');
    return;
  }
  // Voice can end before it was heard as voice at all (text without a voice event): then silence counts from the last change.
  const silentSinceMs = Math.max(voice.sinceMs, utterance.startedAtMs);
  let due = silentSinceMs + endSilenceMs(utterance, draft.state.expectation, draft.nowMs, config);
  if (readingOf(utterance) === 'complete') {
    // It will count as complete once it has been stable for long enough; don't wait for the long silence until then.
    due = Math.min(
      due,
      Math.max(silentSinceMs + config.endSilenceCompleteMs, utterance.changedAtMs + config.stablePartialMs),
    );
  }
  // A sound that begins just then is waited for until it is known to be the caller going on, but a noise that stays holds nothing up.
  const knownMs = Math.min(due + LONGEST_RISING_MS, draft.state.risingMs + RISING_MS);
  draft.setDeadline('endSilence', Math.max(due, knownMs));
}

/** The caller has stopped: asks for the last word. */
export function endUtterance(draft: Draft, reason: string): void {
  const { state } = draft;
  draft.decide('endOfTurn', { reason, text: state.utterance?.text ?? '', silentSinceMs: state.voice.sinceMs });
  draft.clearDeadlines('endSilence', 'longestUtterance', 'noText', 'noInput');
  state.phase = 'ending';
  state.flushId += 1;
  draft.setDeadline('final', draft.nowMs + FINAL_LIMIT_MS);
  draft.effect({ type: 'flush', flushId: state.flushId, purpose: 'answer' });
}

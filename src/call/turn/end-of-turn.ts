import type { TurnConfig } from '../../config.js';
import { type Draft, FINAL_LIMIT_MS } from './draft.js';
import type { Utterance } from './state.js';

/** How much silence ends this utterance (DESIGN "Turn-taking"): short after a complete answer, long inside a number. */
export function endSilenceMs(utterance: Utterance, nowMs: number, config: TurnConfig): number {
  if (utterance.assessedText === utterance.text && utterance.text !== '') {
    if (utterance.openNumber) return config.endSilenceNumberMs;
    if (utterance.complete && nowMs - utterance.changedAtMs >= config.stablePartialMs)
      return config.endSilenceCompleteMs;
  }
  return config.endSilenceMs;
}

/** Sets (or moves) the moment at which the utterance under way is over. */
export function scheduleEnd(draft: Draft, config: TurnConfig): void {
  const { utterance, voice, phase } = draft.state;
  if (phase !== 'listening' || !utterance) return;
  if (voice.active) {
    draft.clearDeadlines('endSilence');
    return;
  }
  // Voice can end before it was heard as voice at all (text without a voice event): then silence counts from the last change.
  const silentSinceMs = Math.max(voice.sinceMs, utterance.startedAtMs);
  let due = silentSinceMs + endSilenceMs(utterance, draft.nowMs, config);
  if (utterance.complete && !utterance.openNumber && utterance.assessedText === utterance.text) {
    // It will count as complete once it has been stable for long enough; don't wait for the long silence until then.
    due = Math.min(
      due,
      Math.max(silentSinceMs + config.endSilenceCompleteMs, utterance.changedAtMs + config.stablePartialMs),
    );
  }
  draft.setDeadline('endSilence', due);
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

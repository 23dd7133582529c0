import type { TurnConfig } from '../../config.js';
import type { Draft } from './draft.js';

/** The caller typed an answer: it stops the prompt, takes the place of what was being said, and is their turn at once. */
export function takeTyped(draft: Draft, text: string, config: TurnConfig): void {
  const { state } = draft;
  if (state.phase === 'transferring' || state.phase === 'ended' || state.phase === 'idle') return;
  draft.clearDeadlines('noInput', 'interDigit');
  state.keys = '';
  if (state.phase === 'speaking') {
    draft.decide('typingStopsPrompt');
    draft.effect({ type: 'stopPlayout' });
    draft.clearDeadlines('bargeInVoice', 'bargeInDecision');
    state.prompt = undefined;
    state.phase = 'listening';
  }
  if (state.phase === 'listening') {
    draft.discardUtterance();
    state.noInputCount = 0;
    draft.beginTurn({ type: 'text', text, confidence: 1 }, config.thinkingLimitMs);
    return;
  }
  // The brain (or the recogniser's last word) is under way: what was typed comes next, the newest of it.
  state.pendingText = text;
}

/** What was typed while the brain was busy, if anything: begins that turn. */
export function takePendingText(draft: Draft, config: TurnConfig): boolean {
  const text = draft.state.pendingText;
  if (text === undefined) return false;
  draft.state.pendingText = undefined;
  draft.state.noInputCount = 0;
  draft.beginTurn({ type: 'text', text, confidence: 1 }, config.thinkingLimitMs);
  return true;
}

import type { TurnConfig } from '../../config.js';
import type { Draft } from './draft.js';
import type { TurnState } from './state.js';

/** What may be keyed in as a number; anything else is a menu, where one key is an answer. */
const NUMERIC = new Set([
  'digits',
  'number',
  'phone_number',
  'order_number',
  'tracking_number',
  'id_number',
  'amount',
  'pin',
  'date',
]);

/** A key was pressed. Keys always stop the prompt, and they end what was being said. */
export function pressKey(draft: Draft, digit: string, config: TurnConfig): void {
  const { state } = draft;
  if (state.phase === 'transferring' || state.phase === 'ended' || state.phase === 'idle') return;
  draft.clearDeadlines('noInput');
  if (state.phase === 'speaking') {
    draft.decide('keyStopsPrompt', { digit });
    draft.effect({ type: 'stopPlayout' });
    state.prompt = undefined;
    state.phase = 'listening';
  }
  if (state.phase === 'listening') draft.discardUtterance();
  // What was typed ahead is complete: the end key is no part of it.
  if (digit === config.dtmfEndKey && state.keys === '' && state.pendingKeys !== undefined) return;

  if (digit === config.dtmfClearKey && state.keys !== '') {
    state.keys = '';
    draft.setDeadline('interDigit', draft.nowMs + config.dtmfInterDigitMs);
    return;
  }
  if (digit === config.dtmfEndKey && state.keys !== '') {
    commitKeys(draft, config);
    return;
  }
  state.keys += digit;
  const numeric = state.expectation.maxLength !== undefined || NUMERIC.has(state.expectation.type);
  const command =
    digit === config.dtmfClearKey || digit === config.dtmfEndKey || (digit === '0' && !numeric && state.keys === '0');
  if (areComplete(state) || command) commitKeys(draft, config);
  else draft.setDeadline('interDigit', draft.nowMs + config.dtmfInterDigitMs);
}

/** Keys were pressed while the brain was busy, and more of them may come: the question they answer is open now, and need not be asked. */
export function goOnWithKeys(draft: Draft, config: TurnConfig): boolean {
  const { state } = draft;
  if (state.keys === '') return false;
  state.phase = 'listening';
  draft.discardUtterance();
  if (areComplete(state)) commitKeys(draft, config);
  return true;
}

function areComplete({ keys, expectation: { maxLength } }: Pick<TurnState, 'keys' | 'expectation'>): boolean {
  return maxLength !== undefined && keys.length >= maxLength;
}

/** The number is complete: it is the caller's turn, taken by keypad. */
export function commitKeys(draft: Draft, config: TurnConfig): void {
  const { state } = draft;
  draft.clearDeadlines('interDigit');
  const digits = state.keys;
  state.keys = '';
  if (digits === '') {
    // Everything was cleared again: wait for the caller anew.
    if (state.phase === 'listening' && !state.utterance) draft.setDeadline('noInput', draft.nowMs + config.noInputMs);
    return;
  }
  state.noInputCount = 0;
  if (state.phase === 'listening') {
    // Whatever was on the line between the keys is no part of the next answer either.
    draft.discardUtterance();
    draft.beginTurn({ type: 'dtmf', digits }, config.thinkingLimitMs);
    return;
  }
  // The brain (or the recogniser's last word) is under way: the keys come next.
  state.pendingKeys = `${state.pendingKeys ?? ''}${digits}`;
}

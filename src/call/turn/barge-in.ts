import type { TurnConfig } from '../../config.js';
import type { Expectation } from '../../dialogue/brain.js';
import { isBackchannel } from './backchannel.js';
import type { Draft } from './draft.js';
import { scheduleEnd } from './end-of-turn.js';

/**
 * Barge-in: voice pauses the prompt, words decide. Silence or a sign of listening lets it go on where it stopped; anything else ends it.
 */

/** How long a caller has spoken over the echo when that is noticed. */
const ECHO_OVER_MS = 160;
/** Voice that is younger than this when it turns out to be no echo never was one. */
const MISTAKEN_ECHO_MS = 400;

/** Voice began or went on while a prompt plays. `voiceMs`: how long it must last. */
export function voiceOverPrompt(draft: Draft, voiceMs: number): void {
  const { prompt, voice, echo } = draft.state;
  if (!prompt?.bargeIn || prompt.paused || !voice.active || echo) return;
  draft.setDeadline('bargeInVoice', Math.max(draft.nowMs, voice.sinceMs + voiceMs));
}

/**
 * A prompt begins while, or after, the caller spoke into the thinking. Voice that goes on must last longer than over a prompt (the end of an answer
 * often hangs on); words that were said meanwhile take the turn back before a sound of the prompt is out.
 */
export function voiceBeforePrompt(draft: Draft, config: TurnConfig): void {
  const { voice, utterance } = draft.state;
  if (voice.active) {
    voiceOverPrompt(draft, config.bargeInThinkingMs);
    return;
  }
  if (utterance && voice.sinceMs - utterance.startedAtMs >= config.bargeInThinkingMs) wordsOverPrompt(draft, config);
}

/** It turns out whose voice it is: the bot's own changes nothing, a caller's that came out from under it counts from now. */
export function hearEcho(draft: Draft, active: boolean, config: TurnConfig): void {
  const { state } = draft;
  if (state.echo === active) return;
  state.echo = active;
  draft.decide(active ? 'echo' : 'echoOver');
  if (state.phase !== 'speaking') return;
  if (active) {
    draft.clearDeadlines('bargeInVoice');
    if (state.prompt?.paused) {
      draft.clearDeadlines('bargeInDecision');
      resumeAfterPause(draft);
    }
    return;
  }
  // By the time it is known that the caller speaks, they have done so for about half of what was compared; what was an echo only for a moment was none.
  const spokeOnlyMs = draft.nowMs - state.voice.sinceMs;
  if (spokeOnlyMs > MISTAKEN_ECHO_MS) state.voice = { ...state.voice, sinceMs: draft.nowMs - ECHO_OVER_MS };
  voiceOverPrompt(draft, config.bargeInVoiceMs);
}

/** It has lasted: hold the prompt and wait for words. */
export function pauseForVoice(draft: Draft, config: TurnConfig): void {
  const { prompt } = draft.state;
  if (!prompt || prompt.paused) return;
  draft.state.prompt = { ...prompt, paused: true };
  draft.decide('bargeInPause');
  draft.effect({ type: 'pausePlayout' });
  draft.setDeadline('bargeInDecision', draft.nowMs + config.bargeInDecisionMs);
  wordsOverPrompt(draft, config);
}

/** Words came while a prompt plays or is paused: real ones end it. */
export function wordsOverPrompt(draft: Draft, config: TurnConfig): void {
  const { prompt, utterance, voice, echo } = draft.state;
  const text = utterance?.text ?? '';
  if (!prompt?.bargeIn || echo || text === '' || isBackchannel(text, config.backchannels)) return;
  if (!isWord(text, draft.state.expectation)) return;
  // A word that came of less voice than a barge-in needs is not believed yet: the recogniser may have made it of a cough.
  const voicedMs = draft.nowMs - (utterance?.startedAtMs ?? draft.nowMs);
  if (!prompt.paused && voice.active && voicedMs < config.bargeInVoiceMs) return;
  stopForCaller(draft, config, text);
}

/** One character is what recognisers make of a 嗯 or a breath; it is an answer only where answers are that short. */
function isWord(text: string, expectation: Expectation): boolean {
  const signs = text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  return signs > 1 || expectation.type === 'confirm' || expectation.maxLength !== undefined;
}

function stopForCaller(draft: Draft, config: TurnConfig, text: string): void {
  draft.decide('bargeInStop', { text });
  draft.clearDeadlines('bargeInVoice', 'bargeInDecision');
  draft.effect({ type: 'stopPlayout' });
  draft.state.prompt = undefined;
  draft.state.phase = 'listening';
  if (draft.state.utterance)
    draft.setDeadline('longestUtterance', draft.state.utterance.startedAtMs + config.longestUtteranceMs);
  scheduleEnd(draft, config);
}

/** The time to decide is over and no words have stopped the prompt: it goes on. */
export function resumeAfterPause(draft: Draft): void {
  const { prompt, utterance } = draft.state;
  if (!prompt?.paused) return;
  draft.decide('bargeInResume', { text: utterance?.text ?? '' });
  draft.state.prompt = { ...prompt, paused: false };
  draft.effect({ type: 'resumePlayout' });
  // What was said so far was no answer. Voice that goes on stays under watch: words may still come.
  if (!draft.state.voice.active) draft.discardUtterance();
}

import type { TurnConfig } from '../../config.js';
import { isBackchannel } from './backchannel.js';
import {
  hearEcho,
  pauseForVoice,
  resumeAfterPause,
  voiceBeforePrompt,
  voiceOverPrompt,
  wordsOverPrompt,
} from './barge-in.js';
import { Draft, emptyUtterance } from './draft.js';
import { endReason, endUtterance, scheduleEnd } from './end-of-turn.js';
import { commitKeys, goOnWithKeys, pressKey } from './keys.js';
import { type DeadlineName, OPEN_QUESTION, type TurnEffect, type TurnEvent, type TurnState } from './state.js';
import { takePendingText, takeTyped } from './typed.js';

/**
 * One step of turn-taking: `(state, event, config) → [state, effects]`. Pure: no clock, no I/O; deadlines are data in the state and come
 * due with a `time` event. Events that make no sense in a phase change nothing.
 */
export function reduce(state: TurnState, event: TurnEvent, config: TurnConfig): [TurnState, readonly TurnEffect[]] {
  if (state.phase === 'ended') return [state, []];
  const draft = new Draft(state, event.atMs);
  step(draft, event, config);
  return [draft.state, draft.effects];
}

function step(draft: Draft, event: TurnEvent, config: TurnConfig): void {
  const { state } = draft;
  switch (event.type) {
    case 'started':
      if (state.phase === 'idle') draft.beginTurn({ type: 'event', name: 'start', attempt: 1 }, config.thinkingLimitMs);
      return;
    case 'voice':
      onVoice(draft, event, config);
      return;
    case 'rising':
      if (state.deadlines.endSilence === undefined) return;
      state.risingMs = draft.nowMs;
      scheduleEnd(draft, config);
      return;
    case 'echo':
      hearEcho(draft, event.active, config);
      return;
    case 'partial':
      onPartial(draft, event, config);
      return;
    case 'assessed':
      if (state.utterance?.text !== event.text) return;
      draft.updateUtterance({
        assessedText: event.text,
        complete: event.complete,
        openNumber: event.openNumber,
        dangling: event.dangling ?? false,
      });
      scheduleEnd(draft, config);
      return;
    case 'parting':
      draft.updateUtterance({ partingText: event.text });
      scheduleEnd(draft, config);
      return;
    case 'final':
      onFinal(draft, event, config);
      return;
    case 'key':
      if (!transferNow(draft, 'keyStopsPrompt', config)) pressKey(draft, event.digit, config);
      return;
    case 'typed':
      if (!transferNow(draft, 'typingStopsPrompt', config)) takeTyped(draft, event.text, config);
      return;
    case 'reply':
      onReply(draft, event, config);
      return;
    case 'turnFailed':
      if (state.phase === 'thinking' && event.turnId === state.turnId) giveUp(draft, 'turn_failed');
      return;
    case 'promptFinished':
      if (state.phase === 'speaking' && state.prompt?.promptId === event.promptId)
        afterPrompt(draft, state.prompt.next, config);
      return;
    case 'promptFailed':
      if (state.phase === 'speaking' && state.prompt?.promptId === event.promptId) giveUp(draft, 'prompt_failed');
      return;
    case 'transferFailed':
      if (state.phase === 'transferring') {
        // All chances anew, as the brain has them: the next silence must not ring in vain again.
        state.noInputCount = 0;
        state.noMatchCount = 0;
        draft.beginTurn({ type: 'event', name: 'transfer_failed', attempt: 1 }, config.thinkingLimitMs);
      }
      return;
    case 'recognizerFailed':
      giveUp(draft, 'recognizer_failed');
      return;
    case 'detached':
      state.detached = true;
      draft.clearDeadlines('noInput', 'noText', 'bargeInVoice', 'bargeInDecision');
      return;
    case 'resumed':
      state.detached = false;
      // A prompt that a noise had paused when the line broke: nothing will decide about that noise any more.
      if (state.phase === 'speaking') resumeAfterPause(draft);
      if (state.phase !== 'listening') return;
      if (!state.utterance) draft.setDeadline('noInput', draft.nowMs + config.noInputMs);
      else if (state.utterance.text === '' && state.keys === '')
        draft.setDeadline('noText', draft.nowMs + config.speechWithoutTextMs);
      return;
    case 'closed':
      draft.clearAllDeadlines();
      state.phase = 'ended';
      return;
    case 'time':
      onTime(draft, config);
      return;
  }
}

function onVoice(draft: Draft, event: Extract<TurnEvent, { type: 'voice' }>, config: TurnConfig): void {
  const { state } = draft;
  state.voice = { active: event.active, sinceMs: event.sinceMs };
  if (event.active) state.echo = false;
  else if (state.echo && state.phase === 'listening') {
    forgetEcho(draft, config);
    return;
  }
  if (event.active && !state.utterance && state.phase !== 'ending') state.utterance = emptyUtterance(event.sinceMs);
  if (event.active) draft.updateUtterance({ settled: false });
  if (state.phase === 'listening') {
    if (event.active && state.utterance) {
      draft.clearDeadlines('noInput', 'endSilence');
      watchUtterance(draft, config);
    } else scheduleEnd(draft, config);
  } else if (state.phase === 'speaking') {
    if (event.active) voiceOverPrompt(draft, config.bargeInVoiceMs);
    else {
      draft.clearDeadlines('bargeInVoice');
      if (state.echo) draft.discardUtterance();
      // The sign of listening is over; nothing of it may leak into the next answer.
      if (!state.prompt?.paused && isBackchannel(state.utterance?.text ?? '', config.backchannels))
        draft.discardUtterance();
    }
  }
}

/** The limits of an utterance that goes on: too long, or voice without words. */
function watchUtterance(draft: Draft, config: TurnConfig): void {
  const { utterance, keys } = draft.state;
  if (!utterance || keys !== '') return;
  draft.setDeadline('longestUtterance', utterance.startedAtMs + config.longestUtteranceMs);
  if (utterance.text === '')
    draft.setDeadline('noText', Math.max(draft.nowMs, utterance.startedAtMs + config.speechWithoutTextMs));
}

function onPartial(draft: Draft, event: Extract<TurnEvent, { type: 'partial' }>, config: TurnConfig): void {
  const { state } = draft;
  if (event.text === '' || state.phase === 'ending' || state.echo) return;
  if (!state.utterance) state.utterance = emptyUtterance(state.voice.active ? state.voice.sinceMs : draft.nowMs);
  if (event.text !== state.utterance.text) {
    draft.updateUtterance({
      text: event.text,
      changedAtMs: Math.max(state.utterance.startedAtMs, draft.nowMs - event.stableMs),
    });
  }
  draft.updateUtterance({ settled: event.settled ?? false });
  if (state.phase === 'listening') {
    draft.clearDeadlines('noInput', 'noText');
    if (state.keys === '')
      draft.setDeadline('longestUtterance', state.utterance.startedAtMs + config.longestUtteranceMs);
    scheduleEnd(draft, config);
  } else if (state.phase === 'speaking') wordsOverPrompt(draft, config);
}

function onFinal(draft: Draft, event: Extract<TurnEvent, { type: 'final' }>, config: TurnConfig): void {
  const { state } = draft;
  if (state.phase !== 'ending' || event.flushId !== state.flushId) return;
  draft.clearDeadlines('final');
  // The recogniser may lose at the very end what it had shown before: the last partial then stands.
  const text = event.text !== '' ? event.text : (state.utterance?.text ?? '');
  if (state.pendingKeys !== undefined) {
    takePendingKeys(draft, config);
    return;
  }
  if (takePendingText(draft, config)) return;
  if (text !== '') {
    state.noInputCount = 0;
    const { confidence, language } = event;
    draft.beginTurn(
      { type: 'text', text, confidence, ...(language === undefined ? {} : { language }) },
      config.thinkingLimitMs,
    );
    return;
  }
  // Voice, and no words: wait for more until it has to count as a no-match.
  state.phase = 'listening';
  const startedAtMs = state.utterance?.startedAtMs ?? draft.nowMs;
  state.utterance = state.voice.active ? emptyUtterance(startedAtMs) : undefined;
  if (!state.detached) draft.setDeadline('noText', Math.max(draft.nowMs, startedAtMs + config.speechWithoutTextMs));
}

function onReply(draft: Draft, event: Extract<TurnEvent, { type: 'reply' }>, config: TurnConfig): void {
  const { state } = draft;
  if (state.phase !== 'thinking' || event.turnId !== state.turnId) return;
  draft.clearDeadlines('thinking');
  state.expectation = event.expectation;
  state.noMatchCount = event.noMatch ? state.noMatchCount + 1 : 0;
  // The brain hands over by itself after the last re-prompt; should it not, this line doesn't ask for ever.
  if (
    event.next === 'listen' &&
    (state.noMatchCount > config.maxNoMatch + 1 || state.noInputCount > config.maxNoInput + 1)
  ) {
    giveUp(draft, 'too_many_reprompts');
    return;
  }
  if (state.pendingKeys !== undefined && event.next === 'listen') {
    takePendingKeys(draft, config);
    return;
  }
  if (event.next === 'listen' && (takePendingText(draft, config) || goOnWithKeys(draft, config))) return;
  if (event.next !== 'listen') forgetKeys(draft);
  if (event.bargeIn === undefined) {
    afterPrompt(draft, event.next, config);
    return;
  }
  state.phase = 'speaking';
  // What ends the call is said to its end: a caller who was told of the hand-off can't talk it away.
  state.prompt = {
    promptId: event.turnId,
    bargeIn: event.bargeIn && event.next === 'listen',
    next: event.next,
    paused: false,
  };
  draft.effect({ type: 'play', promptId: event.turnId });
  voiceBeforePrompt(draft, config);
}

function takePendingKeys(draft: Draft, config: TurnConfig): void {
  const digits = draft.state.pendingKeys ?? '';
  draft.state.pendingKeys = undefined;
  draft.beginTurn({ type: 'dtmf', digits }, config.thinkingLimitMs);
}

/** The call goes elsewhere: keys meant for the next question answer no other one, should it come back. */
function forgetKeys(draft: Draft): void {
  draft.clearDeadlines('interDigit');
  draft.state.keys = '';
  draft.state.pendingKeys = undefined;
}

/** Who presses a key, or types, while the hand-off is announced is put through at once. */
function transferNow(draft: Draft, reason: string, config: TurnConfig): boolean {
  const { state } = draft;
  if (state.phase !== 'speaking' || state.prompt?.next !== 'transfer') return false;
  draft.decide(reason);
  draft.effect({ type: 'stopPlayout' });
  afterPrompt(draft, 'transfer', config);
  return true;
}

function afterPrompt(draft: Draft, next: 'listen' | 'transfer' | 'hangup', config: TurnConfig): void {
  const { state } = draft;
  state.prompt = undefined;
  draft.clearDeadlines('bargeInVoice', 'bargeInDecision');
  if (next !== 'listen') {
    draft.clearAllDeadlines();
    state.phase = next === 'transfer' ? 'transferring' : 'ended';
    draft.effect(next === 'transfer' ? { type: 'transfer' } : { type: 'hangup', cause: 'normal' });
    return;
  }
  state.phase = 'listening';
  if (state.echo) {
    forgetEcho(draft, config);
    return;
  }
  if (state.utterance && state.voice.active) {
    // The caller began over the end of the prompt and goes on: that is the answer.
    watchUtterance(draft, config);
    return;
  }
  draft.discardUtterance();
  if (!state.detached) draft.setDeadline('noInput', draft.nowMs + config.noInputMs);
}

/** What is on the line, or was last, is our own voice: it is no answer, and the caller's time to answer begins now. */
function forgetEcho(draft: Draft, config: TurnConfig): void {
  draft.discardUtterance();
  if (!draft.state.detached) draft.setDeadline('noInput', draft.nowMs + config.noInputMs);
}

/** The dialogue can't go on: a person takes over. When that was tried before, the call ends with an apology. */
function giveUp(draft: Draft, reason: string): void {
  if (draft.state.phase === 'transferring') return;
  draft.clearAllDeadlines();
  forgetKeys(draft);
  if (draft.state.phase === 'speaking') draft.effect({ type: 'stopPlayout' });
  if (draft.state.gaveUp) {
    draft.state.phase = 'ended';
    draft.effect({ type: 'hangup', cause: 'error' });
    return;
  }
  draft.state.gaveUp = true;
  draft.state.phase = 'transferring';
  draft.state.prompt = undefined;
  draft.state.utterance = undefined;
  draft.state.expectation = OPEN_QUESTION;
  draft.effect({ type: 'handOff', reason });
}

function onTime(draft: Draft, config: TurnConfig): void {
  // Acting on one deadline may clear or set others, so the earliest due one is looked up anew each time.
  for (let guard = 0; guard < 10; guard++) {
    const due = (Object.entries(draft.state.deadlines) as [DeadlineName, number][])
      .filter(([, atMs]) => atMs <= draft.nowMs)
      .sort((left, right) => left[1] - right[1])[0];
    if (!due) return;
    draft.clearDeadlines(due[0]);
    expire(draft, due[0], config);
  }
}

function expire(draft: Draft, name: DeadlineName, config: TurnConfig): void {
  const { state } = draft;
  switch (name) {
    case 'noInput':
      state.noInputCount += 1;
      draft.decide('noInput', { attempt: state.noInputCount });
      draft.beginTurn({ type: 'event', name: 'no_input', attempt: state.noInputCount }, config.thinkingLimitMs);
      return;
    case 'noText':
      draft.decide('noMatch', { reason: 'voice without words' });
      draft.discardUtterance();
      draft.beginTurn({ type: 'event', name: 'no_match', attempt: state.noMatchCount + 1 }, config.thinkingLimitMs);
      return;
    case 'endSilence':
      endUtterance(draft, endReason(state.utterance));
      return;
    case 'longestUtterance':
      endUtterance(draft, 'longest utterance');
      return;
    case 'final':
      step(
        draft,
        {
          type: 'final',
          atMs: draft.nowMs,
          flushId: state.flushId,
          text: state.utterance?.text ?? '',
          confidence: 0.5,
        },
        config,
      );
      return;
    case 'thinking':
      giveUp(draft, 'thinking_limit');
      return;
    case 'bargeInVoice':
      pauseForVoice(draft, config);
      return;
    case 'bargeInDecision':
      resumeAfterPause(draft);
      return;
    case 'interDigit':
      commitKeys(draft, config);
      return;
  }
}

import type { Logger } from 'pino';
import type { Brain } from '../dialogue/brain.js';
import { messageOf } from '../errors.js';
import type { MediaSession } from '../media/session.js';
import type { ExpectedWords } from '../speech/correct/corrector.js';
import type { Graph } from '../speech/graph.js';
import type { RecognizerStream } from '../speech/recognizer.js';
import { CallEar, type EarListener, type HeardPartial } from './call-ear.js';
import { EchoGuard } from './echo-guard.js';
import { PartialAssessor } from './partial-assessor.js';
import { isParting } from './parting.js';
import type { CallRecord } from './record.js';
import type { SideEar } from './side-ear.js';
import { Speculation, type SpeculationOptions } from './speculation.js';
import type { TurnTimings } from './timings.js';
import type { TurnEvent, TurnState } from './turn/state.js';

export interface CallHearingOptions extends Pick<SpeculationOptions, 'rehearse' | 'prepare'> {
  readonly session: MediaSession;
  /** This call's own; closed with the hearing. */
  readonly stream: RecognizerStream;
  readonly side?: SideEar;
  readonly brain: Brain;
  readonly record: CallRecord;
  readonly logger: Logger;
  readonly timings: TurnTimings;
  readonly nowMs: () => number;
  /** Of turn-taking, as it is now. */
  readonly state: () => TurnState;
  readonly dispatch: (event: TurnEvent) => void;
}

/**
 * All that is made of the caller's line before a turn is over: voice and words from the ear, whether they are the bot's own echo, what the words so far are worth as an
 * answer, and the answer that is worked out ahead. Tells turn-taking of it as events; it decides nothing by itself.
 */
export class CallHearing {
  readonly #options: CallHearingOptions;
  readonly #ear: CallEar;
  readonly #echoGuard: EchoGuard;
  readonly #assessor: PartialAssessor;
  readonly #speculation: Speculation;

  constructor(options: CallHearingOptions) {
    this.#options = options;
    const { session, brain, record, logger, nowMs, dispatch } = options;
    this.#assessor = new PartialAssessor({
      assess: (text) => brain.peek(session.peer.conversationId ?? session.id, text),
      onAssessed: (assessed) => {
        const state = options.state();
        if (assessed.complete && state.phase === 'listening' && assessed.text === state.utterance?.text)
          this.#speculation.consider(state.turnId + 1, assessed.text);
        dispatch({ type: 'assessed', atMs: nowMs(), ...assessed });
      },
      onError: (error) =>
        logger.warn({ sessionId: session.id, reason: messageOf(error) }, 'a partial could not be assessed'),
    });
    this.#echoGuard = new EchoGuard({
      sampleRate: session.sampleRate,
      onChange: (active) => dispatch({ type: 'echo', atMs: nowMs(), active }),
    });
    this.#ear = new CallEar({ ...options, listener: this.#heardByEar() });
    this.#speculation = new Speculation({
      rehearse: options.rehearse,
      prepare: options.prepare,
      foreseen: (text, result) => {
        if (isParting(text, result)) dispatch({ type: 'parting', atMs: nowMs(), text });
      },
      record: (data) => record.event(nowMs(), 'speculation', data),
      nowMs,
    });
  }

  /** Takes the caller's audio until the call is over; an audio path that breaks ends the call. */
  start(): void {
    const { session, logger } = this.#options;
    this.#ear.hear().catch((error: unknown) => {
      logger.error({ err: error, sessionId: session.id }, 'the audio of a call could not be taken');
      session.hangup('error', 'audio failed');
    });
  }

  /** Asks for the last word; `final` follows with this id. `discard`: only to forget what was heard so far. */
  flush(flushId: number, purpose: 'answer' | 'discard'): void {
    this.#ear.flush(flushId, purpose);
  }

  /** What kind of answer is listened for from now on, and which words it may be. */
  expect(graph: Graph, words?: ExpectedWords): void {
    this.#ear.expect(graph, words);
  }

  /** Hears another language from now on. */
  switchTo(stream: RecognizerStream): void {
    this.#ear.switchTo(stream);
  }

  /** The bot's sound, with the time at which the caller hears it: it may come back. */
  played(atMs: number, samples: Int16Array): void {
    this.#echoGuard.played(atMs, samples);
  }

  /** Of the bot's sound nothing is heard from this time on. */
  cut(atMs: number): void {
    this.#echoGuard.cut(atMs);
  }

  /** The turn is taken with these words; undefined: not by words. Tells whether its answer was worked out ahead. */
  foresaw(turnId: number, text: string | undefined): boolean {
    if (text !== undefined) return this.#speculation.settle(turnId, text);
    this.#speculation.drop();
    return false;
  }

  close(): void {
    this.#ear.close();
    this.#assessor.close();
    this.#speculation.close();
  }

  #heardByEar(): EarListener {
    const { session, logger, timings, nowMs, state, dispatch } = this.#options;
    return {
      audio: (atMs, samples) => {
        this.#echoGuard.heard(atMs, samples);
        // Only the end of a turn waits for it; anything else has time until it is known to be voice.
        if (state().deadlines.endSilence !== undefined && this.#ear.rising) dispatch({ type: 'rising', atMs: nowMs() });
      },
      voice: (active, sinceMs) => {
        this.#echoGuard.voice(active, sinceMs);
        if (!active) timings.endOfSpeech(sinceMs);
        dispatch({ type: 'voice', atMs: nowMs(), active, sinceMs });
      },
      partial: (partial) => this.#onPartial(partial),
      final: (flushId, text, confidence, language) => {
        // What was only to be forgotten belongs to no turn.
        if (state().phase === 'ending' && state().flushId === flushId) timings.reached('finalTextMs', nowMs());
        const heardIn = language === undefined ? {} : { language };
        dispatch({ type: 'final', atMs: nowMs(), flushId, text, confidence, ...heardIn });
      },
      failed: (reason) => {
        logger.error({ sessionId: session.id, reason }, 'the recogniser of a call failed');
        dispatch({ type: 'recognizerFailed', atMs: nowMs() });
      },
    };
  }

  #onPartial({ text, stableMs, settled }: HeardPartial): void {
    const { session, timings, nowMs, state, dispatch } = this.#options;
    if (settled) timings.settled(nowMs());
    const { utterance } = state();
    const news = text !== utterance?.text;
    // The recogniser repeats itself while nothing changes; the reducer keeps count of that by itself.
    if (!news && (!settled || utterance.settled)) return;
    dispatch({ type: 'partial', atMs: nowMs(), text, stableMs, settled });
    const { phase, turnId } = state();
    if (phase === 'listening' && settled) this.#speculation.consider(turnId + 1, text);
    if (!news) return;
    if (!settled) this.#speculation.drop();
    if (phase === 'listening' || phase === 'speaking') this.#assessor.ask(text);
    session.notify({ type: 'transcript', who: 'caller', text, final: false });
  }
}

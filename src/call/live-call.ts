import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { Brain, TurnResult, UserInput } from '../dialogue/brain.js';
import { messageOf } from '../errors.js';
import type { HangupCause, MediaSession } from '../media/session.js';
import type { RecognizerStream } from '../speech/recognizer.js';
import type { Synthesizer } from '../speech/synthesizer.js';
import { CallHearing } from './call-hearing.js';
import { CallLanguage } from './call-language.js';
import { CallMind } from './call-mind.js';
import { CallVoice, type VoiceListener } from './call-voice.js';
import { Departure } from './departure.js';
import type { Music } from './hold-music.js';
import { openingFacts } from './opening.js';
import { graphFor } from './question-graph.js';
import type { CallRecord } from './record.js';
import { RecordingOrders } from './recording-orders.js';
import { greeted, replyFacts, saysOf } from './reply.js';
import type { SideEar } from './side-ear.js';
import { type TurnTiming, TurnTimings } from './timings.js';
import type { TurnEffect, TurnEvent, TurnState } from './turn/state.js';
import { TurnMachine } from './turn-machine.js';

export interface LiveCallParts {
  readonly session: MediaSession;
  /** This call's own; the call closes it. */
  readonly stream: RecognizerStream;
  /** A stream for another language, when the caller changes over. Throws when there is none. */
  readonly openEars?: (language: string) => RecognizerStream;
  /** Listens for a caller who speaks another language; the call closes it. */
  readonly side?: SideEar;
  readonly synthesizer: Synthesizer;
  readonly brain: Brain;
  readonly turn: Config['turn'];
  readonly leadMs: number;
  readonly handoff: Config['handoff'];
  readonly language: string;
  readonly clock: Clock;
  readonly record: CallRecord;
  readonly logger: Logger;
  /** Recorded apology at 8 kHz, for when synthesis itself is broken. */
  readonly apology: Int16Array | undefined;
  /** For who waits for a person. */
  readonly music?: Music | undefined;
  /** Told of every turn's times. */
  readonly onTiming?: (timing: TurnTiming) => void;
}

/**
 * One call from ring to end: turns what happens (audio, words, keys, replies, time) into events for the reducer, and the reducer's
 * effects into deeds. It decides nothing by itself.
 */
export class LiveCall {
  readonly #parts: LiveCallParts;
  readonly #startMs: number;
  readonly #hearing: CallHearing;
  readonly #voice: CallVoice;
  readonly #timings: TurnTimings;
  readonly #mind: CallMind;
  readonly #departure: Departure;
  readonly #turns: TurnMachine;
  readonly #language: CallLanguage;
  readonly #recordingOrders: RecordingOrders;
  readonly #finished: Promise<void>;
  #settleFinished: () => void = () => undefined;
  #input: UserInput | undefined;
  #reply: TurnResult | undefined;
  #ended = false;

  constructor(parts: LiveCallParts) {
    this.#parts = parts;
    const { session, brain, clock, record, logger } = parts;
    this.#startMs = clock.nowMs();
    this.#turns = new TurnMachine({
      config: parts.turn,
      clock,
      nowMs: () => this.#nowMs(),
      record,
      perform: (effect) => this.#perform(effect),
      changed: (before, after) => {
        if (after.expectation !== before.expectation)
          this.#hearing.expect(
            graphFor(after.expectation),
            brain.answersTo?.(after.expectation, this.#reply?.slots ?? {}),
          );
        if (after.phase !== before.phase) this.#announce();
      },
    });
    this.#timings = new TurnTimings((timing) => {
      record.event(this.#nowMs(), 'timing', { ...timing });
      parts.onTiming?.(timing);
    });
    this.#finished = new Promise((resolve) => {
      this.#settleFinished = resolve;
    });
    this.#hearing = new CallHearing({
      ...parts,
      timings: this.#timings,
      nowMs: () => this.#nowMs(),
      state: () => this.#state,
      dispatch: (event) => this.#dispatch(event),
      rehearse: (turnId, text) => this.#mind.rehearse(turnId, text),
      prepare: (speech, rate, language, signal) => this.#voice.prepare(speech, rate, language, signal),
    });
    this.#language = new CallLanguage({
      language: parts.language,
      sessionId: session.id,
      logger,
      record: (type, data) => record.event(this.#nowMs(), type, data),
      openEars: parts.openEars,
      switchEars: (stream) => this.#hearing.switchTo(stream),
    });
    this.#voice = new CallVoice({
      ...parts,
      startMs: this.#startMs,
      language: () => this.#language.now,
      listener: this.#toldByVoice(),
      onListenerError: (error, event) => logger.error({ err: error, event }, 'a step of a call threw'),
    });
    this.#recordingOrders = new RecordingOrders(parts);
    this.#departure = new Departure({
      session,
      handoff: parts.handoff,
      clock,
      voice: this.#voice,
      record: (type, data) => record.event(this.#nowMs(), type, data),
      onTransferFailed: () => this.#dispatch({ type: 'transferFailed', atMs: this.#nowMs() }),
    });
    this.#mind = new CallMind({
      ...parts,
      nowMs: () => this.#nowMs(),
      language: () => this.#language.now,
      listener: {
        interim: (turnId, say) => {
          if (turnId === this.#state.turnId && this.#state.phase === 'thinking') this.#voice.sayInterim(say);
        },
        understood: () => this.#timings.reached('understoodMs', this.#nowMs()),
        replied: (turnId, result) => this.#onReply(turnId, result),
        failed: (turnId) => this.#dispatch({ type: 'turnFailed', atMs: this.#nowMs(), turnId }),
      },
    });
    this.#listenToSession();
  }

  get id(): string {
    return this.#parts.session.id;
  }

  /** Resolves when the call is over and its record is on disk. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  start(): void {
    const { session, record } = this.#parts;
    record.event(0, 'call', openingFacts(session, this.#language.now));
    this.#dispatch({ type: 'started', atMs: 0 });
    this.#hearing.start();
  }

  /** Ends the call from our side: shutting down. */
  hangup(cause: HangupCause, reason: string): void {
    this.#parts.session.hangup(cause, reason);
  }

  #nowMs(): number {
    return this.#parts.clock.nowMs() - this.#startMs;
  }

  #toldByVoice(): VoiceListener {
    return {
      audio: (atMs, samples) => this.#hearing.played(atMs, samples),
      cut: (atMs) => this.#hearing.cut(atMs),
      made: (promptId) => this.#timings.played('soundMs', promptId, this.#nowMs()),
      audible: (promptId) => this.#timings.played('audibleMs', promptId, this.#nowMs()),
      started: (promptId) => {
        this.#timings.played('packetMs', promptId, this.#nowMs());
        this.#parts.session.notify({ type: 'state', state: 'speaking' });
      },
      heard: (promptId, text) => this.#heard(promptId, text),
      finished: (promptId) => this.#dispatch({ type: 'promptFinished', atMs: this.#nowMs(), promptId }),
      failed: (promptId, reason) => {
        this.#parts.logger.error({ sessionId: this.id, reason }, 'a prompt could not be spoken');
        this.#parts.record.event(this.#nowMs(), 'promptError', { promptId, reason });
        this.#recordingOrders.said(promptId);
        if (promptId >= 0) this.#dispatch({ type: 'promptFailed', atMs: this.#nowMs(), promptId });
      },
      fallbackOver: () => this.#departure.apologised(),
    };
  }

  #listenToSession(): void {
    const { session, record } = this.#parts;
    session.on('dtmf', (digit) => {
      record.event(this.#nowMs(), 'key', { digit });
      this.#dispatch({ type: 'key', atMs: this.#nowMs(), digit });
    });
    session.on('text', (text) => this.#dispatch({ type: 'typed', atMs: this.#nowMs(), text }));
    session.on('transferProgress', (transferId, status) =>
      record.event(this.#nowMs(), 'transferProgress', { transferId, status }),
    );
    session.on('quality', (quality) => record.event(this.#nowMs(), 'quality', { ...quality }));
    session.on('detached', () => this.#dispatch({ type: 'detached', atMs: this.#nowMs() }));
    session.on('resumed', () => this.#dispatch({ type: 'resumed', atMs: this.#nowMs() }));
    session.on('closed', (cause, reason) => void this.#end(cause, reason));
  }

  #dispatch(event: TurnEvent): void {
    this.#turns.dispatch(event);
  }

  get #state(): TurnState {
    return this.#turns.state;
  }

  #announce(): void {
    const { phase } = this.#state;
    if (phase === 'listening' || phase === 'thinking' || phase === 'transferring' || phase === 'ended') {
      this.#parts.session.notify({ type: 'state', state: phase });
    }
  }

  #perform(effect: TurnEffect): void {
    const atMs = this.#nowMs();
    switch (effect.type) {
      case 'decision':
        this.#parts.record.event(atMs, 'decision', {
          name: effect.name,
          ...(effect.detail ? { detail: effect.detail } : {}),
        });
        return;
      case 'flush':
        if (effect.purpose === 'answer') this.#timings.endOfTurn(atMs);
        this.#hearing.flush(effect.flushId, effect.purpose);
        return;
      case 'turn':
        this.#input = effect.input;
        this.#think(effect.turnId, effect.input);
        return;
      case 'play':
        this.#voice.say(effect.promptId, saysOf(this.#reply));
        return;
      case 'pausePlayout':
        this.#voice.pause();
        return;
      case 'resumePlayout':
        this.#voice.resume();
        return;
      case 'stopPlayout':
        void this.#voice.stop();
        return;
      case 'transfer':
        void this.#departure.transfer(this.#reply);
        return;
      case 'handOff':
        this.#parts.logger.error(
          { sessionId: this.id, reason: effect.reason },
          'the dialogue can not go on; a person takes over',
        );
        this.#departure.apologise('handOff', 'transfer');
        return;
      case 'hangup':
        if (effect.cause === 'error') this.#departure.apologise('goodbye', 'hangup');
        else this.#parts.session.hangup('normal', 'the conversation is over');
        return;
    }
  }

  #think(turnId: number, input: UserInput): void {
    const { session, record } = this.#parts;
    const text = input.type === 'text' ? input.text : undefined;
    if (text !== undefined) session.notify({ type: 'transcript', who: 'caller', text, final: true });
    if (this.#hearing.foresaw(turnId, text)) record.event(this.#nowMs(), 'foreseen', { turnId });
    this.#timings.begin(turnId);
    void this.#mind.think(turnId, input);
  }

  #onReply(turnId: number, result: TurnResult): void {
    if (this.#ended || turnId !== this.#state.turnId) return;
    this.#reply = greeted(result, this.#input, this.#parts.session.peer.route?.greeting);
    this.#language.follow(result.language);
    this.#recordingOrders.take(turnId, this.#reply.actions);
    this.#timings.reached('replyMs', this.#nowMs());
    this.#parts.record.event(this.#nowMs(), 'turn', {
      turnId,
      input: this.#input,
      intent: result.parse?.intent,
      entities: result.parse?.entities,
      model: result.parse?.model,
      actions: result.actions,
      slots: result.slots,
      noMatch: result.noMatch,
    });
    this.#dispatch({ type: 'reply', atMs: this.#nowMs(), turnId, ...replyFacts(result) });
  }

  #heard(promptId: number, text: string): void {
    this.#parts.record.event(this.#nowMs(), 'heard', { promptId, text });
    this.#recordingOrders.said(promptId);
    if (text === '') return;
    this.#parts.brain.heard(this.#parts.session.peer.conversationId ?? this.id, text).catch((error: unknown) => {
      this.#parts.logger.warn({ sessionId: this.id, reason: messageOf(error) }, 'what was heard could not be stored');
    });
  }

  async #end(cause: HangupCause, reason: string): Promise<void> {
    if (this.#ended) return;
    const atMs = this.#nowMs();
    this.#dispatch({ type: 'closed', atMs });
    this.#ended = true;
    this.#turns.stop();
    this.#voice.close();
    this.#hearing.close();
    this.#mind.close();
    this.#departure.stop();
    this.#timings.close();
    this.#parts.record.event(atMs, 'ended', { cause, reason, durationMs: Math.round(atMs) });
    try {
      await this.#parts.record.close(atMs);
    } catch (error) {
      this.#parts.logger.error({ err: error, sessionId: this.id }, 'the record of a call could not be closed');
    }
    this.#settleFinished();
  }
}

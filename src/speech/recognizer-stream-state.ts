import { endOfSound } from '../dsp/edges.js';
import { concat, samplesIn } from '../dsp/framing.js';
import { Resampler } from '../dsp/resample.js';
import { confidenceOf } from './confidence.js';
import type { Graph } from './graph.js';
import type { StreamEvent } from './recognizer-protocol.js';
import { RECOGNIZER_RATE } from './sherpa.js';
import { type SileroItem, type SileroRate, SileroState, sileroWindow } from './silero.js';
import { type Recognizers, type Track, Utterance } from './utterance.js';
import { hearWindow, QUIET, type VoiceActivityState } from './voice-activity.js';

/** Probability from which the recogniser is fed: lower than what counts as voice, a soft first consonant must not be missed. */
const FEED_THRESHOLD = 0.2;
/** Sounds too soft to be voice are fed for so long after the last of them; then the recogniser rests until the next. */
const FEED_HOLD_MS = 640;
/** Voice activity is at most so late with the end of voice. */
const MOST_LATE_MS = 150;
/** Audio of an utterance under way that a graph can still hear when the question changes. */
const LATE_GRAPH_MS = 2000;
/** A partial that stays is told again at these ages, so that who waits for a stable one learns of it. */
const STABLE_STEPS_MS = [80, 160, 240, 320, 480, 640, 960, 1280];
/** At least this much silence ends an utterance: what fills the last chunk is decoded with it. */
const SHORTEST_PADDING_MS = 160;

/**
 * One caller inside a worker: splits audio into windows for voice activity, keeps a pre-roll, decides when the recogniser is fed, and
 * turns what both say into events. Inference itself is done by the engine for all streams together.
 */
export class StreamState {
  readonly handle: number;
  readonly #rate: number;
  readonly #recognizers: Recognizers;
  readonly #preRollSamples: number;

  /** Next sample expected, in samples of the stream. */
  #position: number;
  readonly #vadRate: SileroRate;
  readonly #vadResampler: Resampler;
  readonly #vadState: SileroState;
  #vadBuffer = new Float32Array(0);
  /** Stream position that belongs to the first sample of #vadBuffer. */
  #vadPosition: number;
  #voice: VoiceActivityState = QUIET;

  /** The last of the audio: pre-roll and what is not fed yet. */
  #recent: { at: number; pcm: Int16Array }[] = [];
  #feeding = false;
  /** Voice has ended: the model is to hear the end now, not when the silence has filled its chunk. */
  #tailDue = false;
  /** Nothing was fed since the tail: the text is all that will come. */
  #tailGiven = false;
  #lastLikelyVoice: number;
  /** Nothing before this is given to the recogniser (again). */
  #fedUntil: number;
  #resampler: Resampler | undefined;
  #utterance: Utterance | undefined;
  #utteranceFedFrom = 0;
  /** Where the stream stood when the model was asked last, and the time before. */
  #askedAt = 0;
  #askedBefore = 0;
  #graph: Graph;

  constructor(options: {
    readonly handle: number;
    readonly sampleRate: number;
    readonly startSample: number;
    readonly recognizers: Recognizers;
    readonly preRollMs: number;
    readonly graph: Graph;
  }) {
    this.handle = options.handle;
    this.#rate = options.sampleRate;
    this.#recognizers = options.recognizers;
    this.#graph = options.graph;
    this.#position = options.startSample;
    this.#vadPosition = options.startSample;
    this.#fedUntil = options.startSample;
    this.#lastLikelyVoice = Number.NEGATIVE_INFINITY;
    this.#preRollSamples = samplesIn(options.preRollMs, options.sampleRate);
    // Silero speaks 8 and 16 kHz natively; telephone audio is not resampled for it.
    this.#vadRate = options.sampleRate === 8000 ? 8000 : 16_000;
    this.#vadResampler = new Resampler(options.sampleRate, this.#vadRate);
    this.#vadState = new SileroState(this.#vadRate);
  }

  get vadRate(): SileroRate {
    return this.#vadRate;
  }

  /** What of it may have something to decode. */
  get tracks(): readonly Track[] {
    return this.#utterance?.tracks ?? [];
  }

  /** Audio is going into the recogniser at the moment. */
  get feeding(): boolean {
    return this.#feeding && this.tracks.length > 0;
  }

  get tailDue(): boolean {
    return this.#tailDue;
  }

  get voiceActive(): boolean {
    return this.#voice.active;
  }

  get position(): number {
    return this.#position;
  }

  /** Another question is open: its graph listens from now on, also to what has been said of the present utterance. */
  expect(graph: Graph): void {
    if (graph === this.#graph) return;
    this.#graph = graph;
    const utterance = this.#utterance;
    if (!utterance) return;
    utterance.narrowTo(graph);
    if (utterance.has(graph)) return;
    const from = Math.max(this.#utteranceFedFrom, this.#position - samplesIn(LATE_GRAPH_MS, this.#rate));
    const pieces = this.#recent.map(({ at, pcm }) =>
      pcm.subarray(Math.max(0, from - at), Math.max(0, this.#fedUntil - at)),
    );
    utterance.listen(
      graph,
      this.#recognizers,
      new Resampler(this.#rate, RECOGNIZER_RATE).processToFloat(concat(pieces)),
    );
  }

  /** The model is asked now for what it makes of the audio so far. */
  asked(): void {
    this.#askedBefore = this.#askedAt;
    this.#askedAt = this.#position;
  }

  /** Audio that begins at `at`; a jump (audio was dropped on the way) moves the stream's clock along. */
  accept(at: number, pcm: Int16Array): void {
    if (at !== this.#position) {
      this.#vadPosition += at - this.#position;
      this.#position = at;
    }
    this.#position += pcm.length;
    this.#recent.push({ at, pcm });
    const heard = this.#vadResampler.processToFloat(pcm);
    const joined = new Float32Array(this.#vadBuffer.length + heard.length);
    joined.set(this.#vadBuffer);
    joined.set(heard, this.#vadBuffer.length);
    this.#vadBuffer = joined;
  }

  /** The next full window for voice activity, taken out; undefined when there is none. */
  takeWindow(): SileroItem | undefined {
    const size = sileroWindow(this.#vadRate);
    if (this.#vadBuffer.length < size) return undefined;
    const window = this.#vadBuffer.slice(0, size);
    this.#vadBuffer = this.#vadBuffer.slice(size);
    return { state: this.#vadState, window };
  }

  /** What voice activity says about the window taken last. */
  hear(probability: number, events: StreamEvent[]): void {
    const from = this.#vadPosition;
    const to = from + (sileroWindow(this.#vadRate) * this.#rate) / this.#vadRate;
    this.#vadPosition = to;
    const [voice, change] = hearWindow(this.#voice, probability, from, to, this.#rate);
    this.#voice = voice;
    if (probability >= FEED_THRESHOLD) {
      this.#lastLikelyVoice = to;
      if (!this.#feeding) this.#startFeeding(from);
    }
    const utterance = this.#utterance;
    if (utterance && probability >= 0.5) utterance.voicedSamples += to - from;
    if (!change) return;
    const atSample = change.active ? change.atSample : this.#endOfSound(change.atSample);
    if (utterance && change.active && utterance.text === '') utterance.startSample = change.atSample;
    if (utterance && !change.active) utterance.endSample = atSample;
    this.#tailDue = !change.active;
    events.push({ handle: this.handle, kind: 'voice', active: change.active, atSample: Math.round(atSample) });
  }

  /** Voice activity notices the end late; the last sound before it tells when it really was. */
  #endOfSound(atSample: number): number {
    const first = this.#recent[0];
    if (!first) return atSample;
    const pieces = this.#recent.map(({ at, pcm }) => pcm.subarray(0, Math.max(0, Math.round(atSample) - at)));
    const end = first.at + endOfSound(concat(pieces), this.#rate);
    return Math.min(atSample, Math.max(end, atSample - samplesIn(MOST_LATE_MS, this.#rate)));
  }

  /** Gives the recogniser what it should have by now; drops what nobody needs any more. */
  feed(): void {
    if (this.#feeding) {
      for (const { at, pcm } of this.#recent) {
        const skip = Math.max(0, this.#fedUntil - at);
        if (skip < pcm.length) this.#give(skip === 0 ? pcm : pcm.subarray(skip));
      }
      this.#fedUntil = this.#position;
      const quiet = this.#position - this.#lastLikelyVoice > samplesIn(FEED_HOLD_MS, this.#rate);
      if (quiet && !this.#voice.active) this.#feeding = false;
    }
    const preRoll = this.#vadPosition - this.#preRollSamples;
    const late = Math.max(this.#utteranceFedFrom, this.#position - samplesIn(LATE_GRAPH_MS, this.#rate));
    const keepFrom = this.#utterance ? Math.min(preRoll, late) : preRoll;
    while (this.#recent[0] && this.#recent[0].at + this.#recent[0].pcm.length <= keepFrom) this.#recent.shift();
  }

  /**
   * The tail: what is left, then silence, so that the model says its last word now. Silence that the caller has already been heard to keep counts. Voice that
   * comes after all is fed on behind it. False when there is nothing left to say: no utterance, or its tail has been heard.
   */
  pushTail(paddingMs: number): boolean {
    this.#tailDue = false;
    const utterance = this.#utterance;
    if (!utterance || utterance.tracks.length === 0 || this.#tailGiven) return false;
    const wasFeeding = this.#feeding;
    this.#feeding = true;
    this.feed();
    const quietSamples = this.#voice.active || !wasFeeding ? 0 : this.#position - utterance.endSample;
    const missingMs = paddingMs - (quietSamples * 1000) / this.#rate;
    const length = samplesIn(Math.max(SHORTEST_PADDING_MS, missingMs), RECOGNIZER_RATE);
    utterance.give(new Float32Array(length));
    this.#feeding = false;
    this.#tailGiven = true;
    return true;
  }

  /**
   * Tells a partial when the text changed or has stayed for another step. `decoded`: the model has moved on since the last time; `settled`: it
   * has just heard the tail.
   */
  reportPartial(decoded: boolean, settled: boolean, events: StreamEvent[]): void {
    const utterance = this.#utterance;
    if (!utterance || utterance.tracks.length === 0) return;
    // Asking costs a JSON document: only when the model has moved on.
    if (decoded && utterance.refresh()) {
      utterance.textSince = this.#position;
      utterance.stepsTold = 0;
    } else if (utterance.text === '') return;
    else if (!settled) {
      const step = STABLE_STEPS_MS[utterance.stepsTold];
      const stable = this.#position - utterance.textSince;
      if (step === undefined || stable < samplesIn(step, this.#rate)) return;
      while (stable >= samplesIn(STABLE_STEPS_MS[utterance.stepsTold] ?? Infinity, this.#rate)) utterance.stepsTold++;
    }
    events.push({
      handle: this.handle,
      kind: 'partial',
      text: utterance.text,
      tokens: utterance.tokens,
      stableSamples: this.#position - utterance.textSince,
      settled: this.#tailGiven,
      atSample: this.#position,
      unaskedSamples: decoded ? Math.max(0, this.#position - this.#askedBefore) : 0,
    });
  }

  /** After `pushTail` and decoding: the final text, and the stream is fresh for the next utterance. */
  finish(flushId: number, events: StreamEvent[]): void {
    const utterance = this.#utterance;
    utterance?.refresh();
    const text = utterance?.text ?? '';
    const voicedMs = ((utterance?.voicedSamples ?? 0) * 1000) / this.#rate;
    events.push({
      handle: this.handle,
      kind: 'final',
      flushId,
      text,
      confidence: confidenceOf({ text, logProbabilities: utterance?.logProbabilities ?? [], voicedMs }),
      startSample: Math.round(utterance?.startSample ?? this.#position),
      endSample: Math.round(this.#voice.active || !utterance ? this.#position : utterance.endSample),
    });
    this.#utterance = undefined;
    this.#resampler = undefined;
    this.#feeding = false;
    this.#tailGiven = false;
    // The silence before the flush may serve as pre-roll of what comes next; voice that was heard already may not.
    const voiceEnd = utterance && !this.#voice.active ? utterance.endSample : this.#position;
    this.#fedUntil = Math.max(voiceEnd, this.#position - this.#preRollSamples);
    // A caller who talks on across the flush goes on in a new utterance at once.
    if (this.#voice.active) this.#startFeeding(this.#position);
  }

  #startFeeding(from: number): void {
    this.#feeding = true;
    this.#tailGiven = false;
    this.#fedUntil = Math.max(this.#fedUntil, from - this.#preRollSamples);
    this.#resampler ??= new Resampler(this.#rate, RECOGNIZER_RATE);
    if (this.#utterance) return;
    this.#utterance = new Utterance(from);
    this.#utteranceFedFrom = this.#fedUntil;
    this.#askedAt = this.#position;
    this.#utterance.listen('general', this.#recognizers);
    this.#utterance.listen(this.#graph, this.#recognizers);
  }

  #give(pcm: Int16Array): void {
    if (this.tracks.length === 0 || !this.#resampler) return;
    const samples = this.#resampler.processToFloat(pcm);
    if (samples.length > 0) this.#utterance?.give(samples);
  }
}

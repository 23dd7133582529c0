import { samplesIn } from '../dsp/framing.js';
import { Resampler } from '../dsp/resample.js';
import { confidenceOf } from './confidence.js';
import type { StreamEvent } from './recognizer-protocol.js';
import { RECOGNIZER_RATE, type SherpaOnlineRecognizer, type SherpaOnlineStream } from './sherpa.js';
import { type SileroItem, type SileroRate, SileroState, sileroWindow } from './silero.js';
import { tidyRecognized } from './text.js';
import { hearWindow, QUIET, type VoiceActivityState } from './voice-activity.js';

/** Probability from which the recogniser is fed: lower than what counts as voice, a soft first consonant must not be missed. */
const FEED_THRESHOLD = 0.2;
/** The recogniser is fed on after voice, so that what comes late comes out; then it rests until the next voice. */
const FEED_HOLD_MS = 2000;
/** A partial that stays is told again at these ages, so that who waits for a stable one learns of it. */
const STABLE_STEPS_MS = [80, 160, 240, 320, 480, 640, 960, 1280];
/** At least this much silence ends an utterance: what fills the last chunk is decoded with it. */
const SHORTEST_PADDING_MS = 160;

interface Utterance {
  readonly stream: SherpaOnlineStream | undefined;
  /** First sample of voice; refined when voice activity says when it began. */
  startSample: number;
  endSample: number;
  voicedSamples: number;
  text: string;
  tokens: readonly string[];
  textSince: number;
  stepsTold: number;
}

/**
 * One caller inside a worker: splits audio into windows for voice activity, keeps a pre-roll, decides when the recogniser is fed, and
 * turns what both say into events. Inference itself is done by the engine for all streams together.
 */
export class StreamState {
  readonly handle: number;
  readonly #rate: number;
  readonly #recognizer: SherpaOnlineRecognizer | undefined;
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
  #lastLikelyVoice: number;
  /** Nothing before this is given to the recogniser (again). */
  #fedUntil: number;
  #resampler: Resampler | undefined;
  #utterance: Utterance | undefined;

  constructor(options: {
    readonly handle: number;
    readonly sampleRate: number;
    readonly startSample: number;
    readonly recognizer: SherpaOnlineRecognizer | undefined;
    readonly preRollMs: number;
  }) {
    this.handle = options.handle;
    this.#rate = options.sampleRate;
    this.#recognizer = options.recognizer;
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

  get sherpaStream(): SherpaOnlineStream | undefined {
    return this.#utterance?.stream;
  }

  /** Audio is going into the recogniser at the moment. */
  get feeding(): boolean {
    return this.#feeding && this.#utterance?.stream !== undefined;
  }

  get voiceActive(): boolean {
    return this.#voice.active;
  }

  get position(): number {
    return this.#position;
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
    if (utterance && change.active && utterance.text === '') utterance.startSample = change.atSample;
    if (utterance && !change.active) utterance.endSample = change.atSample;
    events.push({ handle: this.handle, kind: 'voice', active: change.active, atSample: Math.round(change.atSample) });
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
    const keepFrom = this.#vadPosition - this.#preRollSamples;
    while (this.#recent[0] && this.#recent[0].at + this.#recent[0].pcm.length <= keepFrom) this.#recent.shift();
  }

  /**
   * The tail: what is left, then silence, so that the model says its last word now. Silence that the caller has already been heard to keep counts.
   */
  pushTail(paddingMs: number): void {
    const utterance = this.#utterance;
    if (!utterance?.stream) return;
    const wasFeeding = this.#feeding;
    this.#feeding = true;
    this.feed();
    const quietSamples = this.#voice.active || !wasFeeding ? 0 : this.#position - utterance.endSample;
    const missingMs = paddingMs - (quietSamples * 1000) / this.#rate;
    const length = samplesIn(Math.max(SHORTEST_PADDING_MS, missingMs), RECOGNIZER_RATE);
    utterance.stream.acceptWaveform({ samples: new Float32Array(length), sampleRate: RECOGNIZER_RATE });
  }

  /** Tells a partial when the text changed or has stayed for another step. `decoded`: the model has moved on since the last time. */
  reportPartial(decoded: boolean, events: StreamEvent[]): void {
    const utterance = this.#utterance;
    if (!utterance?.stream || !this.#recognizer) return;
    // Asking costs a JSON document: only when the model has moved on.
    const result = decoded ? this.#recognizer.getResult(utterance.stream) : undefined;
    const text = result ? tidyRecognized(result.text) : utterance.text;
    if (result && text !== utterance.text) {
      utterance.text = text;
      utterance.tokens = result.tokens.filter((token) => token.trim() !== '');
      utterance.textSince = this.#position;
      utterance.stepsTold = 0;
    } else {
      const step = STABLE_STEPS_MS[utterance.stepsTold];
      const stable = this.#position - utterance.textSince;
      if (text === '' || step === undefined || stable < samplesIn(step, this.#rate)) return;
      while (stable >= samplesIn(STABLE_STEPS_MS[utterance.stepsTold] ?? Infinity, this.#rate)) utterance.stepsTold++;
    }
    events.push({
      handle: this.handle,
      kind: 'partial',
      text,
      tokens: utterance.tokens,
      stableSamples: this.#position - utterance.textSince,
      atSample: this.#position,
    });
  }

  /** After `pushTail` and decoding: the final text, and the stream is fresh for the next utterance. */
  finish(flushId: number, events: StreamEvent[]): void {
    const utterance = this.#utterance;
    const result = utterance?.stream && this.#recognizer?.getResult(utterance.stream);
    const text = result ? tidyRecognized(result.text) : '';
    const voicedMs = ((utterance?.voicedSamples ?? 0) * 1000) / this.#rate;
    events.push({
      handle: this.handle,
      kind: 'final',
      flushId,
      text,
      confidence: confidenceOf({ text, logProbabilities: result?.ys_probs ?? [], voicedMs }),
      startSample: Math.round(utterance?.startSample ?? this.#position),
      endSample: Math.round(this.#voice.active || !utterance ? this.#position : utterance.endSample),
    });
    this.#utterance = undefined;
    this.#resampler = undefined;
    this.#feeding = false;
    // The silence before the flush may serve as pre-roll of what comes next; voice that was heard already may not.
    const voiceEnd = utterance && !this.#voice.active ? utterance.endSample : this.#position;
    this.#fedUntil = Math.max(voiceEnd, this.#position - this.#preRollSamples);
    // A caller who talks on across the flush goes on in a new utterance at once.
    if (this.#voice.active) this.#startFeeding(this.#position);
  }

  #startFeeding(from: number): void {
    this.#feeding = true;
    this.#fedUntil = Math.max(this.#fedUntil, from - this.#preRollSamples);
    this.#utterance ??= {
      stream: this.#recognizer?.createStream(),
      startSample: from,
      endSample: from,
      voicedSamples: 0,
      text: '',
      tokens: [],
      textSince: from,
      stepsTold: 0,
    };
    this.#resampler ??= new Resampler(this.#rate, RECOGNIZER_RATE);
  }

  #give(pcm: Int16Array): void {
    const stream = this.sherpaStream;
    if (!stream || !this.#resampler) return;
    const samples = this.#resampler.processToFloat(pcm);
    if (samples.length > 0) stream.acceptWaveform({ samples, sampleRate: RECOGNIZER_RATE });
  }
}

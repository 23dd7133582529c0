import { samplesIn } from '../../dsp/framing.js';
import { keyTimes } from '../recordings/keyed-in.js';
import type { LabelledUtterance } from '../recordings/labels.js';
import type { ReplaySession } from './replay-session.js';

export const FRAME_MS = 20;

/** Something the caller says, and when in the replayed call. `toMs`: the end of its last word. */
export interface SaidUtterance extends LabelledUtterance {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a caller does at each 20 ms: says something, keeps silent, or leaves. */
export interface Caller {
  /** The frame for this moment; undefined: the caller hangs up. */
  next(nowMs: number, session: ReplaySession): Int16Array | undefined;
  /** What has been (or in recorded timing: will be) said. */
  readonly said: readonly SaidUtterance[];
}

export interface CallerOptions {
  readonly pcm: Int16Array;
  readonly sampleRate: number;
  readonly utterances: readonly LabelledUtterance[];
}

/** Silence behind the end of a recording, so that its last words are still answered: longer than any end-of-turn silence. */
const TAIL_MS = 2500;

/** The recording as it is: whatever the bot says, the caller's words come when they came. */
export class RecordedCaller implements Caller {
  readonly said: readonly SaidUtterance[];
  readonly #pcm: Int16Array;
  readonly #frame: number;
  readonly #end: number;
  readonly #silence: Int16Array;
  readonly #keys: Pressed[];
  #at = 0;

  constructor({ pcm, sampleRate, utterances }: CallerOptions) {
    this.#pcm = pcm;
    this.#frame = samplesIn(FRAME_MS, sampleRate);
    this.#end = pcm.length + samplesIn(TAIL_MS, sampleRate);
    this.#silence = new Int16Array(this.#frame);
    this.said = utterances.map((utterance) => ({ ...utterance, fromMs: utterance.startMs, toMs: utterance.endMs }));
    this.#keys = utterances.flatMap((utterance) => pressesOf(utterance, 0));
  }

  next(nowMs: number, session: ReplaySession): Int16Array | undefined {
    if (this.#at >= this.#end) return undefined;
    pressDue(this.#keys, nowMs, session);
    const frame = frameAt(this.#pcm, this.#at, this.#frame, this.#silence);
    this.#at += this.#frame;
    return frame;
  }
}

interface Pressed {
  readonly atMs: number;
  readonly key: string;
}

/** Keys of an utterance that is keyed in, `shiftMs` later than in the recording. */
function pressesOf({ keys, startMs, endMs }: LabelledUtterance, shiftMs: number): Pressed[] {
  if (keys === undefined) return [];
  return keyTimes({ keys, startMs, endMs }).map(({ atMs, key }) => ({ atMs: atMs + shiftMs, key }));
}

function pressDue(keys: Pressed[], nowMs: number, session: ReplaySession): void {
  for (let next = keys[0]; next && next.atMs <= nowMs; next = keys[0]) {
    keys.shift();
    session.press(next.key);
  }
}

/** The bot has been quiet this long: it is the caller's turn (as `hearken call` waits). */
const TURN_SILENCE_MS = 700;
/** A caller who hears nothing this long gives up. */
const PATIENCE_MS = 20_000;
/** After the last words the caller stays until the bot has been quiet this long: shorter than it waits before it asks again. */
const LINGER_MS = 4000;
/** Who talks over the bot does it so long after it began: later than its first word, before the end of most sentences. */
const BARGE_IN_AFTER_MS = 1000;
/** A caller who never comes to an end must. */
const LONGEST_MS = 30 * 60_000;

/** Says each utterance after the bot has finished: for recordings whose bot said something else, or that never had one. */
export class AnsweringCaller implements Caller {
  readonly #said: SaidUtterance[] = [];
  readonly #options: CallerOptions;
  readonly #frame: number;
  readonly #silence: Int16Array;
  readonly #waiting: LabelledUtterance[];
  #speaking: { readonly to: number } | undefined;
  #keys: Pressed[] = [];
  #at = 0;
  /** Since when the caller waits for the bot to say something. */
  #waitsSinceMs = 0;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#frame = samplesIn(FRAME_MS, options.sampleRate);
    this.#silence = new Int16Array(this.#frame);
    this.#waiting = [...options.utterances];
  }

  get said(): readonly SaidUtterance[] {
    return this.#said;
  }

  next(nowMs: number, session: ReplaySession): Int16Array | undefined {
    if (nowMs > LONGEST_MS) return undefined;
    if (this.#keys.length > 0) {
      pressDue(this.#keys, nowMs, session);
      if (this.#keys.length === 0) this.#waitsSinceMs = nowMs;
      return this.#silence;
    }
    if (!this.#speaking) {
      const quietSinceMs = session.quietSinceMs;
      const answered = quietSinceMs !== undefined && quietSinceMs > this.#waitsSinceMs;
      const [utterance] = this.#waiting;
      if (!session.hearing && !answered && nowMs - this.#waitsSinceMs > PATIENCE_MS) return undefined;
      const itsTurn = answered && nowMs - quietSinceMs >= TURN_SILENCE_MS;
      if (utterance && (itsTurn || this.#talksOver(utterance, nowMs, session))) this.#begin(utterance, nowMs);
      else if (!utterance && answered && !session.hearing && nowMs - quietSinceMs >= LINGER_MS) return undefined;
      else return this.#silence;
      if (!this.#speaking) return this.#silence;
    }
    const { pcm } = this.#options;
    const end = this.#speaking?.to ?? 0;
    const frame = frameAt(pcm.subarray(0, end), this.#at, this.#frame, this.#silence);
    this.#at += this.#frame;
    if (this.#at >= end) {
      this.#speaking = undefined;
      this.#waitsSinceMs = nowMs + FRAME_MS;
    }
    return frame;
  }

  /** What is labelled as said over the bot is said over it. */
  #talksOver({ bargeIn }: LabelledUtterance, nowMs: number, session: ReplaySession): boolean {
    const { hearingSinceMs } = session;
    if (bargeIn === undefined || hearingSinceMs === undefined) return false;
    return hearingSinceMs > this.#waitsSinceMs && nowMs - hearingSinceMs >= BARGE_IN_AFTER_MS;
  }

  #begin(utterance: LabelledUtterance, nowMs: number): void {
    const { sampleRate } = this.#options;
    this.#waiting.shift();
    if (utterance.keys !== undefined) {
      this.#keys = pressesOf(utterance, nowMs - utterance.startMs);
      this.#said.push({ ...utterance, fromMs: nowMs, toMs: nowMs + utterance.endMs - utterance.startMs });
      return;
    }
    this.#at = samplesIn(utterance.startMs, sampleRate);
    this.#speaking = { to: Math.min(this.#options.pcm.length, samplesIn(utterance.endMs, sampleRate)) };
    const spokenMs = (utterance.speechEndMs ?? utterance.endMs) - utterance.startMs;
    this.#said.push({ ...utterance, fromMs: nowMs, toMs: nowMs + spokenMs });
  }
}

function frameAt(pcm: Int16Array, at: number, length: number, silence: Int16Array): Int16Array {
  if (at >= pcm.length) return silence;
  if (at + length <= pcm.length) return pcm.subarray(at, at + length);
  const last = new Int16Array(length);
  last.set(pcm.subarray(at));
  return last;
}

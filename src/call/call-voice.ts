import type { Clock } from '../clock.js';
import type { BotAction } from '../dialogue/brain.js';
import { resample } from '../dsp/resample.js';
import { messageOf } from '../errors.js';
import type { MediaSession, PcmFrame } from '../media/session.js';
import type { Synthesizer } from '../speech/synthesizer.js';
import { type FallbackPrompt, fallbackPrompt } from './fallback-prompts.js';
import type { Music } from './hold-music.js';
import { Playout, type Segment } from './playout.js';
import type { CallRecord } from './record.js';

type SayAction = Extract<BotAction, { type: 'say' }>;

/** What a voice tells of. */
export interface VoiceListener {
  /** The first sound of a prompt: it is made, it is on its way, the caller has heard it. */
  made(promptId: number): void;
  started(promptId: number): void;
  audible(promptId: number): void;
  finished(promptId: number): void;
  /** Its sound could not be made. Also told of prompts that are no reply (negative ids). */
  failed(promptId: number, reason: string): void;
  /** Sound that the caller hears at this time of the call, and the time from which on nothing of it will be heard. */
  audio(atMs: number, samples: Int16Array): void;
  cut(atMs: number): void;
  /** What the caller did hear of a prompt, of any kind. */
  heard(promptId: number, text: string): void;
  /** The fallback prompt is over, or could not be said at all. */
  fallbackOver(): void;
}

export interface CallVoiceOptions {
  readonly session: MediaSession;
  readonly synthesizer: Synthesizer;
  readonly clock: Clock;
  /** Clock time at which the call began. */
  readonly startMs: number;
  readonly leadMs: number;
  readonly record: CallRecord;
  /** The language spoken now. */
  readonly language: () => string;
  /** Recorded apology at 8 kHz, for when synthesis itself is broken. */
  readonly apology: Int16Array | undefined;
  /** Played again and again to who waits for a person, at the session's rate; undefined: they hear nothing between the words. */
  readonly music?: Music | undefined;
  readonly listener: VoiceListener;
  readonly onListenerError: (error: unknown, event: string) => void;
}

/** Prompts that are not a turn's reply have negative ids, so that they never meet a turn's. */
const FALLBACK_PROMPT_ID = -1;
/** Said while an agent is being called. */
const REASSURANCE_ID = -2;
/** Said while a slow action is at work. */
const INTERIM_ID = -3;
/** While an agent is being called, between the words. */
const MUSIC_ID = -4;
/** Interim words that may wait for those before them. */
const MOST_WAITING = 4;

/** The speaking half of a call: replies, and what is said when the application itself can't speak any more. */
export class CallVoice {
  readonly #options: CallVoiceOptions;
  readonly #playout: Playout;
  readonly #abort = new AbortController();
  /** What follows once the interim words have been heard. */
  #waiting: { readonly promptId: number; readonly says: readonly SayAction[] }[] = [];
  #onHold = false;

  constructor(options: CallVoiceOptions) {
    this.#options = options;
    const { session, clock, leadMs, record, listener, startMs, onListenerError } = options;
    this.#playout = new Playout({ session, clock, leadMs, onListenerError });
    this.#playout
      .on('made', (promptId) => listener.made(promptId))
      .on('started', (promptId) => listener.started(promptId))
      .on('audible', (promptId) => listener.audible(promptId))
      .on('audio', (clockMs, samples) => {
        record.bot(clockMs - startMs, samples);
        listener.audio(clockMs - startMs, samples);
      })
      .on('cut', (clockMs) => {
        record.cutBot(clockMs - startMs);
        listener.cut(clockMs - startMs);
      })
      .on('abandoned', (promptId, heard) => {
        if (promptId !== MUSIC_ID) listener.heard(promptId, heard);
      })
      .on('finished', (promptId, heard) => {
        if (promptId !== MUSIC_ID) listener.heard(promptId, heard);
        if (promptId === MUSIC_ID || promptId === REASSURANCE_ID) this.#playMusic();
        if (promptId === FALLBACK_PROMPT_ID) listener.fallbackOver();
        else if (promptId >= 0) listener.finished(promptId);
        else if (promptId === INTERIM_ID) this.#next();
      })
      .on('failed', (promptId, error) => this.#failed(promptId, error));
  }

  /** The reply of a turn; words of the same turn that are still being said come first. */
  say(promptId: number, says: readonly SayAction[]): void {
    if (this.#playout.promptId === INTERIM_ID) this.#waiting.push({ promptId, says });
    else this.#play(promptId, says);
  }

  /** Words that bridge a wait. */
  sayInterim(say: SayAction): void {
    if (this.#playout.promptId !== INTERIM_ID) this.#play(INTERIM_ID, [say]);
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ promptId: INTERIM_ID, says: [say] });
  }

  /** Makes the beginning of something that may have to be said soon. */
  async prepare(speech: string, rate: number, language: string, signal: AbortSignal): Promise<void> {
    const { synthesizer, session } = this.#options;
    await synthesizer.prepare(speech, { language, sampleRate: session.sampleRate, speed: rate, signal });
  }

  /** The dialogue can't go on: says so; `fallbackOver` follows in any case. */
  sayFallback(name: FallbackPrompt): void {
    this.#waiting = [];
    this.#playout.play(FALLBACK_PROMPT_ID, [this.#segment(fallbackPrompt(name, this.#options.language()))]);
  }

  /** The caller waits for a person: music, until something else is said or `stop`. */
  hold(): void {
    this.#onHold = true;
    this.#playMusic();
  }

  /** It takes a little longer. */
  reassure(): void {
    this.#playout.play(REASSURANCE_ID, [this.#segment(fallbackPrompt('wait', this.#options.language()))]);
  }

  pause(): void {
    this.#playout.pause();
  }

  resume(): void {
    this.#playout.resume();
  }

  /** Silence for good; `heard` tells what of it reached the caller. */
  async stop(): Promise<void> {
    this.#waiting = [];
    this.#onHold = false;
    const { promptId } = this.#playout;
    if (promptId === undefined) return;
    const heard = await this.#playout.stop();
    if (promptId !== MUSIC_ID) this.#options.listener.heard(promptId, heard);
  }

  close(): void {
    this.#waiting = [];
    this.#onHold = false;
    this.#abort.abort();
    this.#playout.close();
  }

  #playMusic(): void {
    const { music, session } = this.#options;
    if (!this.#onHold || !music) return;
    const { sampleRate } = session;
    this.#playout.play(MUSIC_ID, [{ text: '', audio: once({ samples: music(sampleRate), sampleRate }) }]);
  }

  #play(promptId: number, says: readonly SayAction[]): void {
    for (const { text } of says) {
      this.#options.session.notify({ type: 'transcript', who: 'bot', text, final: true });
    }
    this.#playout.play(
      promptId,
      says.map((say) => this.#segment(say.speech, say.rate)),
    );
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next) this.#play(next.promptId, next.says);
  }

  #segment(text: string, rate = 1): Segment {
    const { synthesizer, session, language } = this.#options;
    return {
      text,
      audio: synthesizer.speak(text, {
        language: language(),
        sampleRate: session.sampleRate,
        signal: this.#abort.signal,
        speed: rate,
      }),
    };
  }

  #failed(promptId: number, error: unknown): void {
    this.#options.listener.failed(promptId, messageOf(error));
    if (promptId === FALLBACK_PROMPT_ID) this.#sayApology();
    else if (promptId === INTERIM_ID) this.#next();
  }

  /** Synthesis is broken as well: the recorded apology is all that is left. */
  #sayApology(): void {
    const { apology, session, listener } = this.#options;
    if (!apology) {
      listener.fallbackOver();
      return;
    }
    const { sampleRate } = session;
    const frame: PcmFrame = { samples: resample(apology, 8000, sampleRate), sampleRate };
    this.#playout.play(FALLBACK_PROMPT_ID, [{ text: '', audio: once(frame) }]);
  }
}

async function* once(frame: PcmFrame): AsyncGenerator<PcmFrame> {
  yield frame;
}

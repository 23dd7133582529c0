import { fadeIn, fadeOut } from '../dsp/fade.js';
import { Framer, samplesIn } from '../dsp/framing.js';
import { levelTo } from '../dsp/levels.js';
import { resample } from '../dsp/resample.js';
import { HearkenError, messageOf } from '../errors.js';
import type { PcmFrame } from '../media/session.js';
import { splitClauses } from './clauses.js';
import { matchLanguage } from './language.js';
import { isSpeakable, normalizeText } from './normalize/index.js';
import type { PromptCache, PromptKey } from './prompt-cache.js';
import type { SpeakOptions, Synthesizer, SynthesizerHealth } from './synthesizer.js';
import type { Voice } from './voice.js';

export interface TextToSpeechOptions {
  readonly voices: ReadonlyMap<string, Voice>;
  readonly cache: PromptCache;
}

const FRAME_MS = 20;
/** Level of speech in all that is said: 6 dB above the nominal -26 dBov of a telephone line (ITU-T P.56), as prompts usually are. */
const LEVEL_DBFS = -20;
/** Ramp at both ends of a clause; shorter than any consonant. */
const FADE_MS = 4;
/** Clauses that are made ahead of the one being heard. */
const AHEAD = 2;

interface Wanted {
  readonly voice: Voice;
  readonly speed: number;
  readonly sampleRate: number;
  readonly keep: boolean;
  readonly signal: AbortSignal;
}

/** Text to frames: normalised, cut into clauses, each from the cache or from a voice, at one loudness and the rate wanted. */
export class TextToSpeech implements Synthesizer {
  readonly #voices: ReadonlyMap<string, Voice>;
  readonly #cache: PromptCache;
  /** Clauses that are being made, by their key: one that is wanted twice is made once. */
  readonly #making = new Map<string, Promise<Int16Array>>();

  constructor(options: TextToSpeechOptions) {
    this.#voices = options.voices;
    this.#cache = options.cache;
  }

  async *speak(text: string, options: SpeakOptions): AsyncGenerator<PcmFrame> {
    const voice = this.#voiceOf(options.language);
    const clauses = clausesOf(text, options.language);
    const { sampleRate } = options;
    const framer = new Framer(samplesIn(FRAME_MS, sampleRate));
    // One controller for what is being made: it stops with the caller's signal and when the reader goes away.
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted) stop.abort();
    const wanted: Wanted = { voice, speed: speedOf(options), sampleRate, keep: false, signal: stop.signal };
    const making: Promise<Int16Array>[] = [];
    try {
      let next = 0;
      for (;;) {
        while (next < clauses.length && making.length <= AHEAD) {
          const made = this.#clause(clauses[next++] ?? '', wanted);
          // It may fail before its turn comes to be awaited.
          made.catch(() => {});
          making.push(made);
        }
        const current = making.shift();
        if (!current || stop.signal.aborted) break;
        for (const samples of framer.push(await current)) {
          if (stop.signal.aborted) return;
          yield { samples, sampleRate };
        }
      }
      const last = stop.signal.aborted ? undefined : framer.flush();
      if (last) yield { samples: last, sampleRate };
    } catch (error) {
      if (stop.signal.aborted) return;
      throw asSynthesisError(error, voice.name);
    } finally {
      stop.abort();
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  async prepare(text: string, options: SpeakOptions): Promise<void> {
    const signal = options.signal ?? new AbortController().signal;
    try {
      const voice = this.#voiceOf(options.language);
      const wanted: Wanted = { voice, speed: speedOf(options), sampleRate: options.sampleRate, keep: false, signal };
      for (const clause of clausesOf(text, options.language).slice(0, AHEAD)) await this.#clause(clause, wanted);
    } catch {
      // It will be told when it is spoken.
    }
  }

  /** One text after the other, so that warming up leaves the voices free for calls. Texts that can't be spoken are reported together at the end. */
  async warm(texts: readonly string[], options: Omit<SpeakOptions, 'signal'>): Promise<void> {
    const voice = this.#voiceOf(options.language);
    const { signal } = new AbortController();
    const wanted: Wanted = { voice, speed: speedOf(options), sampleRate: options.sampleRate, keep: true, signal };
    const failures: string[] = [];
    for (const text of texts) {
      try {
        for (const clause of clausesOf(text, options.language)) await this.#clause(clause, wanted);
      } catch (error) {
        if (error instanceof HearkenError && error.code === 'DRAINING') throw error;
        failures.push(`"${text}": ${messageOf(error)}`);
      }
    }
    if (failures.length > 0) {
      throw new HearkenError(
        'SYNTHESIS_FAILED',
        `${failures.length} prompt(s) could not be rendered: ${failures.join('; ')}`,
        {
          hint: 'They are tried again when they are spoken.',
        },
      );
    }
  }

  health(): SynthesizerHealth {
    const all = this.#distinct().map((voice) => voice.health());
    return {
      workers: all.reduce((sum, { workers }) => sum + workers, 0),
      alive: all.reduce((sum, { alive }) => sum + alive, 0),
      restarts: all.reduce((sum, { restarts }) => sum + restarts, 0),
      cacheHits: this.#cache.hits,
      cacheMisses: this.#cache.misses,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#distinct().map((voice) => voice.close()));
    await this.#cache.settled();
  }

  async #clause(text: string, wanted: Wanted): Promise<Int16Array> {
    const { voice, speed, sampleRate, keep, signal } = wanted;
    const key = { voice: voice.fingerprint, text, speed, sampleRate };
    const cached = await this.#cache.get(key);
    if (cached) {
      // Heard before in a call, now known to be a fixed prompt.
      if (keep) this.#cache.put(key, cached, { keep });
      return cached;
    }
    const name = JSON.stringify(key);
    const underWay = this.#making.get(name);
    if (underWay) {
      const pcm = await underWay.catch(() => undefined);
      // Whoever made it may have been cancelled; that is no reason for this one to be.
      if (pcm && !keep) return pcm;
      signal.throwIfAborted();
    }
    const making = this.#make(text, wanted, key);
    this.#making.set(name, making);
    try {
      return await making;
    } finally {
      if (this.#making.get(name) === making) this.#making.delete(name);
    }
  }

  async #make(text: string, wanted: Wanted, key: PromptKey): Promise<Int16Array> {
    const { voice, speed, sampleRate, keep, signal } = wanted;
    const made = await voice.make({ text, speed, signal });
    // What was cut short by a cancellation must not be remembered as the whole.
    signal.throwIfAborted();
    const pcm = made.sampleRate === sampleRate ? made.samples : resample(made.samples, made.sampleRate, sampleRate);
    levelTo(pcm, sampleRate, LEVEL_DBFS);
    fadeIn(pcm, samplesIn(FADE_MS, sampleRate));
    fadeOut(pcm, samplesIn(FADE_MS, sampleRate));
    this.#cache.put(key, pcm, { keep });
    return pcm;
  }

  #voiceOf(language: string): Voice {
    const known = matchLanguage(language, this.#voices.keys());
    const voice = known === undefined ? undefined : this.#voices.get(known);
    if (voice) return voice;
    throw new HearkenError('SYNTHESIS_FAILED', `There is no voice for the language "${language}".`, {
      hint: 'Add one to speech.synthesizers in hearken.yml; `hearken models list` shows what there is.',
    });
  }

  #distinct(): Voice[] {
    return [...new Set(this.#voices.values())];
  }
}

function clausesOf(text: string, language: string): string[] {
  return splitClauses(normalizeText(text, language)).filter(isSpeakable);
}

function speedOf({ speed = 1 }: Pick<SpeakOptions, 'speed'>): number {
  return Number.isFinite(speed) ? Math.max(0.5, Math.min(2, speed)) : 1;
}

function asSynthesisError(error: unknown, voice: string): HearkenError {
  if (error instanceof HearkenError && error.code !== 'INTERNAL') {
    if (error.code === 'SYNTHESIS_FAILED' || error.code === 'DRAINING') return error;
  }
  return new HearkenError('SYNTHESIS_FAILED', `The voice ${voice} could not speak: ${messageOf(error)}`, {
    cause: error,
    ...(error instanceof HearkenError && error.hint !== undefined ? { hint: error.hint } : {}),
  });
}

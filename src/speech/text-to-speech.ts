import { comfortNoise } from '../dsp/comfort-noise.js';
import { withoutLead } from '../dsp/edges.js';
import { fadeIn, fadeOut } from '../dsp/fade.js';
import { concat, Framer, samplesIn } from '../dsp/framing.js';
import { applyGain, levelTo } from '../dsp/levels.js';
import { resample } from '../dsp/resample.js';
import { HearkenError, messageOf } from '../errors.js';
import type { PcmFrame } from '../media/session.js';
import { splitClauses } from './clauses.js';
import { matchLanguage } from './language.js';
import { isSpeakable } from './normalize/index.js';
import type { PromptCache, PromptKey } from './prompt-cache.js';
import type { Pronunciation, UserLexicon } from './pronunciation.js';
import type { RecordedPrompts } from './recorded-prompts.js';
import { type Piece, piecesOf } from './ssml/pieces.js';
import type { SpeakOptions, Synthesizer, SynthesizerHealth } from './synthesizer.js';
import type { Voice } from './voice.js';

export interface TextToSpeechOptions {
  readonly voices: ReadonlyMap<string, Voice>;
  readonly cache: PromptCache;
  /** What a real voice has recorded. */
  readonly recordings?: RecordedPrompts;
  /** By language: how the voice can be made to read a pinyin, and the user's own readings. */
  readonly pronunciations?: ReadonlyMap<string, Pronunciation>;
  readonly lexicons?: ReadonlyMap<string, UserLexicon>;
}

const FRAME_MS = 20;
/** Level of speech in all that is said: 6 dB above the nominal -26 dBov of a telephone line (ITU-T P.56), as prompts usually are. */
const LEVEL_DBFS = -20;
/** Ramp at both ends of a clause; shorter than any consonant. */
const FADE_MS = 4;
/** Silence kept in front of a clause. */
const LEAD_MS = 8;
/** Clauses that are made ahead of the one being heard. */
const AHEAD = 2;
/** Hardly a clause is shorter: the one behind it is wanted no sooner. */
const CLAUSE_MS = 700;
/** A clause that is made for so little later is waited for. */
const SOON_MS = 300;
/** What is rendered ahead of time waits for everything that somebody wants to hear. */
const WARM_WITHIN_MS = 10_000;

interface Wanted {
  readonly voice: Voice;
  readonly speed: number;
  readonly sampleRate: number;
  readonly keep: boolean;
  readonly signal: AbortSignal;
  /** Nobody waits for it before. */
  readonly withinMs: number;
}

/** Makes a piece, which is wanted in so many ms. */
type Part = (withinMs: number) => Promise<Int16Array>;

/** Text to frames: normalised, cut into clauses, each from the cache or from a voice, at one loudness and the rate wanted. */
export class TextToSpeech implements Synthesizer {
  readonly #voices: ReadonlyMap<string, Voice>;
  readonly #options: TextToSpeechOptions;
  readonly #cache: PromptCache;
  /** Clauses that are being made, by their key: one that is wanted twice is made once. */
  readonly #making = new Map<string, { readonly pcm: Promise<Int16Array>; readonly wantedAtMs: number }>();

  constructor(options: TextToSpeechOptions) {
    this.#options = options;
    this.#voices = options.voices;
    this.#cache = options.cache;
  }

  async *speak(text: string, options: SpeakOptions): AsyncGenerator<PcmFrame> {
    const { sampleRate } = options;
    const framer = new Framer(samplesIn(FRAME_MS, sampleRate));
    // One controller for what is being made: it stops with the caller's signal and when the reader goes away.
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted) stop.abort();
    const parts = this.#parts(text, options, { keep: false, signal: stop.signal });
    const making: Promise<Int16Array>[] = [];
    try {
      let next = 0;
      for (;;) {
        while (next < parts.length && making.length <= AHEAD) {
          const made = parts[next++]?.(making.length * CLAUSE_MS) ?? Promise.resolve(new Int16Array(0));
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
      throw asSynthesisError(error, options.language);
    } finally {
      stop.abort();
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  async prepare(text: string, options: SpeakOptions): Promise<void> {
    const signal = options.signal ?? new AbortController().signal;
    try {
      for (const part of this.#parts(text, options, { keep: false, signal }).slice(0, AHEAD)) await part(0);
    } catch {
      // It will be told when it is spoken.
    }
  }

  /** One text after the other, so that warming up leaves the voices free for calls. Texts that can't be spoken are reported together at the end. */
  async warm(texts: readonly string[], options: Omit<SpeakOptions, 'signal'>): Promise<void> {
    const { signal } = new AbortController();
    const failures: string[] = [];
    for (const text of texts) {
      try {
        for (const part of this.#parts(text, options, { keep: true, signal })) await part(WARM_WITHIN_MS);
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

  /** What a text is made of, in order; each is made when it is called for. Throws when there is no voice for the language. */
  #parts(text: string, options: SpeakOptions, how: Pick<Wanted, 'keep' | 'signal'>): readonly Part[] {
    const { language, sampleRate } = options;
    const { recordings } = this.#options;
    const recorded = recordings?.fileFor(text, language);
    if (recorded !== undefined) return [() => this.#recording(recorded, sampleRate)];
    const known = matchLanguage(language, this.#voices.keys());
    const speaker = this.#options.pronunciations?.get(known ?? '');
    const pieces = piecesOf(text, {
      language,
      ...(speaker ? { pronounce: (pinyin: string) => speaker.respell(pinyin) } : {}),
      respell: (plain) => this.#options.lexicons?.get(known ?? '')?.apply(plain) ?? plain,
    });
    return pieces.flatMap((piece) => this.#partsOf(piece, options, how));
  }

  #partsOf(piece: Piece, options: SpeakOptions, how: Pick<Wanted, 'keep' | 'signal'>): Part[] {
    const { language, sampleRate } = options;
    switch (piece.kind) {
      case 'pause':
        return [async () => comfortNoise(samplesIn(piece.ms, sampleRate))];
      case 'recording':
        return [
          async (withinMs) => {
            try {
              return await this.#recording(piece.src, sampleRate);
            } catch {
              // SSML 1.1 (3.3.1): what stands inside the element is said when the recording can't be played.
              const pieces: Int16Array[] = [];
              for (const part of piece.otherwise.flatMap((each) => this.#partsOf(each, options, how)))
                pieces.push(await part(withinMs));
              return concat(pieces);
            }
          },
        ];
      case 'words': {
        const voice = this.#voiceOf(language);
        const wanted: Omit<Wanted, 'withinMs'> = {
          voice,
          speed: speedOf({ speed: (options.speed ?? 1) * piece.rate }),
          sampleRate,
          ...how,
        };
        return splitClauses(piece.text)
          .filter(isSpeakable)
          .map((clause) => async (withinMs) => {
            const pcm = await this.#clause(clause, { ...wanted, withinMs });
            if (piece.gainDb === 0) return pcm;
            const changed = pcm.slice();
            applyGain(changed, piece.gainDb);
            return changed;
          });
      }
    }
  }

  /** At the loudness of everything else, with soft ends. */
  async #recording(file: string, sampleRate: number): Promise<Int16Array> {
    const { recordings } = this.#options;
    if (!recordings) throw new HearkenError('FILE_UNREADABLE', `There are no recordings to play "${file}" from.`);
    const pcm = (await recordings.load(file, sampleRate)).slice();
    levelTo(pcm, sampleRate, LEVEL_DBFS);
    fadeIn(pcm, samplesIn(FADE_MS, sampleRate));
    fadeOut(pcm, samplesIn(FADE_MS, sampleRate));
    return pcm;
  }

  async #clause(text: string, wanted: Wanted): Promise<Int16Array> {
    const { voice, speed, sampleRate, keep, signal, withinMs } = wanted;
    const key = { voice: voice.fingerprint, text, speed, sampleRate };
    const cached = await this.#cache.get(key);
    if (cached) {
      // Heard before in a call, now known to be a fixed prompt.
      if (keep) this.#cache.put(key, cached, { keep });
      return cached;
    }
    const name = JSON.stringify(key);
    const underWay = this.#making.get(name);
    const wantedAtMs = performance.now() + withinMs;
    // What is made for later, for somebody else, may still wait in the line.
    if (underWay && underWay.wantedAtMs <= wantedAtMs + SOON_MS) {
      const pcm = await underWay.pcm.catch(() => undefined);
      // Whoever made it may have been cancelled; that is no reason for this one to be.
      if (pcm && !keep) return pcm;
      signal.throwIfAborted();
    }
    const making = { pcm: this.#make(text, wanted, key), wantedAtMs };
    this.#making.set(name, making);
    try {
      return await making.pcm;
    } finally {
      if (this.#making.get(name) === making) this.#making.delete(name);
    }
  }

  async #make(text: string, wanted: Wanted, key: PromptKey): Promise<Int16Array> {
    const { voice, speed, sampleRate, keep, signal, withinMs } = wanted;
    const made = await voice.make({ text, speed, signal, withinMs });
    // What was cut short by a cancellation must not be remembered as the whole.
    signal.throwIfAborted();
    const whole = made.sampleRate === sampleRate ? made.samples : resample(made.samples, made.sampleRate, sampleRate);
    levelTo(whole, sampleRate, LEVEL_DBFS);
    // Voices begin with up to 80 ms of silence, which every caller would wait for.
    const pcm = withoutLead(whole, sampleRate, LEAD_MS).slice();
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

function speedOf({ speed = 1 }: Pick<SpeakOptions, 'speed'>): number {
  return Number.isFinite(speed) ? Math.max(0.5, Math.min(2, speed)) : 1;
}

function asSynthesisError(error: unknown, language: string): HearkenError {
  if (error instanceof HearkenError && error.code !== 'INTERNAL') {
    if (error.code === 'SYNTHESIS_FAILED' || error.code === 'DRAINING') return error;
  }
  return new HearkenError('SYNTHESIS_FAILED', `The voice for ${language} could not speak: ${messageOf(error)}`, {
    cause: error,
    ...(error instanceof HearkenError && error.hint !== undefined ? { hint: error.hint } : {}),
  });
}

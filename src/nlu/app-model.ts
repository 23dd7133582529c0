import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { asHearkenError } from '../errors.js';
import { loadAppData } from './corpus/load.js';
import type { SentenceEncoder } from './encoder/encoder.js';
import { openSentenceEncoder } from './encoder/onnx-encoder.js';
import type { IntentModel, ParseOptions, ParseResult } from './intent-model.js';
import { ModelHolder } from './live/model-holder.js';
import { LIVE_FOLDER } from './live/trial-file.js';
import { ModelFolderWatch } from './live/watch-folder.js';
import { sha256 } from './model/folder.js';
import { type LoadOptions, loadIntentModel, type OnnxIntentModel } from './model/onnx-intent-model.js';
import { SensitiveWords } from './sensitive/sensitive-words.js';
import { trainIntentModel } from './train/trainer.js';

/** Grows when the same data would give another model. */
const TRAINER_VERSION = 9;

export interface AppModelOptions extends LoadOptions {
  readonly onProgress?: (share: number, step: string) => void;
  readonly seed?: number;
  /** Folder of a sentence encoder to train with; opened here and closed with the model. */
  readonly encoderFolder?: string;
  readonly logger?: { info(facts: object, message: string): void };
}

/** Name of the model folder for an application's data as it is now. */
async function appModelFolder(appFolder: string, cacheFolder: string, options: AppModelOptions) {
  const data = await loadAppData(appFolder);
  const key = sha256(
    `${TRAINER_VERSION}:${options.seed ?? 1}:${options.encoder?.checksum ?? ''}:${data.checksum}`,
  ).slice(0, 16);
  return { data, folder: join(cacheFolder, `intent-${key}`) };
}

/**
 * The model of an application: the one in `cacheFolder` when it was trained on exactly this data, else a new one (seconds). A broken cached folder
 * is trained anew. What comes back takes over any model that is put into `<cacheFolder>/live` later (`hearken train`, `hearken train --watch`), between two
 * turns. Throws TRAINING_DATA_INVALID and the errors of loading.
 */
export async function trainOrLoadForApp(
  appFolder: string,
  cacheFolder: string,
  options: AppModelOptions = {},
): Promise<LiveModel> {
  const { encoderFolder } = options;
  const encoder = encoderFolder === undefined ? undefined : await openSentenceEncoder(encoderFolder);
  const words = options.sensitive ? undefined : await openWordList(join(appFolder, WORD_LIST), options);
  const withWords: AppModelOptions = {
    ...options,
    ...(encoder === undefined ? {} : { encoder }),
    ...(words === undefined ? {} : { sensitive: words }),
    onTooSlow: (pattern) =>
      options.logger?.info(pattern, 'a regular expression of the application took too long twice and is left out'),
  };
  const model = await openModel(appFolder, cacheFolder, withWords).catch(async (error: unknown) => {
    words?.close();
    await encoder?.close();
    throw error;
  });
  const holder = new ModelHolder(model, model.manifest.name, {
    onSwap: (facts) => options.logger?.info(facts, 'another intent model has taken over'),
    onRefused: (facts) => options.logger?.info(facts, 'an intent model was refused; the old one stays'),
    onReleased: (facts) => options.logger?.info(facts, 'an intent model was released'),
  });
  const watch = await ModelFolderWatch.start(cacheFolder, holder, withWords, (problem) =>
    options.logger?.info({ err: problem }, 'the live model folder could not be read'),
  );
  return new LiveModel(holder, watch, words, encoder);
}

/** Where an application keeps its list of sensitive words; changes take effect while it runs. */
const WORD_LIST = 'nlu/sensitive-words.txt';

async function openWordList(file: string, options: AppModelOptions): Promise<SensitiveWords | undefined> {
  if (!existsSync(file)) return undefined;
  return SensitiveWords.open([file], (result) =>
    options.logger?.info({ file, ...result }, 'sensitive words were read again'),
  );
}

/** A model that follows its live folder until it is closed. */
export class LiveModel implements IntentModel {
  readonly holder: ModelHolder;
  readonly #watch: ModelFolderWatch;
  readonly #words: SensitiveWords | undefined;
  readonly #encoder: SentenceEncoder | undefined;

  constructor(
    holder: ModelHolder,
    watch: ModelFolderWatch,
    words: SensitiveWords | undefined,
    encoder: SentenceEncoder | undefined,
  ) {
    this.#encoder = encoder;
    this.#words = words;
    this.holder = holder;
    this.#watch = watch;
  }

  get labels(): readonly string[] {
    return this.holder.labels;
  }

  parse(text: string, options?: ParseOptions): Promise<ParseResult> {
    return this.holder.parse(text, options);
  }

  async close(): Promise<void> {
    this.#words?.close();
    await this.#watch.close();
    await this.holder.close();
    await this.#encoder?.close();
  }
}

async function openModel(appFolder: string, cacheFolder: string, options: AppModelOptions): Promise<OnnxIntentModel> {
  const { data, folder } = await appModelFolder(appFolder, cacheFolder, options);
  // A model that somebody trained by hand on the same data comes first: it may have an encoder or noise that the default has not.
  const live = await loadOrNothing(join(cacheFolder, LIVE_FOLDER), options);
  if (live?.manifest.dataChecksum === data.checksum) return live;
  await live?.close();
  const cached = await loadOrNothing(folder, options);
  if (cached) return cached;
  const startedMs = performance.now();
  const { manifest, report } = await trainIntentModel({
    data,
    out: folder,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.encoder === undefined ? {} : { encoder: options.encoder }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const ms = Math.round(performance.now() - startedMs);
  const facts = { model: manifest.name, folder, examples: report.examples, heldOutAccuracy: report.accuracy, ms };
  options.logger?.info(facts, 'intent model trained');
  return loadIntentModel(folder, options);
}

async function loadOrNothing(folder: string, options: LoadOptions): Promise<OnnxIntentModel | undefined> {
  return loadIntentModel(folder, options).catch((error: unknown) => {
    const { code } = asHearkenError(error);
    if (code === 'MODEL_NOT_FOUND' || code === 'MODEL_INVALID' || code === 'MODEL_CHECKSUM') return undefined;
    throw error;
  });
}

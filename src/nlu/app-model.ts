import { join } from 'node:path';
import { asHearkenError } from '../errors.js';
import { loadAppData } from './corpus/load.js';
import { sha256 } from './model/folder.js';
import { type LoadOptions, loadIntentModel, type OnnxIntentModel } from './model/onnx-intent-model.js';
import { trainIntentModel } from './train/trainer.js';

/** Grows when the same data would give another model. */
const TRAINER_VERSION = 1;

export interface AppModelOptions extends LoadOptions {
  readonly onProgress?: (share: number, step: string) => void;
  readonly seed?: number;
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
 * is trained anew. Throws TRAINING_DATA_INVALID and the errors of loading.
 */
export async function trainOrLoadForApp(
  appFolder: string,
  cacheFolder: string,
  options: AppModelOptions = {},
): Promise<OnnxIntentModel> {
  const { data, folder } = await appModelFolder(appFolder, cacheFolder, options);
  const cached = await loadIntentModel(folder, options).catch((error: unknown) => {
    const { code } = asHearkenError(error);
    if (code === 'MODEL_NOT_FOUND' || code === 'MODEL_INVALID' || code === 'MODEL_CHECKSUM') return undefined;
    throw error;
  });
  if (cached) return cached;
  const startedMs = performance.now();
  const { manifest, report } = await trainIntentModel({
    data,
    out: folder,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.encoder === undefined ? {} : { encoder: options.encoder }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  options.logger?.info(
    {
      model: manifest.name,
      folder,
      examples: report.examples,
      heldOutAccuracy: report.accuracy,
      ms: Math.round(performance.now() - startedMs),
    },
    'intent model trained',
  );
  return loadIntentModel(folder, options);
}

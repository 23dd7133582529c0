import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE, sha256 } from '../model/folder.js';
import { type LoadOptions, loadIntentModel } from '../model/onnx-intent-model.js';
import type { ModelHolder, ProvableModel } from './model-holder.js';
import { LIVE_FOLDER, readTrial, TRIAL_FILE } from './trial-file.js';

const SETTLE_MS = 200;
/** A model that was refused may be on its way still (a copy file by file): it is looked at again, so often. */
const RETRY_MS = 1000;
const MAX_RETRIES = 30;

interface NamedModel extends ProvableModel {
  readonly manifest: { readonly name: string };
}

/**
 * Follows `<cache>/live` and `<cache>/trial.json`: whenever another model is put there (as `hearken train` does) it is tried and takes over, and a trial begins
 * or ends as the file says. What is broken or half-written is refused and the old model stays; the next change is tried again.
 */
export class ModelFolderWatch {
  readonly #cacheFolder: string;
  readonly #holder: ModelHolder;
  readonly #options: LoadOptions;
  readonly #onProblem: (problem: unknown) => void;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #seenLive: string | undefined;
  #seenTrial: string | undefined;
  #retries = 0;
  #closed = false;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(
    cacheFolder: string,
    holder: ModelHolder,
    options: LoadOptions,
    onProblem: (problem: unknown) => void,
  ) {
    this.#cacheFolder = cacheFolder;
    this.#holder = holder;
    this.#options = options;
    this.#onProblem = onProblem;
  }

  /** Begins to watch. A model that lies in the live folder already counts as seen; a trial that is asked for begins. */
  static async start(
    cacheFolder: string,
    holder: ModelHolder,
    options: LoadOptions = {},
    onProblem: (problem: unknown) => void = () => {},
  ): Promise<ModelFolderWatch> {
    await mkdir(cacheFolder, { recursive: true });
    const watching = new ModelFolderWatch(cacheFolder, holder, options, onProblem);
    watching.#seenLive = await watching.#fingerprint();
    await watching.#followTrial().catch(onProblem);
    // The parent is watched: a model folder is replaced whole, by renaming.
    watching.#watcher = watch(cacheFolder, { persistent: false }, (_event, name) => {
      if (name === null || name === LIVE_FOLDER || name === TRIAL_FILE) {
        watching.#retries = 0;
        watching.#schedule(SETTLE_MS);
      }
    });
    watching.#watcher.on('error', onProblem);
    return watching;
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.check().catch(this.#onProblem), delayMs);
    this.#timer.unref();
  }

  /** Looks at both now. */
  async check(): Promise<void> {
    const next = this.#running.then(async () => {
      if (this.#closed) return;
      await this.#followLive();
      await this.#followTrial();
    });
    this.#running = next.catch(() => undefined);
    return next;
  }

  async #followLive(): Promise<void> {
    const found = await this.#fingerprint();
    if (found === undefined || found === this.#seenLive) return;
    this.#seenLive = found;
    const folder = join(this.#cacheFolder, LIVE_FOLDER);
    if (await this.#holder.swap(folder, () => loadIntentModel(folder, this.#options), nameOf)) return;
    this.#seenLive = undefined;
    if (this.#retries++ < MAX_RETRIES) this.#schedule(RETRY_MS);
  }

  async #followTrial(): Promise<void> {
    const trial = await readTrial(this.#cacheFolder);
    const wanted = trial && JSON.stringify(trial);
    if (wanted === this.#seenTrial) return;
    this.#seenTrial = wanted;
    if (trial)
      await this.#holder.startTrial(
        trial.folder,
        trial.share,
        () => loadIntentModel(trial.folder, this.#options),
        nameOf,
      );
    else await this.#holder.endTrial('drop');
  }

  async #fingerprint(): Promise<string | undefined> {
    const manifest = await readFile(join(this.#cacheFolder, LIVE_FOLDER, MANIFEST_FILE)).catch(() => undefined);
    return manifest && sha256(manifest);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    await this.#running;
  }
}

function nameOf(model: ProvableModel): string {
  return (model as NamedModel).manifest.name;
}

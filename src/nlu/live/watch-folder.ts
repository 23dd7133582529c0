import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MANIFEST_FILE, sha256 } from '../model/folder.js';
import { type LoadOptions, loadIntentModel, type OnnxIntentModel } from '../model/onnx-intent-model.js';
import type { ModelHolder } from './model-holder.js';

const SETTLE_MS = 200;

/**
 * Follows a model folder: whenever another model is put there (as `hearken train` does), it is tried and takes over. What is broken or half-written is
 * refused and the old model stays; the next change is tried again.
 */
export class ModelFolderWatch {
  readonly #folder: string;
  readonly #holder: ModelHolder;
  readonly #options: LoadOptions;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #seen: string | undefined;
  #closed = false;
  #running: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, holder: ModelHolder, options: LoadOptions) {
    this.#folder = folder;
    this.#holder = holder;
    this.#options = options;
  }

  /** Begins to watch. What lies in the folder already counts as seen. */
  static async start(folder: string, holder: ModelHolder, options: LoadOptions = {}): Promise<ModelFolderWatch> {
    const parent = dirname(folder);
    await mkdir(parent, { recursive: true });
    const watching = new ModelFolderWatch(folder, holder, options);
    watching.#seen = await watching.#fingerprint();
    // The parent is watched: a model folder is replaced whole, by renaming.
    watching.#watcher = watch(parent, { persistent: false }, (_event, name) => {
      if (name === null || name === basename(folder)) watching.#schedule();
    });
    watching.#watcher.on('error', () => undefined);
    return watching;
  }

  #schedule(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.check(), SETTLE_MS);
    this.#timer.unref();
  }

  /** Looks at the folder now. True when another model took over. */
  async check(): Promise<boolean> {
    const next = this.#running.then(() => this.#tryFolder());
    this.#running = next.catch(() => undefined);
    return next;
  }

  async #tryFolder(): Promise<boolean> {
    const found = await this.#fingerprint();
    if (this.#closed || found === undefined || found === this.#seen) return false;
    this.#seen = found;
    return this.#holder.swap(
      this.#folder,
      () => loadIntentModel(this.#folder, this.#options),
      (model) => (model as OnnxIntentModel).manifest.name,
    );
  }

  async #fingerprint(): Promise<string | undefined> {
    const manifest = await readFile(join(this.#folder, MANIFEST_FILE)).catch(() => undefined);
    return manifest && sha256(manifest);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#watcher?.close();
    await this.#running;
  }
}

import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { HearkenError } from '../errors.js';
import { ChecksumBook } from './checksums.js';
import { type DownloadOptions, download } from './download.js';
import type { Model, ModelSource } from './manifest.js';
import { type ModelRegistry, sha256Of } from './registry.js';
import { unpackTarBz2 } from './unpack.js';

export interface PullOptions {
  /** Told as it goes: what is being fetched and how far it is. */
  readonly onProgress?: (step: string, received: number, total: number | undefined) => void;
  readonly signal?: AbortSignal;
  readonly download?: Pick<DownloadOptions, 'stallTimeoutMs' | 'maxAttempts' | 'retryDelayMs'>;
}

export interface Pulled {
  readonly folder: string;
  /** Checksums that were not known before and are recorded now. */
  readonly recorded: readonly string[];
}

/**
 * Downloads a model from its official source into `models/pulled/<folder>`. The folder appears only when everything in it is right.
 * Throws MODEL_NOT_FOUND (no source), MODEL_DOWNLOAD, MODEL_CHECKSUM, MODEL_INVALID.
 */
export async function pullModel(registry: ModelRegistry, name: string, options: PullOptions = {}): Promise<Pulled> {
  const model = registry.get(name);
  if (model.sources.length === 0) {
    throw new HearkenError('MODEL_NOT_FOUND', `${name} ships with the program; there is nothing to pull.`);
  }
  const book = await ChecksumBook.open(registry.pulledFolder);
  const recorded: string[] = [];
  const draft = join(registry.pulledFolder, '.draft', model.name);
  const downloads = join(registry.pulledFolder, '.downloads', model.name);
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  try {
    for (const source of model.sources) await fetchSource(source, { draft, downloads, book, recorded, options });
    await checkFiles(model, draft, book, recorded);
    const folder = join(registry.pulledFolder, model.folder);
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, '..'), { recursive: true });
    await rename(draft, folder);
    await rm(downloads, { recursive: true, force: true });
    return { folder, recorded };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

interface Work {
  readonly draft: string;
  readonly downloads: string;
  readonly book: ChecksumBook;
  readonly recorded: string[];
  readonly options: PullOptions;
}

async function fetchSource(source: ModelSource, { draft, downloads, book, recorded, options }: Work): Promise<void> {
  const known = book.get(source.url);
  const file = basename(new URL(source.url).pathname);
  const target = join(downloads, file);
  const expected = source.sha256 ?? known?.sha256 ?? null;
  const complete = await stat(target).catch(() => undefined);
  if (!complete || expected === null || (await sha256Of(target)) !== expected) {
    await rm(target, { force: true });
    const got = await download({
      url: source.url,
      target,
      bytes: source.bytes,
      sha256: expected,
      onProgress: (received, total) => options.onProgress?.(file, received, total),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...options.download,
    });
    if (expected === null) {
      await book.record(source.url, got.sha256, got.bytes);
      recorded.push(source.url);
    }
  }
  if (source.unpack === 'tar.bz2') await unpackTarBz2(target, draft);
  else await rename(target, join(draft, source.saveAs ?? file));
}

/** Every file of the manifest must be there, with the size and checksum that are known; unknown checksums are recorded. */
async function checkFiles(model: Model, folder: string, book: ChecksumBook, recorded: string[]): Promise<void> {
  for (const file of model.files) {
    const path = join(folder, file.path);
    const info = await stat(path).catch(() => undefined);
    if (!info?.isFile()) {
      throw new HearkenError('MODEL_INVALID', `What was downloaded for ${model.name} holds no ${file.path}.`, {
        hint: 'The release may have changed; models/manifest.json names the files that are expected.',
      });
    }
    const key = `${model.name}/${file.path}`;
    const expected = file.sha256 ?? book.get(key)?.sha256;
    const sha256 = await sha256Of(path);
    if (expected === undefined) {
      await book.record(key, sha256, info.size);
      recorded.push(key);
    } else if (expected !== sha256) {
      throw new HearkenError(
        'MODEL_CHECKSUM',
        `${file.path} of ${model.name} has SHA-256 ${sha256} instead of ${expected}.`,
        {
          hint: 'The file at the source has changed. Look into it before trusting it.',
        },
      );
    }
  }
}

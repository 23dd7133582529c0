import { statSync } from 'node:fs';
import { ChecksumBook } from './checksums.js';
import type { Model } from './manifest.js';
import { type ModelRegistry, sha256Of } from './registry.js';

export interface VerifiedFile {
  readonly path: string;
  /** `unknown`: there, but nobody knows its right checksum. `wrong`: other bytes than expected. */
  readonly state: 'ok' | 'unknown' | 'wrong' | 'missing';
  readonly sha256: string | undefined;
  /** Who knew the checksum. */
  readonly by: 'manifest' | 'first pull' | undefined;
}

export interface VerifiedModel {
  readonly name: string;
  readonly place: string | undefined;
  readonly state: 'ok' | 'unverified' | 'damaged' | 'missing';
  readonly files: readonly VerifiedFile[];
}

/** Reads every file of a model and compares. Never throws for a damaged model: that is the answer. */
export async function verifyModel(registry: ModelRegistry, name: string): Promise<VerifiedModel> {
  const model = registry.get(name);
  const installed = registry.find(name);
  const book = await ChecksumBook.open(registry.pulledFolder);
  const files: VerifiedFile[] = [];
  for (const file of model.files) {
    const path = installed?.paths.get(file.path) ?? registry.lookFor(model, file);
    if (path === undefined) {
      files.push({ path: file.path, state: 'missing', sha256: undefined, by: undefined });
      continue;
    }
    const recorded = book.get(`${model.name}/${file.path}`);
    const expected = file.sha256 ?? recorded?.sha256;
    const sha256 = await sha256Of(path);
    const size = statSync(path).size;
    const right = expected === undefined ? undefined : expected === sha256 && (file.bytes ?? size) === size;
    files.push({
      path: file.path,
      state: right === undefined ? 'unknown' : right ? 'ok' : 'wrong',
      sha256,
      by: file.sha256 !== null ? 'manifest' : recorded ? 'first pull' : undefined,
    });
  }
  return { name, place: installed?.place, state: stateOf(model, files), files };
}

function stateOf(model: Model, files: readonly VerifiedFile[]): VerifiedModel['state'] {
  const missing = files.filter(({ state }) => state === 'missing').length;
  if (missing === model.files.length) return 'missing';
  if (missing > 0 || files.some(({ state }) => state === 'wrong')) return 'damaged';
  return files.some(({ state }) => state === 'unknown') ? 'unverified' : 'ok';
}

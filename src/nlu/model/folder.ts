import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { HearkenError, messageOf } from '../../errors.js';

/** One trained model on disk: a folder that is written whole or not at all, with a checksum for each file. */

const range = z.tuple([z.number().int(), z.number().int()]).readonly();
const finite = z.number();

const manifestSchema = z.object({
  format: z.literal('hearken.intent.v1'),
  /** Short name that turns record: first digits of the checksum over the other files. */
  name: z.string().min(1),
  labels: z.array(z.string().min(1)).min(1).readonly(),
  /** Those of `labels` that mean "none of them". */
  outOfScope: z.array(z.string()).readonly(),
  ngrams: z.object({
    hanChars: range,
    pinyin: range,
    words: range,
    wordChars: range,
    weights: z.object({ han: finite, pinyin: finite, word: finite, wordChar: finite }),
  }),
  featureCount: z.number().int().min(1),
  embeddingSize: z.number().int().min(0),
  /** The sentence encoder it was trained with. */
  encoder: z.object({ folder: z.string(), checksum: z.string() }).nullable(),
  net: z.boolean(),
  calibration: z.object({ svm: finite, net: finite }),
  scope: z.object({
    mean: z.array(finite).readonly(),
    scale: z.array(finite).readonly(),
    weights: z.array(finite).readonly(),
    bias: finite,
    /** Null = nothing is rejected (JSON has no -Infinity). */
    threshold: finite.nullable(),
  }),
  /** SHA-256 over the training files. */
  dataChecksum: z.string(),
  seed: z.number().int(),
  metrics: z.record(z.string(), z.unknown()),
  /** SHA-256 of each other file of the folder. */
  files: z.record(z.string(), z.string()),
});
export type ModelManifest = z.infer<typeof manifestSchema>;

export const MANIFEST_FILE = 'model.json';

/** Writes beside the target first and moves it into place last, so that no reader ever sees half a model. Returns the manifest written. */
export async function writeModelFolder(
  folder: string,
  manifest: Omit<ModelManifest, 'files' | 'name' | 'format'>,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<ModelManifest> {
  const checksums = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sha256(content)]));
  const name = sha256(JSON.stringify([checksums, manifest.calibration, manifest.scope])).slice(0, 12);
  const full: ModelManifest = { format: 'hearken.intent.v1', name, ...manifest, files: checksums };
  const temporary = join(dirname(folder), `.model-${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(temporary, { recursive: true });
    for (const [file, content] of Object.entries(files)) await writeFile(join(temporary, file), content);
    await writeFile(join(temporary, MANIFEST_FILE), `${JSON.stringify(full, null, 1)}\n`);
    await replaceFolder(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (error instanceof HearkenError) throw error;
    throw new HearkenError('MODEL_INVALID', `the model can't be written to ${folder}: ${messageOf(error)}`, {
      hint: 'Check that the folder may be written and the disk has room.',
      cause: error,
    });
  }
  return full;
}

/** Only a folder that holds a model (or nothing) may be replaced: nobody's other files are removed. Throws MODEL_INVALID otherwise. True when it exists. */
export async function checkReplaceable(folder: string): Promise<boolean> {
  const present = await readdir(folder).catch(() => undefined);
  if (present === undefined) return false;
  if (present.length === 0 || present.includes(MANIFEST_FILE)) return true;
  throw new HearkenError(
    'MODEL_INVALID',
    `${folder} holds other files and no model; expected an empty or a model folder`,
    { hint: 'Choose another --out folder.' },
  );
}

async function replaceFolder(from: string, to: string): Promise<void> {
  if (!(await checkReplaceable(to))) return rename(from, to);
  const old = `${to}.old-${randomBytes(4).toString('hex')}`;
  await rename(to, old);
  await rename(from, to);
  await rm(old, { recursive: true, force: true });
}

export interface ModelFiles {
  readonly manifest: ModelManifest;
  readonly read: (name: string) => Buffer | undefined;
}

/** Reads a model folder whole and checks every file. Throws MODEL_NOT_FOUND, MODEL_INVALID or MODEL_CHECKSUM. */
export async function readModelFolder(folder: string): Promise<ModelFiles> {
  const source = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch((error: unknown) => {
    throw new HearkenError('MODEL_NOT_FOUND', `no model in ${folder}: ${messageOf(error)}`, {
      hint: 'Train one: hearken train <app folder>.',
      cause: error,
    });
  });
  const manifest = parseManifest(source, folder);
  const contents = new Map<string, Buffer>();
  for (const [name, checksum] of Object.entries(manifest.files)) {
    if (!/^[\w.-]+$/.test(name))
      throw new HearkenError('MODEL_INVALID', `${folder}/${MANIFEST_FILE} names a file outside the folder: ${name}`);
    const bytes = await readFile(join(folder, name)).catch((error: unknown) => {
      throw new HearkenError('MODEL_INVALID', `${folder}/${name} is missing: ${messageOf(error)}`, {
        hint: 'Train or copy the model again.',
        cause: error,
      });
    });
    if (sha256(bytes) !== checksum) {
      throw new HearkenError('MODEL_CHECKSUM', `${folder}/${name} is not the file that was trained`, {
        hint: 'The copy was cut short or the file was changed; copy it again.',
      });
    }
    contents.set(name, bytes);
  }
  return { manifest, read: (name) => contents.get(name) };
}

function parseManifest(source: string, folder: string): ModelManifest {
  try {
    return manifestSchema.parse(JSON.parse(source));
  } catch (error) {
    throw new HearkenError(
      'MODEL_INVALID',
      `${folder}/${MANIFEST_FILE} is not a model's description: ${messageOf(error).slice(0, 300)}`,
      {
        hint: 'Train the model again with this version.',
        cause: error,
      },
    );
  }
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HearkenError } from '../errors.js';
import { type Manifest, type Model, type ModelFile, type ModelKind, readManifest } from './manifest.js';

/** Where the program itself lies: beside `src` or `dist`, the folder that holds `models/`. */
export const PROGRAM_ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A model of which every file was found. */
export interface InstalledModel {
  readonly model: Model;
  /** Absolute path of each file, by its path in the manifest. */
  readonly paths: ReadonlyMap<string, string>;
  /** The search folder (or `npm`) it was found in. */
  readonly place: string;
}

/** Which model serves a purpose, and why this one: shown by `hearken models` and at start. */
export interface ModelInUse {
  /** For people: "recogniser zh-CN". */
  readonly role: string;
  readonly kind: ModelKind;
  readonly language: string;
  /** The model, or what stands in for it; `none` when nothing does. */
  readonly name: string;
  readonly place: string | undefined;
  readonly builtIn: boolean;
  readonly reason: string;
}

export interface RegistryOptions {
  /** Relative `folders` are relative to it. */
  readonly root: string;
  /** Searched first, in this order (`HEARKEN_MODELS`). */
  readonly folders?: readonly string[];
  /** For tests: another list of models. */
  readonly manifest?: Manifest;
}

/** Knows every model by name and finds its files: given folders, `models/`, `../shared/models`, then npm packages. */
export class ModelRegistry {
  readonly manifest: Manifest;
  /** Absolute, in order of search. */
  readonly folders: readonly string[];
  /** Where `pull` puts what it downloads. */
  readonly pulledFolder: string;

  constructor(options: RegistryOptions) {
    this.manifest = options.manifest ?? readManifest(join(PROGRAM_ROOT, 'models/manifest.json'));
    this.pulledFolder = resolve(options.root, 'models/pulled');
    this.folders = [
      ...new Set([
        ...(options.folders ?? []).map((folder) => resolve(options.root, folder)),
        resolve(options.root, 'models'),
        this.pulledFolder,
        join(PROGRAM_ROOT, 'models'),
        join(PROGRAM_ROOT, 'models/pulled'),
        resolve(PROGRAM_ROOT, '../shared/models'),
      ]),
    ];
  }

  /** Throws MODEL_NOT_FOUND with the names there are. */
  get(name: string): Model {
    const model = this.manifest.models.find((candidate) => candidate.name === name);
    if (model) return model;
    throw new HearkenError('MODEL_NOT_FOUND', `There is no model called "${name}".`, {
      hint: `Known models: ${this.manifest.models.map((known) => known.name).join(', ')}.`,
    });
  }

  /** The model's files where they lie together, or undefined. Nothing is read but names and sizes. */
  find(name: string): InstalledModel | undefined {
    const model = this.get(name);
    for (const folder of this.folders) {
      const paths = locate(model, (file) => inFolder(folder, model, file));
      if (paths) return { model, paths, place: folder };
    }
    const paths = locate(model, inPackage);
    return paths && { model, paths, place: 'npm' };
  }

  /** One file wherever it is, whatever its size: for saying what is damaged. */
  lookFor(model: Model, file: ModelFile): string | undefined {
    const anySize = { ...file, bytes: null };
    for (const folder of this.folders) {
      const path = inFolder(folder, model, anySize);
      if (path !== undefined) return path;
    }
    return inPackage(file);
  }

  /**
   * The first of `names` whose files are there, with the reason. Throws CONFIG_INVALID for a model of another kind.
   */
  choose(
    kind: ModelKind,
    language: string,
    names: readonly string[],
  ): { readonly installed: InstalledModel | undefined; readonly inUse: ModelInUse } {
    const missing: string[] = [];
    const broken: string[] = [];
    const without = (): readonly string[] => [
      ...(missing.length > 0 ? [`${missing.join(', ')} not found`] : []),
      ...(broken.length > 0 ? [`${broken.join(', ')} incomplete or damaged (hearken models verify)`] : []),
    ];
    for (const name of names) {
      const model = this.get(name);
      if (model.kind !== kind) {
        throw new HearkenError('CONFIG_INVALID', `The model "${name}" is a ${model.kind}, not a ${kind}.`, {
          hint: `Mend speech.${kind === 'vad' ? 'vad' : `${kind}s`} in hearken.yml.`,
        });
      }
      const installed = this.find(name);
      if (!installed) {
        const partly = model.files.some((file) => this.lookFor(model, file) !== undefined);
        (partly ? broken : missing).push(name);
        continue;
      }
      const found = without().join('; ') || 'first choice';
      return {
        installed,
        inUse: {
          role: roleOf(kind, language),
          kind,
          language,
          name,
          place: installed.place,
          builtIn: model.builtIn,
          reason: `${found}; ${model.builtIn ? 'built-in' : installed.place === 'npm' ? 'from its npm package' : `in ${installed.place}`}`,
        },
      };
    }
    const reason = names.length === 0 ? 'none is configured' : without().join('; ');
    return {
      installed: undefined,
      inUse: { role: roleOf(kind, language), kind, language, name: NO_MODEL, place: undefined, builtIn: false, reason },
    };
  }
}

/** Stands for a model's name where there is none. */
export const NO_MODEL = 'none';

const ROLES: Readonly<Record<ModelKind, string>> = {
  recognizer: 'recogniser',
  synthesizer: 'voice',
  vad: 'voice activity',
  denoiser: 'noise suppression',
};

function roleOf(kind: ModelKind, language: string): string {
  return language === '*' ? ROLES[kind] : `${ROLES[kind]} ${language}`;
}

/** SHA-256 of a file, hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** One short checksum over all files of a model, for cache keys: the manifest's where they are known, sizes and times where not. */
export function fingerprintOf(installed: InstalledModel): string {
  const hash = createHash('sha256').update(installed.model.name);
  for (const file of installed.model.files) {
    const path = installed.paths.get(file.path);
    hash.update(`\n${file.path} ${file.sha256 ?? describe(path)}`);
  }
  return hash.digest('hex').slice(0, 16);
}

function describe(path: string | undefined): string {
  if (path === undefined) return 'missing';
  const stat = statSync(path);
  return `${stat.size} ${stat.mtimeMs}`;
}

function locate(model: Model, find: (file: ModelFile) => string | undefined): ReadonlyMap<string, string> | undefined {
  const paths = new Map<string, string>();
  for (const file of model.files) {
    const path = find(file);
    if (path === undefined || !hasSize(path, file.bytes)) return undefined;
    paths.set(file.path, path);
  }
  return paths;
}

function inFolder(folder: string, model: Model, file: ModelFile): string | undefined {
  const candidates = [join(folder, model.folder, file.path), ...file.elsewhere.map((path) => join(folder, path))];
  return candidates.find((candidate) => hasSize(candidate, file.bytes));
}

function inPackage(file: ModelFile): string | undefined {
  if (file.npm === undefined) return undefined;
  const [scope = '', ...rest] = file.npm.split('/');
  const name = scope.startsWith('@') ? `${scope}/${rest.shift()}` : scope;
  // `exports` of a package may hide its files from require.resolve: look in the folders that Node would look in.
  const places = createRequire(import.meta.url).resolve.paths(name) ?? [];
  return places.map((place) => join(place, name, ...rest)).find((path) => existsSync(path));
}

/** A file of another size is a broken download or another version; without a known size any file will do. */
function hasSize(path: string, bytes: number | null): boolean {
  try {
    const stat = statSync(path);
    return stat.isFile() && stat.size > 0 && (bytes === null || stat.size === bytes);
  } catch {
    return false;
  }
}

/** Absolute path of a file that the engine names; files in a listed folder (espeak-ng's data) are found beside the first file. */
export function pathIn(installed: InstalledModel, name: string): string {
  const known = installed.paths.get(name);
  if (known !== undefined) return known;
  const first = installed.model.files[0];
  const anchor = first && installed.paths.get(first.path);
  if (!first || !anchor) throw new HearkenError('MODEL_INVALID', `${installed.model.name} lists no files.`);
  const levels = first.path.split('/').length;
  let folder = anchor;
  for (let level = 0; level < levels; level++) folder = dirname(folder);
  return join(folder, name);
}

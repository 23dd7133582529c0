import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { HearkenError, messageOf } from '../../errors.js';
import type { CodeOptions } from '../entities/codes.js';
import { readPipeline } from './pipeline.js';
import { readRasaNlu } from './rasa.js';
import { readCsv, readJsonLines, readTokenLines, readTsv } from './tables.js';
import { EMPTY_DATA, mergeData, type TrainingData } from './training-data.js';

const MAX_FILES = 2000;
const MAX_BYTES = 256 * 1024 * 1024;
const READABLE = new Set(['.yml', '.yaml', '.tsv', '.csv', '.jsonl', '.bio', '.conll']);

export interface LoadedData {
  readonly data: TrainingData;
  readonly files: readonly string[];
  /** What the application says its numbers look like. */
  readonly codes: CodeOptions;
  /** SHA-256 over names and bytes of the files that hold training data, and over `codes`; hex. */
  readonly checksum: string;
}

/**
 * Reads training or test data from files and folders (folders: all Rasa YAML below them, or all tables where there is no YAML). Format by name: `.yml`, `.tsv`, `.csv`, `.jsonl`,
 * `.bio`; `.gz` around any of them. Throws FILE_UNREADABLE or TRAINING_DATA_INVALID.
 */
export async function loadTrainingData(paths: readonly string[]): Promise<LoadedData> {
  const files = (await Promise.all(paths.map(expand))).flat();
  if (files.length === 0) {
    throw new HearkenError('FILE_UNREADABLE', `no training data in ${paths.join(', ')}`, {
      hint: 'Give .yml, .tsv, .csv or .jsonl files, or a folder with .yml files.',
    });
  }
  const hash = createHash('sha256');
  const parts: TrainingData[] = [];
  let codes: CodeOptions = {};
  for (const file of files) {
    const source = await readText(file);
    const part = parseData(source, file);
    if (/\.ya?ml(?:\.gz)?$/.test(file)) codes = { ...codes, ...readPipeline(source, file) };
    // Flows, rules and responses of an application may change without a new training.
    if (part === EMPTY_DATA) continue;
    parts.push(part);
    hash
      .update(file.split('/').at(-1) ?? file)
      .update('\0')
      .update(source)
      .update('\0');
  }
  hash.update(JSON.stringify(codes));
  return { data: mergeData(parts), files, codes, checksum: hash.digest('hex') };
}

/** Data of an application folder: `nlu.yml`, `nlu/`, `data/`, or any YAML with an `nlu` key below it. */
export async function loadAppData(appFolder: string): Promise<LoadedData> {
  return loadTrainingData([appFolder]);
}

function parseData(source: string, file: string): TrainingData {
  switch (extname(file.replace(/\.gz$/, ''))) {
    case '.yml':
    case '.yaml':
      // Other YAML of an application (domain, flows, prompts) has no `nlu` key: not ours to judge.
      return /^["']?nlu["']?\s*:/m.test(source) ? readRasaNlu(source, file) : EMPTY_DATA;
    case '.csv':
      return readCsv(source, file);
    case '.jsonl':
      return readJsonLines(source, file);
    case '.bio':
    case '.conll':
      return readTokenLines(source, file);
    default:
      return looksLikeTokenLines(source) ? readTokenLines(source, file) : readTsv(source, file);
  }
}

function looksLikeTokenLines(source: string): boolean {
  return source
    .slice(0, 400)
    .split('\n')
    .slice(0, 5)
    .every((line) => line.trim() === '' || /^\S+ (O|[BIES]-\S+)\s*$/.test(line));
}

async function expand(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw new HearkenError('FILE_UNREADABLE', `${path}: ${messageOf(error)}`, {
      hint: 'Give a file or folder that exists.',
      cause: error,
    });
  });
  if (found.isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const all = entries
    .filter((entry) => entry.isFile() && READABLE.has(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(path, file).split('/').includes('node_modules'))
    .sort();
  // An application's folder holds YAML, and tables in it are something else; a folder of tables alone is a data set.
  const yaml = all.filter((file) => ['.yml', '.yaml'].includes(extname(file)));
  const files = yaml.length > 0 ? yaml : all;
  if (files.length > MAX_FILES)
    throw new HearkenError('FILE_UNREADABLE', `${path} holds ${files.length} files; expected at most ${MAX_FILES}`);
  return files;
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new Error(`${size} bytes; expected at most ${MAX_BYTES}`);
    const bytes = await readFile(file);
    return (file.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes)
      .toString('utf8')
      .replace(/^\uFEFF/, '');
  } catch (error) {
    throw new HearkenError('FILE_UNREADABLE', `${file}: ${messageOf(error)}`, {
      hint: 'Check the name and the rights.',
      cause: error,
    });
  }
}

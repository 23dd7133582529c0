import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { HearkenError } from '../../errors.js';

/** A file that browsers get, as it lies in memory. */
export interface ServedFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  /** Changes with the content: the ETag, and `?v=` of an address that may be kept for good. */
  readonly version: string;
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
};
// From `src/api/widget/` and from `dist/api/widget/` the same number of steps up.
const web = new URL('../../../web/', import.meta.url);
const FILES: Readonly<Record<string, string>> = {
  'hearken-call.js': 'dist/widget/hearken-call.js',
  'demo.html': 'widget/demo/demo.html',
  'demo.css': 'widget/demo/demo.css',
  'demo.js': 'widget/demo/demo.js',
};

const loaded = new Map<string, ServedFile>();

/** One of the widget's files; read once. Throws NOT_FOUND when it has not been built. */
export function widgetFile(name: string): ServedFile {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  let plain: Buffer;
  try {
    plain = readFileSync(fileURLToPath(new URL(FILES[name] ?? 'none', web)));
  } catch (error) {
    throw new HearkenError('NOT_FOUND', `${name} is not there.`, {
      hint: 'Build it: npm run build -w @hearken/web',
      cause: error,
    });
  }
  const file: ServedFile = {
    type: TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    plain,
    gzip: gzipSync(plain, { level: 9 }),
    version: createHash('sha256').update(plain).digest('hex').slice(0, 12),
  };
  loaded.set(name, file);
  return file;
}

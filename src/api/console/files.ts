import { createHash } from 'node:crypto';
import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HearkenError } from '../../errors.js';

/** The console's pages, as Vite has built them: `index.html`, and assets whose names hold a sum of what is in them. */

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};
/** What Vite gives a name with a sum: `assets/index-BvX2a1_c.js`. */
const HASHED = /^assets\/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
const FOR_GOOD = 'public, max-age=31536000, immutable';
const MAX_FILES = 500;
const MAX_FILE_BYTES = 5_000_000;

/** Nothing inline, nothing from elsewhere, and strings become markup only through the pages' one template library. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "worker-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types lit-html',
].join('; ');

// From `src/api/console/` and from `dist/api/console/` the same number of steps up.
const BUILT = fileURLToPath(new URL('../../../web/dist/console/', import.meta.url));

interface ServedFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
  readonly etag: string;
  readonly forGood: boolean;
}

/** `/console/` and what lies below it; files are known by name beforehand, so no path of a request reaches the disk. */
export async function consoleFiles(app: FastifyInstance, { folder = BUILT }: { folder?: string }): Promise<void> {
  const names = new Set(list(folder));
  const loaded = new Map<string, ServedFile>();
  const load = (name: string): ServedFile => {
    const file = loaded.get(name) ?? read(folder, name);
    loaded.set(name, file);
    return file;
  };
  const hidden = { schema: { hide: true } };
  app.get('/console', hidden, async (_request, reply) => reply.redirect('/console/'));
  app.get('/console/*', hidden, async (request, reply) => {
    const asked = (request.params as Record<string, string>)['*'] ?? '';
    if (names.has(asked) && asked !== 'index.html') return serve(request, reply, load(asked));
    // Addresses inside the console are its own affair; files that are not there are not.
    if (asked.startsWith('api/') || (/\.[a-z0-9]+$/.test(asked) && asked !== 'index.html')) return reply.callNotFound();
    if (!names.has('index.html'))
      throw new HearkenError('NOT_FOUND', 'The console has not been built.', {
        hint: 'Build it: npm run build -w @hearken/web',
      });
    return serve(request, reply, load('index.html'));
  });
}

function serve(request: FastifyRequest, reply: FastifyReply, file: ServedFile): FastifyReply {
  void reply.headers({
    etag: file.etag,
    'content-type': file.type,
    'content-security-policy': POLICY,
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(self)',
    'cache-control': file.forGood ? FOR_GOOD : 'no-cache',
    vary: 'Accept-Encoding',
  });
  if (request.headers['if-none-match'] === file.etag) return reply.status(304).send();
  const gzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (gzip) void reply.header('content-encoding', 'gzip');
  // No serializer: these are bytes.
  return reply.serializer((value) => value as never).send(gzip ? file.gzip : file.plain);
}

function read(folder: string, name: string): ServedFile {
  const plain = readFileSync(join(folder, name));
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    plain,
    gzip: gzipSync(plain, { level: 9 }),
    etag: `"${createHash('sha256').update(plain).digest('hex').slice(0, 16)}"`,
    forGood: HASHED.test(name),
  };
}

function list(folder: string): readonly string[] {
  let found: Dirent[];
  try {
    found = readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((name) => extname(name) in TYPES && readable(join(folder, name)))
    .slice(0, MAX_FILES);
}

function readable(path: string): boolean {
  try {
    return readFileSync(path).length <= MAX_FILE_BYTES;
  } catch {
    return false;
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { HearkenError, messageOf } from '../../../errors.js';

/** An action file as one module in `cacheFolder`, named by its content. npm packages stay outside. Throws APP_INVALID with file and reason. */
export async function bundleAction(file: string, cacheFolder: string): Promise<string> {
  return bundle(file, cacheFolder, false).catch((error: unknown) => {
    throw isUnwritable(error)
      ? error
      : actionFileInvalid(file, `it can't be built: ${messageOf(error)}`, 'Mend the code at the place named.', error);
  });
}

/** The thread's own code, built or not, as one module. */
export async function bundleWorker(cacheFolder: string): Promise<string> {
  const built = fileURLToPath(new URL('./action-worker.js', import.meta.url));
  const file = existsSync(built) ? built : fileURLToPath(new URL('./action-worker.ts', import.meta.url));
  return bundle(file, cacheFolder, true);
}

export function actionFileInvalid(file: string, what: string, hint: string, cause?: unknown): HearkenError {
  return new HearkenError('APP_INVALID', `The action file ${file}: ${what}.`, { hint, data: { file }, cause });
}

/** The cache folder can't be used; the caller may know another. */
export function isUnwritable(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOSPC';
}

async function bundle(file: string, cacheFolder: string, own: boolean): Promise<string> {
  const result = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'silent',
    sourcemap: own ? false : 'inline',
  });
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 16);
  await mkdir(cacheFolder, { recursive: true });
  const path = resolve(join(cacheFolder, `${basename(file).replace(/\.[mc]?[jt]s$/, '')}-${hash}.mjs`));
  // Several processes may start at once: each writes its own file and moves it into place.
  const part = `${path}.${randomUUID()}.part`;
  await writeFile(part, code);
  await rename(part, path);
  return path;
}

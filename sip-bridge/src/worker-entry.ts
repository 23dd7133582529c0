import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Bundles of sources that are gone are kept for so long. */
const KEPT_MS = 86_400_000;

/** Starts a worker thread whose code lies beside the caller: `name.js` where the package was built, else `name.ts`, bundled. */
export function startWorker(callerUrl: string, name: string, options: WorkerOptions = {}): Worker {
  const built = new URL(`./${name}.js`, callerUrl);
  if (existsSync(fileURLToPath(built))) return new Worker(built, options);
  const source = new URL(`./${name}.ts`, callerUrl);
  return new Worker(bundleOf(callerUrl, source) ?? loaderFor(callerUrl, source), options);
}

/**
 * From TypeScript, as in the tests: one file for as long as nothing in `src` changes. A loader in every worker would take six times the processor time that the
 * worker itself takes to start. Undefined where it can't be made.
 */
function bundleOf(callerUrl: string, source: URL): URL | undefined {
  try {
    const require = createRequire(callerUrl);
    const esbuild = require.resolve('esbuild/package.json');
    const folder = join(esbuild, '../../.cache/hearken-bridge-worker');
    const stamp = stampOf(fileURLToPath(new URL('.', import.meta.url)));
    const file = join(folder, `${basename(source.pathname, '.ts')}-${stamp}.mjs`);
    if (!existsSync(file)) {
      const { buildSync } = require('esbuild') as typeof import('esbuild');
      const { outputFiles } = buildSync({
        ...{ entryPoints: [fileURLToPath(source)], bundle: true, packages: 'external', write: false },
        ...{ platform: 'node', format: 'esm', target: 'node20', logLevel: 'silent' },
      });
      mkdirSync(folder, { recursive: true });
      clear(folder);
      // Whoever starts at the same time finds a whole file or none.
      const draft = `${file}.${process.pid}`;
      writeFileSync(draft, outputFiles[0]?.contents ?? '');
      renameSync(draft, file);
    }
    return pathToFileURL(file);
  } catch {
    return undefined;
  }
}

/** Changes with every change of a file below, and with the place. */
function stampOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const facts = files.sort().map((file) => `${file} ${statSync(join(folder, file)).mtimeMs}`);
  return createHash('sha256')
    .update([folder, ...facts].join('\n'))
    .digest('hex')
    .slice(0, 20);
}

function clear(folder: string): void {
  for (const file of readdirSync(folder)) {
    if (Date.now() - statSync(join(folder, file)).mtimeMs > KEPT_MS) rmSync(join(folder, file), { force: true });
  }
}

/** Node 20 does not hand a loader from `execArgv` on to a worker's own entry: a one-line module registers tsx first. */
function loaderFor(callerUrl: string, source: URL): URL {
  const tsx = new URL('./dist/esm/api/index.mjs', pathToFileURL(createRequire(callerUrl).resolve('tsx/package.json')));
  const bootstrap = `import { register } from ${JSON.stringify(tsx.href)}; register(); await import(${JSON.stringify(source.href)});`;
  return new URL(`data:text/javascript,${encodeURIComponent(bootstrap)}`);
}

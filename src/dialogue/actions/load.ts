import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { HearkenError, messageOf } from '../../errors.js';
import type { ActionDefinition, ActionModule } from './api.js';

export interface LoadedActions {
  readonly actions: ReadonlyMap<string, ActionDefinition>;
  close(): Promise<void>;
}

/**
 * Bundles each file with esbuild into `cacheFolder` (named by content, so a changed file is a new module) and imports it. npm packages stay
 * outside the bundle. Throws APP_INVALID with file and reason.
 */
export async function loadActions(files: readonly string[], cacheFolder: string): Promise<LoadedActions> {
  const actions = new Map<string, ActionDefinition>();
  const closers: (() => Promise<void> | void)[] = [];
  await mkdir(cacheFolder, { recursive: true });
  for (const file of files) {
    const loaded = await importFile(file, cacheFolder);
    const listed = loaded.default;
    const definitions = Array.isArray(listed) ? (listed as readonly ActionDefinition[]) : [listed as ActionDefinition];
    for (const definition of definitions) {
      if (typeof definition?.name !== 'string' || typeof definition.run !== 'function') {
        throw invalid(
          file,
          'its default export is no action',
          'Write "export default { name: \'action_…\', run(context) { … } }" or a list of those.',
        );
      }
      if (actions.has(definition.name))
        throw invalid(file, `the action "${definition.name}" is defined twice`, 'Rename one of them.');
      actions.set(definition.name, definition);
    }
    if (typeof loaded.close === 'function') closers.push(loaded.close);
  }
  return {
    actions,
    close: async () => {
      for (const close of closers.splice(0)) await close();
    },
  };
}

async function importFile(file: string, cacheFolder: string): Promise<ActionModule> {
  let code: Uint8Array;
  try {
    const result = await build({
      entryPoints: [file],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      logLevel: 'silent',
      sourcemap: 'inline',
    });
    code = result.outputFiles[0]?.contents ?? new Uint8Array();
  } catch (error) {
    throw invalid(file, `it can't be built: ${messageOf(error)}`, 'Mend the code at the place named.', error);
  }
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 16);
  const path = resolve(join(cacheFolder, `${basename(file).replace(/\.[mc]?[jt]s$/, '')}-${hash}.mjs`));
  // Several processes may start at once: each writes its own file and moves it into place.
  const own = `${path}.${process.pid}.part`;
  await writeFile(own, code);
  await rename(own, path);
  try {
    return (await import(pathToFileURL(path).href)) as ActionModule;
  } catch (error) {
    throw invalid(
      file,
      `it fails when it is loaded: ${messageOf(error)}`,
      'Mend the code that runs at its top level.',
      error,
    );
  }
}

function invalid(file: string, what: string, hint: string, cause?: unknown): HearkenError {
  return new HearkenError('APP_INVALID', `The action file ${file}: ${what}.`, { hint, data: { file }, cause });
}

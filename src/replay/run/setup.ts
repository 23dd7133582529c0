import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LoadedConfig } from '../../config.js';
import { loadConfig } from '../../config.js';
import { HearkenError, messageOf } from '../../errors.js';

/**
 * One side of a comparison: a configuration (a file), models (a folder that holds some), an application (a folder with a domain), or several of these joined by `+`. What a
 * side does not name stays as configured.
 */
export function loadSetup(text: string, base: LoadedConfig): LoadedConfig {
  return text
    .split('+')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .reduce((loaded, part) => applied(part, loaded), base);
}

function applied(part: string, base: LoadedConfig): LoadedConfig {
  const path = resolve(part);
  let folder: boolean;
  try {
    folder = statSync(path).isDirectory();
  } catch (error) {
    throw new HearkenError(
      'FILE_UNREADABLE',
      `There is no configuration, application or folder of models ${part}: ${messageOf(error)}`,
      {
        hint: 'Name a .yml file, an application folder (with a domain.yml), or a folder of models.',
      },
    );
  }
  if (!folder) return loadConfig({ file: path });
  const { config } = base;
  if (isApplication(path)) return { ...base, config: { ...config, app: { ...config.app, folder: path } } };
  if (holdsModels(path)) {
    const { speech } = config;
    return { ...base, config: { ...config, speech: { ...speech, modelFolders: [path, ...speech.modelFolders] } } };
  }
  throw new HearkenError(
    'REQUEST_INVALID',
    `${part} is neither an application (no domain.yml) nor a folder of models (no folder with a model in it).`,
  );
}

function isApplication(folder: string): boolean {
  return existsSync(join(folder, 'domain.yml')) || existsSync(join(folder, 'domain'));
}

/** Folders of models hold one folder for each model, by its name in the manifest. */
function holdsModels(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).some(
    (entry) => entry.isDirectory() && readdirSync(join(folder, entry.name)).some((name) => name.endsWith('.onnx')),
  );
}

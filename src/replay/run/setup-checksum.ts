import { createHash, type Hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseModels } from '../../speech/choose.js';
import { fingerprintOf, ModelRegistry, PROGRAM_ROOT } from '../../speech/registry.js';
import { applicationFolder, type StageSettings } from '../pipeline/stage.js';

/** Rooms of the program whose code decides what a call comes to. */
const ROOMS = ['call', 'dialogue', 'dsp', 'handoff', 'nlu', 'replay', 'speech', 'media'];
const LARGEST_READ = 8 * 1024 * 1024;

/** Checksum of everything beside the recordings that a result depends on: configuration, application, models, this program's own code, and what that runs on. */
export function setupChecksum(settings: StageSettings): string {
  const { config, root, dialogue, appEnvironment } = settings;
  const hash = createHash('sha256');
  // Doors, stores and logs change nothing about a replayed call.
  const { app, handoff, nlu, speech, turn, media } = config;
  const environment = Object.entries(appEnvironment).filter(
    ([name]) => name.startsWith('APP_') || app.environment.includes(name),
  );
  hash.update(JSON.stringify({ app, handoff, nlu, speech, turn, leadMs: media.leadMs, dialogue, environment }));
  hash.update(JSON.stringify([process.version, process.arch, dependencies()]));
  const registry = new ModelRegistry({ root, folders: speech.modelFolders });
  for (const { installed, inUse } of chooseModels(registry, speech))
    hash.update(`${inUse.role} ${inUse.name} ${installed ? fingerprintOf(installed) : ''}\n`);
  const appFolder = applicationFolder(config, root);
  if (dialogue) addFolder(hash, appFolder);
  const graphs =
    speech.graphs === undefined ? join(resolve(root, config.store.folder), 'graphs') : resolve(root, speech.graphs);
  addFolder(hash, graphs);
  const program = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const room of ROOMS) addFolder(hash, join(program, room));
  return hash.digest('hex');
}

/** Libraries by their exact versions: another runtime of models rounds in another way. */
function dependencies(): unknown {
  const manifest = JSON.parse(readFileSync(join(PROGRAM_ROOT, 'package.json'), 'utf8')) as Readonly<
    Record<string, unknown>
  >;
  return [manifest.dependencies, manifest.optionalDependencies];
}

/** Names and contents of the files below a folder, in order; of very large ones size and time. */
function addFolder(hash: Hash, folder: string): void {
  if (!existsSync(folder)) return;
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.map') && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`\n${relative(folder, file)} `);
    if (size > LARGEST_READ) hash.update(`${size} ${mtimeMs}`);
    else hash.update(readFileSync(file));
  }
}

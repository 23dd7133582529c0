import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { Command } from 'commander';
import { loadConfig } from '../config.js';
import { HearkenError } from '../errors.js';
import { ChecksumBook } from '../speech/checksums.js';
import { chooseModels } from '../speech/choose.js';
import type { Model } from '../speech/manifest.js';
import { pullModel } from '../speech/pull.js';
import { ModelRegistry } from '../speech/registry.js';
import { type VerifiedModel, verifyModel } from '../speech/verify.js';

interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** `hearken models list | pull | verify`. */
export function modelsCommand(): Command {
  const command = new Command('models').description('list, pull and verify speech models');
  common(command.command('list'))
    .description('every known model, where it was found, and which one is in use')
    .action(list);
  common(command.command('pull'))
    .argument('<models...>', 'names as `hearken models list` shows them')
    .description('download models from their official source (goes on where it was interrupted)')
    .action(pull);
  common(command.command('verify'))
    .argument('[models...]', 'names; without them, every model that is there')
    .description('compare sizes and checksums; exit code 1 when something is damaged or missing')
    .action(verify);
  return command;
}

function common(command: Command): Command {
  return command.option('--config <file>', 'configuration to read').option('--json', 'print JSON');
}

function open(options: CommonOptions) {
  const { config, root } = loadConfig(options.config === undefined ? {} : { file: options.config });
  const registry = new ModelRegistry({ root, folders: config.speech.modelFolders });
  return { config, registry };
}

async function list(options: CommonOptions): Promise<void> {
  const { config, registry } = open(options);
  const book = await ChecksumBook.open(registry.pulledFolder);
  const inUse = chooseModels(registry, config.speech).map(({ inUse: chosen }) => chosen);
  const models = registry.manifest.models.map((model) => {
    const installed = registry.find(model.name);
    const unknown = model.files.filter((file) => file.sha256 === null);
    const recorded = unknown.filter((file) => book.get(`${model.name}/${file.path}`) !== undefined);
    return {
      name: model.name,
      kind: model.kind,
      languages: model.languages,
      sampleRate: model.sampleRate,
      licence: model.licence,
      builtIn: model.builtIn,
      description: model.description,
      installed: installed !== undefined,
      place: installed?.place ?? null,
      inUseFor: inUse.filter(({ name }) => name === model.name).map(({ role }) => role),
      checksums: checksumState(model, unknown.length, recorded.length),
      sources: model.sources.map(({ url }) => url),
    };
  });
  if (options.json) {
    print(JSON.stringify({ folders: registry.folders, models, inUse }, null, 2));
    return;
  }
  const table = new Table({
    head: ['model', 'kind', 'language', 'licence', 'checksums', 'there'],
    style: { head: [], border: [] },
  });
  for (const model of models) {
    table.push([
      model.name,
      model.kind,
      model.languages.join(', '),
      model.licence,
      model.checksums,
      !model.installed ? '-' : model.builtIn ? 'built-in' : (model.place ?? ''),
    ]);
  }
  print(table.toString());
  const used = new Table({ head: ['for', 'in use', 'because'], style: { head: [], border: [] } });
  for (const { role, name, reason } of inUse) used.push([role, name, reason]);
  print(used.toString());
}

/** Who knows the right bytes of a model: the manifest, the manifest for its archive only, or nobody before the first pull. */
function checksumState(model: Model, unknown: number, recorded: number): string {
  if (unknown === 0) return 'known';
  if (recorded === unknown) return 'recorded at first pull';
  const archives = model.sources.every(({ sha256 }) => sha256 !== null);
  return archives ? 'archive known' : 'unknown, recorded at first pull';
}

async function pull(names: readonly string[], options: CommonOptions): Promise<void> {
  const { registry } = open(options);
  // All names are checked before the first byte is fetched.
  for (const name of names) registry.get(name);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const results: { readonly name: string; readonly folder: string; readonly recorded: readonly string[] }[] = [];
  for (const name of names) {
    const progress = options.json || !process.stderr.isTTY ? undefined : progressBar();
    try {
      const { folder, recorded } = await pullModel(registry, name, {
        signal: stop.signal,
        onProgress: (file, received, total) => progress?.show(file, received, total),
      });
      results.push({ name, folder, recorded });
    } finally {
      progress?.stop();
    }
    if (options.json) continue;
    print(`${name}: ready in ${results.at(-1)?.folder}`);
    const recorded = results.at(-1)?.recorded ?? [];
    if (recorded.length > 0) {
      print(
        `  ${recorded.length} checksum(s) nobody had published were recorded in ${registry.pulledFolder}/checksums.json`,
      );
    }
  }
  if (options.json) print(JSON.stringify({ pulled: results }, null, 2));
}

async function verify(names: readonly string[], options: CommonOptions): Promise<void> {
  const { registry } = open(options);
  const all = names.length === 0;
  const wanted = all ? registry.manifest.models.map(({ name }) => name) : names;
  const results: VerifiedModel[] = [];
  for (const name of wanted) {
    const result = await verifyModel(registry, name);
    // What was never pulled is not damaged; asked for by name, or built in, it must be there.
    if (all && result.state === 'missing' && !registry.get(name).builtIn) continue;
    results.push(result);
  }
  if (options.json) print(JSON.stringify({ models: results }, null, 2));
  else {
    const table = new Table({
      head: ['model', 'state', 'file', 'checksum', 'known by'],
      style: { head: [], border: [] },
    });
    for (const { name, state, files } of results) {
      for (const file of files) table.push([name, state, file.path, file.state, file.by ?? '-']);
    }
    print(table.toString());
  }
  const bad = results.filter(({ state }) => state === 'damaged' || state === 'missing');
  if (bad.length > 0) {
    throw new HearkenError('MODEL_CHECKSUM', `Damaged or missing: ${bad.map(({ name }) => name).join(', ')}.`, {
      hint: 'Pull it again with "hearken models pull <name>"; built-in ones come back with "git checkout models".',
    });
  }
}

function progressBar() {
  const bar = new SingleBar({
    format: '{file} [{bar}] {percentage}% {mb}/{totalMb} MB',
    hideCursor: true,
    clearOnComplete: false,
  });
  let started = '';
  const mb = (bytes: number | undefined) => (bytes === undefined ? '?' : (bytes / 1_000_000).toFixed(1));
  return {
    show(file: string, received: number, total: number | undefined): void {
      const payload = { file, mb: mb(received), totalMb: mb(total) };
      if (started !== file) {
        if (started !== '') bar.stop();
        started = file;
        bar.start(total ?? received + 1, received, payload);
      }
      bar.setTotal(total ?? received + 1);
      bar.update(received, payload);
    },
    stop(): void {
      if (started !== '') bar.stop();
    },
  };
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

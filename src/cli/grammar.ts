import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import { parse } from 'yaml';
import { HearkenError, messageOf } from '../errors.js';
import { loadAppData } from '../nlu/corpus/load.js';
import type { ApplicationText } from '../speech/grammar/application.js';
import { loadBaseText, NO_BASE } from '../speech/grammar/base-text.js';
import { buildApplicationGraphs, buildTextGraph } from '../speech/grammar/build.js';
import type { BuiltGraph } from '../speech/grammar/ngram-graph.js';
import { buildPhraseGraph } from '../speech/grammar/phrase-graph.js';
import { loadPhoneUnits } from '../speech/grammar/units.js';
import { GRAPHS } from '../speech/graph.js';

const DEFAULT_MODEL = 'models/asr-zh-phone';
/** Built for, one after another, when no model is named: each hears its own language in an application. */
const BUILT_IN_MODELS = [DEFAULT_MODEL, 'models/asr-en-phone'];
const MAX_YAML_BYTES = 4 * 1024 * 1024;

interface BuildOptions {
  readonly model?: string;
  readonly out?: string;
  readonly confirmIntents?: string;
  readonly confirmLookups?: string;
}

/** `hearken grammar`: decoding graphs for an application. */
export function grammarCommand(): Command {
  const command = new Command('grammar').description('build decoding graphs from an application');
  command
    .command('build')
    .argument('<app>', 'application folder, as apps/retail')
    .description(
      'write general.fst, digits.fst, confirm.fst and, where it is asked for one, email.fst for the phone recognisers',
    )
    .option(
      '--model <folder>',
      'one recogniser with units.json (default: the built-in ones; all but the first in folders of their own)',
    )
    .option('--out <folder>', 'where the graphs go (default: data/graphs/<name of the application>)')
    .option('--confirm-intents <names>', 'intents that answer yes/no questions and menus, separated by commas')
    .option('--confirm-lookups <names>', 'lookups whose words are menu choices, separated by commas')
    .action(async (app: string, options: BuildOptions) => build(resolve(app), options));
  command
    .command('general')
    .description('write the general graph of a model from its own base text, without an application')
    .option('--model <folder>', 'recogniser with units.json and base-text.json.gz', DEFAULT_MODEL)
    .requiredOption('--out <file>', 'graph to write')
    .action(async (options: { model: string; out: string }) => {
      const units = loadPhoneUnits(join(options.model, 'units.json'));
      const base = loadBaseText(join(options.model, 'base-text.json.gz'));
      const { states, arcs } = await save(buildTextGraph([], units, base), resolve(options.out));
      process.stdout.write(`${options.out}: ${states} states, ${arcs} arcs\n`);
    });
  command
    .command('phrases')
    .argument('<list>', 'text file, one phrase a line; <digits> stands for a number')
    .description('write a closed grammar of exactly these phrases')
    .option('--model <folder>', 'recogniser with units.json', DEFAULT_MODEL)
    .requiredOption('--out <file>', 'graph to write')
    .action(async (list: string, options: { model: string; out: string }) => phrases(list, options));
  return command;
}

async function build(app: string, options: BuildOptions): Promise<void> {
  const out = resolve(options.out ?? join('data/graphs', basename(app)));
  const application = await readApplication(app);
  if (options.model !== undefined) {
    await buildFor(application, options.model, out, options);
    return;
  }
  const models = BUILT_IN_MODELS.filter((model) => existsSync(join(model, 'units.json')));
  // The first one says what is missing where there is none.
  const [first = DEFAULT_MODEL, ...others] = models;
  await buildFor(application, first, out, options);
  for (const model of others) {
    try {
      await buildFor(application, model, join(out, basename(model)), options);
    } catch (error) {
      // An application need not speak every language.
      if (!(error instanceof HearkenError && error.code === 'APP_INVALID')) throw error;
      process.stdout.write(`${basename(model)}: ${error.message}\n`);
    }
  }
}

async function buildFor(
  application: ApplicationText,
  model: string,
  out: string,
  options: BuildOptions,
): Promise<void> {
  const units = loadPhoneUnits(join(model, 'units.json'));
  const basePath = join(model, 'base-text.json.gz');
  const graphs = buildApplicationGraphs(application, units, existsSync(basePath) ? loadBaseText(basePath) : NO_BASE, {
    ...(options.confirmIntents === undefined ? {} : { confirmIntents: options.confirmIntents.split(',') }),
    ...(options.confirmLookups === undefined ? {} : { confirmLookups: options.confirmLookups.split(',') }),
  });
  await mkdir(out, { recursive: true });
  const files: Record<string, { states: number; arcs: number; bytes: number; sha256: string }> = {};
  for (const name of GRAPHS) {
    const graph = graphs[name];
    const file = join(out, `${name}.fst`);
    if (graph !== undefined) files[`${name}.fst`] = await save(graph, file);
    // One that was built before would be used with the others.
    else await rm(file, { force: true });
  }
  await writeFile(join(out, 'graphs.json'), `${JSON.stringify({ model: basename(model), files }, null, 2)}\n`);
  for (const [name, file] of Object.entries(files)) {
    process.stdout.write(`${name}: ${file.states} states, ${file.arcs} arcs, ${Math.round(file.bytes / 1000)} kB\n`);
  }
  if (graphs.skipped.length > 0) {
    process.stdout.write(
      `${graphs.skipped.length} sentences left out (the model cannot print them): ${graphs.skipped.slice(0, 5).join(', ')}\n`,
    );
  }
  process.stdout.write(`Written to ${out}\n`);
}

async function phrases(list: string, options: { model: string; out: string }): Promise<void> {
  const lines = (await readText(list)).split('\n').map((line) => line.trim());
  const units = loadPhoneUnits(join(options.model, 'units.json'));
  const graph = buildPhraseGraph(
    lines.filter((line) => line !== '' && !line.startsWith('#')).map((text) => ({ text })),
    units,
    {},
    (text, reason) => void process.stderr.write(`left out: ${text} (${reason})\n`),
  );
  const { states, arcs } = await save(graph, resolve(options.out));
  process.stdout.write(`${options.out}: ${states} states, ${arcs} arcs\n`);
}

/** Writes beside the file and renames: a recogniser never reads half a graph. */
async function save(
  graph: BuiltGraph,
  path: string,
): Promise<{ states: number; arcs: number; bytes: number; sha256: string }> {
  const data = graph.fst.toBuffer(graph.start);
  await writeFile(`${path}.part`, data);
  await rename(`${path}.part`, path);
  return {
    states: graph.fst.states,
    arcs: graph.fst.arcs,
    bytes: data.length,
    sha256: createHash('sha256').update(data).digest('hex'),
  };
}

async function readApplication(app: string): Promise<ApplicationText> {
  const { data } = await loadAppData(app);
  const { responses, asksForEmail } = await readDomain(app);
  return { examples: data.examples, lookups: data.lookups, responses, asksForEmail };
}

/** A slot that is filled from an address, or says itself that it is one. */
const EMAIL_SLOT = /\b(?:type|entity):\s*['"]?email\b/;

/** Texts under the `responses` key of any YAML in the folder, and whether any has a slot for an e-mail address. */
async function readDomain(app: string): Promise<Required<Pick<ApplicationText, 'responses' | 'asksForEmail'>>> {
  const out: string[] = [];
  let asksForEmail = false;
  for (const entry of await readdir(app, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.ya?ml$/.test(entry.name) || entry.parentPath.includes('node_modules')) continue;
    const path = join(entry.parentPath, entry.name);
    const source = await readText(path);
    if (source.length > MAX_YAML_BYTES) continue;
    asksForEmail ||= /^slots:/m.test(source) && EMAIL_SLOT.test(source);
    if (!/^responses:/m.test(source)) continue;
    const document: unknown = parse(source, { maxAliasCount: 100 });
    const responses = isRecord(document) ? document.responses : undefined;
    for (const variations of isRecord(responses) ? Object.values(responses) : []) {
      for (const variation of Array.isArray(variations) ? variations : []) {
        if (isRecord(variation) && typeof variation.text === 'string') out.push(variation.text);
      }
    }
  }
  return { responses: out, asksForEmail };
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new HearkenError('FILE_UNREADABLE', `Cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';
import { checkReferences } from './check.js';
import { DOMAIN_KEYS, DomainBuilder } from './domain.js';
import { readFlows } from './flows.js';
import { didYouMean, nearest } from './nearest.js';
import { type ReadyAction, readReadyActions } from './ready-actions.js';
import { readRules, readStories } from './steps.js';
import type { Application, Endpoints, Flow, LoadedApplication, Rule, Story, Thresholds } from './types.js';
import { isMapValue, type Problem, type YamlMap, YamlReader } from './yaml.js';

const MAX_FILES = 2000;
const MAX_DEPTH = 8;
/** Folders that hold no dialogue: tests, code, results. */
const SKIPPED = new Set([
  'tests',
  'test',
  'actions',
  'shop',
  'node_modules',
  'models',
  'results',
  'knowledge',
  'audio',
  'e2e_tests',
  'scenarios',
]);

/** Top keys of files besides those of the domain and of config.yml. */
const KNOWN_KEYS: ReadonlySet<string> = new Set([
  'version',
  'nlu',
  'rules',
  'stories',
  'flows',
  'ready_actions',
  'language',
  'additional_languages',
  'time_zone',
  'recipe',
  'assistant_id',
  'importers',
  'config',
]);

const DEFAULT_TIME_ZONE = 'Asia/Shanghai';
/** Rasa's own defaults (FallbackClassifier). */
const NLU_THRESHOLD = 0.3;
const AMBIGUITY_THRESHOLD = 0.1;
/** Rasa's MemoizationPolicy default. */
const MAX_HISTORY = 5;

/**
 * Reads an application folder in Rasa's layout: any YAML files below it, told apart by their top keys. Never throws for a mistake in a file: all mistakes
 * come back as problems. Throws FILE_UNREADABLE when the folder can't be read.
 */
export async function loadApplication(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<LoadedApplication> {
  const files = await listFiles(folder);
  const reader = new YamlReader();
  const builder = new DomainBuilder(reader);
  const rules: Rule[] = [];
  const stories: Story[] = [];
  const flows = new Map<string, Flow>();
  const readyActions = new Map<string, ReadyAction>();
  let config: YamlMap = {};
  let endpoints: YamlMap = {};
  let domains = 0;
  let unread = false;
  for (const path of files.yaml) {
    const name = relative(folder, path);
    const root = reader.parse(await readFile(path, 'utf8'), name);
    unread ||= root === undefined;
    if (root === undefined || root === null) continue;
    if (!isMapValue(root)) {
      reader.error(
        name,
        1,
        'the file holds no keys',
        'Start with "version: \\"3.1\\"" and a key such as "intents:", "rules:" or "flows:".',
      );
      continue;
    }
    if (basename(path).startsWith('endpoints.')) endpoints = withEnvironment(root, environment) as YamlMap;
    else if (/^(?:credentials|hearken)\.ya?ml$/.test(basename(path))) continue;
    else if (root.pipeline !== undefined || root.policies !== undefined) {
      tellConfigKeys(reader, root);
      config = { ...config, ...root };
    } else {
      const isDomain = Object.keys(root).some((key) => DOMAIN_KEYS.has(key));
      for (const key of Object.keys(root)) {
        if (KNOWN_KEYS.has(key) || DOMAIN_KEYS.has(key)) continue;
        reader.warn(
          root,
          key,
          `nothing is known of "${key}"`,
          `It is not read. Top keys are ${[...KNOWN_KEYS].join(', ')} and those of the domain.`,
        );
      }
      if (isDomain || !basename(path).startsWith('config.')) tellMisplaced(reader, root);
      if (isDomain) {
        domains++;
        builder.add(root);
      } else if (basename(path).startsWith('config.')) config = { ...config, ...root };
      rules.push(...readRules(reader, root));
      stories.push(...readStories(reader, root));
      for (const action of readReadyActions(reader, root)) {
        const earlier = readyActions.get(action.name);
        if (earlier !== undefined)
          reader.error(
            action.file,
            action.line,
            `the action "${action.name}" is defined in ${earlier.file}:${earlier.line} too`,
            'Give it another name.',
          );
        readyActions.set(action.name, action);
      }
      for (const flow of readFlows(reader, root)) {
        const earlier = flows.get(flow.id);
        if (earlier !== undefined)
          reader.error(
            flow.file,
            flow.line,
            `flow "${flow.id}" is defined in ${earlier.file}:${earlier.line} too`,
            'Give it another name.',
          );
        flows.set(flow.id, flow);
      }
    }
  }
  if (domains === 0 && !unread) {
    reader.error(
      'domain.yml',
      0,
      'there is no domain',
      `Put a domain.yml (or a folder "domain") with "intents:", "slots:" and "responses:" into ${folder}.`,
    );
  }
  const domain = builder.build();
  const language = typeof config.language === 'string' ? config.language : 'zh-CN';
  const application: Application = {
    folder,
    domain,
    rules,
    stories,
    flows,
    readyActions,
    thresholds: readThresholds(config),
    endpoints: readEndpoints(endpoints),
    language,
    languages: languagesOf(domain, language, config),
    timeZone: readTimeZone(reader, config),
    actionFiles: files.actions,
    maxHistory: readMaxHistory(config),
  };
  // What a file that can't be read would have defined is not missing: its own mistake comes first.
  if (!unread) checkReferences(application, reader, declaredLanguages(language, config));
  return { application, problems: sorted(reader.problems) };
}

const CONFIG_KEYS: ReadonlySet<string> = new Set([
  'version',
  'recipe',
  'assistant_id',
  'language',
  'additional_languages',
  'time_zone',
  'importers',
  'pipeline',
  'policies',
]);

/** Rasa knows more keys of config.yml than mean something here: only what was mistyped is told, and what belongs into another file. */
function tellConfigKeys(reader: YamlReader, root: YamlMap): void {
  for (const key of Object.keys(root).filter((name) => !CONFIG_KEYS.has(name))) {
    const elsewhere = KNOWN_KEYS.has(key) || DOMAIN_KEYS.has(key);
    if (elsewhere)
      reader.warn(root, key, `"${key}" is not read in the file of the pipeline`, 'Move it to another file.');
    else if (nearest(key, CONFIG_KEYS) !== undefined)
      reader.warn(root, key, `nothing is known of "${key}"`, `It is not read.${didYouMean(key, CONFIG_KEYS)}`);
  }
}

/** Keys of config.yml that stand in another file, where nobody reads them. */
function tellMisplaced(reader: YamlReader, root: YamlMap): void {
  for (const key of ['language', 'additional_languages', 'time_zone'].filter((name) => root[name] !== undefined))
    reader.warn(root, key, `"${key}" is only read in config.yml`, 'Move it there.');
}

/** For starting: throws APP_INVALID that lists the mistakes (the first ten) with file, line and what to do. */
export async function loadValidApplication(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Application> {
  const { application, problems } = await loadApplication(folder, environment);
  const errors = problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) throw applicationInvalid(folder, errors);
  return application;
}

export function applicationInvalid(folder: string, errors: readonly Problem[]): HearkenError {
  const shown = errors.slice(0, 10).map(problemText).join('\n');
  const more = errors.length > 10 ? `\n… and ${errors.length - 10} more` : '';
  return new HearkenError(
    'APP_INVALID',
    `The application ${folder} has ${errors.length} mistake(s):\n${shown}${more}`,
    {
      hint: `Mend them; "hearken check ${folder}" lists them without starting anything.`,
      data: { problems: errors.slice(0, 50) },
    },
  );
}

export function problemText(problem: Problem): string {
  return `${problem.file}${problem.line > 0 ? `:${problem.line}` : ''}: ${problem.severity}: ${problem.message}. ${problem.hint}`;
}

async function listFiles(folder: string): Promise<{ yaml: string[]; actions: string[] }> {
  const yaml: string[] = [];
  const actions: string[] = [];
  const visit = async (path: string, depth: number): Promise<void> => {
    for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const here = join(path, entry.name);
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) {
        if (entry.name === 'actions' && depth === 0) actions.push(...(await actionFiles(here)));
        else if (!SKIPPED.has(entry.name) && depth < MAX_DEPTH) await visit(here, depth + 1);
      } else if (/\.ya?ml$/.test(entry.name) && !entry.name.startsWith('test_')) yaml.push(here);
      if (yaml.length > MAX_FILES) throw new Error(`more than ${MAX_FILES} YAML files`);
    }
  };
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error('it is not a folder');
    await visit(folder, 0);
  } catch (error) {
    throw new HearkenError('FILE_UNREADABLE', `The application folder ${folder} can't be read: ${messageOf(error)}`, {
      hint: 'Set app.folder in hearken.yml (or HEARKEN_APP) to a folder with a domain.yml, for instance apps/retail.',
      cause: error,
    });
  }
  return { yaml, actions };
}

async function actionFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(ts|mts|js|mjs)$/.test(entry.name) && !/\.(d|test)\.ts$/.test(entry.name))
    .map((entry) => join(folder, entry.name))
    .sort();
}

function readThresholds(config: YamlMap): Thresholds {
  const pipeline = Array.isArray(config.pipeline) ? config.pipeline.filter(isMapValue) : [];
  const fallback = pipeline.find((item) => item.name === 'FallbackClassifier');
  const number = (value: unknown, otherwise: number): number =>
    typeof value === 'number' && value >= 0 && value <= 1 ? value : otherwise;
  return {
    nlu: number(fallback?.threshold, NLU_THRESHOLD),
    ambiguity: number(fallback?.ambiguity_threshold, AMBIGUITY_THRESHOLD),
  };
}

function readMaxHistory(config: YamlMap): number {
  const policies = Array.isArray(config.policies) ? config.policies.filter(isMapValue) : [];
  const memory = policies.find((item) => typeof item.name === 'string' && item.name.includes('MemoizationPolicy'));
  return typeof memory?.max_history === 'number' && memory.max_history > 0 ? memory.max_history : MAX_HISTORY;
}

/** The key `time_zone` of config.yml. */
function readTimeZone(reader: YamlReader, config: YamlMap): string {
  const zone = config.time_zone;
  if (zone === undefined || zone === null) return DEFAULT_TIME_ZONE;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: String(zone) }).resolvedOptions().timeZone;
  } catch {
    reader.wrong(
      config,
      'time_zone',
      `"${String(zone)}" is no time zone`,
      'Write an IANA name such as Asia/Shanghai or Europe/Berlin.',
    );
    return DEFAULT_TIME_ZONE;
  }
}

function readEndpoints(root: YamlMap): Endpoints {
  const all: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const [name, value] of Object.entries(root)) if (isMapValue(value)) all[name] = value;
  const url = all.action_endpoint?.url;
  const lookups = all.action_endpoint?.lookups;
  return {
    actionUrl: typeof url === 'string' ? url : undefined,
    lookups: new Set(Array.isArray(lookups) ? lookups.map(String) : []),
    all,
  };
}

/** `${NAME}` in endpoints.yml, as Rasa has it; a variable that is not set stays as it is written. */
function withEnvironment(value: unknown, environment: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{([A-Za-z_]\w*)\}/g, (written, name: string) =>
      Object.hasOwn(environment, name) ? (environment[name] ?? written) : written,
    );
  if (Array.isArray(value)) return value.map((item) => withEnvironment(item, environment));
  if (isMapValue(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withEnvironment(item, environment)]));
  return value;
}

function declaredLanguages(own: string, config: YamlMap): string[] {
  const more = Array.isArray(config.additional_languages) ? config.additional_languages.map(String) : [];
  return [...new Set([own, ...more])];
}

function languagesOf(domain: Application['domain'], own: string, config: YamlMap): string[] {
  const languages = new Set(declaredLanguages(own, config));
  for (const response of domain.responses.values()) {
    for (const variation of response.variations)
      if (variation.language !== undefined) languages.add(variation.language);
  }
  return [...languages];
}

function sorted(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

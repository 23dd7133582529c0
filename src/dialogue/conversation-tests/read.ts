import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readAnnotated } from '../../nlu/corpus/annotation.js';
import { didYouMean } from '../app/nearest.js';
import { isMapValue, type Problem, type YamlMap, YamlReader } from '../app/yaml.js';
import type { Channel } from '../brain.js';

/** Conversation tests as files have them: Rasa's `test_cases` (end-to-end tests) and its test stories. */

export type TestStep = { readonly file: string; readonly line: number } & (
  | { readonly kind: 'user'; readonly text: string; readonly intent: string | undefined }
  | { readonly kind: 'key'; readonly digits: string }
  | { readonly kind: 'event'; readonly name: 'start' | 'no_input' | 'no_match' | 'transfer_failed' }
  /** A response by name, or an action. */
  | { readonly kind: 'does'; readonly name: string }
  /** Words of the bot. */
  | { readonly kind: 'says'; readonly text: string }
  | { readonly kind: 'slot'; readonly name: string; readonly value: unknown; readonly set: boolean }
  | { readonly kind: 'loop'; readonly loop: string | null }
);

export interface ConversationTest {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly channel: Channel;
  readonly language: string | undefined;
  /** Recogniser's confidence of what is said on the voice channel. */
  readonly confidence: number;
  /** Slots that are set before it begins. */
  readonly fixtures: Readonly<Record<string, unknown>>;
  /** `test_cases`: every reply must be named. Stories: questions of forms go unnamed, as in Rasa. */
  readonly style: 'test_case' | 'story';
  readonly steps: readonly TestStep[];
}

export interface ReadTests {
  readonly tests: readonly ConversationTest[];
  readonly problems: readonly Problem[];
}

/** Reads `tests/` (or `e2e_tests/`) of an application folder and `test_*.yml` anywhere in it. */
export async function readConversationTests(folder: string): Promise<ReadTests> {
  const reader = new YamlReader();
  const tests: ConversationTest[] = [];
  for (const path of await testFiles(folder)) {
    const root = reader.parse(await readFile(path, 'utf8'), relative(folder, path));
    if (!isMapValue(root)) continue;
    tests.push(...new FileReader(reader, root).read());
  }
  return { tests, problems: reader.problems };
}

async function testFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) =>
        !path.includes('node_modules') &&
        (/(^|\/)(tests|e2e_tests)\//.test(relative(folder, path)) || /(^|\/)test_[^/]*$/.test(path)),
    )
    .sort();
}

class FileReader {
  readonly #reader: YamlReader;
  readonly #root: YamlMap;
  readonly #fixtures = new Map<string, YamlMap>();
  readonly #metadata = new Map<string, YamlMap>();

  constructor(reader: YamlReader, root: YamlMap) {
    this.#reader = reader;
    this.#root = root;
  }

  read(): ConversationTest[] {
    this.#named('fixtures', this.#fixtures);
    this.#named('metadata', this.#metadata);
    return [...this.#tests('test_cases', 'test_case'), ...this.#tests('stories', 'story')];
  }

  #named(key: string, into: Map<string, YamlMap>): void {
    const list = this.#root[key];
    if (!Array.isArray(list)) return;
    for (const item of list.filter(isMapValue)) {
      for (const [name, value] of Object.entries(item))
        into.set(
          name,
          isMapValue(value) ? value : Object.assign({}, ...(Array.isArray(value) ? value.filter(isMapValue) : [])),
        );
    }
  }

  #tests(key: string, nameKey: 'test_case' | 'story'): ConversationTest[] {
    const list = this.#root[key];
    if (list === undefined || list === null) return [];
    if (!Array.isArray(list)) {
      this.#reader.wrong(this.#root, key, `"${key}" must be a list`, `Start each with "- ${nameKey}: name".`);
      return [];
    }
    return list.filter(isMapValue).map((item) => {
      if (nameKey === 'test_case') {
        this.#checkNames(item, 'metadata', this.#metadata);
        this.#checkNames(item, 'fixtures', this.#fixtures);
      }
      const metadata = this.#merge(this.#metadata, item.metadata);
      return {
        name: String(item[nameKey] ?? 'without a name'),
        ...this.#reader.place(item),
        channel: metadata.channel === 'voice' ? 'voice' : 'text',
        language: typeof metadata.language === 'string' ? metadata.language : undefined,
        confidence: typeof metadata.confidence === 'number' ? metadata.confidence : 0.8,
        fixtures: this.#merge(this.#fixtures, item.fixtures),
        style: nameKey,
        steps: this.#steps(item),
      };
    });
  }

  /** A name that nobody defined would leave the test to run as something else than what it says. */
  #checkNames(item: YamlMap, key: 'metadata' | 'fixtures', named: ReadonlyMap<string, YamlMap>): void {
    const wanted = item[key];
    for (const name of Array.isArray(wanted) ? wanted : wanted === undefined || wanted === null ? [] : [wanted]) {
      if (typeof name === 'string' && named.has(name)) continue;
      const what = typeof name === 'string' ? `names "${name}", which this file does not define` : 'names nothing';
      this.#reader.wrong(
        item,
        key,
        `"${key}" of a test ${what}`,
        `Write "- ${typeof name === 'string' ? name : 'a_name'}: {…}" below "${key}:" at the top of the file, and its name here.${didYouMean(String(name), named.keys())}`,
      );
    }
  }

  #merge(named: ReadonlyMap<string, YamlMap>, wanted: unknown): Record<string, unknown> {
    const names = Array.isArray(wanted) ? wanted : wanted === undefined ? [] : [wanted];
    return Object.assign({}, ...names.map((name) => named.get(String(name)) ?? {}));
  }

  #steps(item: YamlMap): TestStep[] {
    if (!Array.isArray(item.steps)) {
      this.#reader.wrong(item, undefined, 'it has no steps', 'Add "steps:" with "- user: …" and "- utter: …".');
      return [];
    }
    return item.steps.filter(isMapValue).flatMap((step) => this.#step(step));
  }

  #step(step: YamlMap): TestStep[] {
    const place = this.#reader.place(step);
    if (typeof step.user === 'string') {
      const intent = typeof step.intent === 'string' ? step.intent : undefined;
      return [{ kind: 'user', text: readAnnotated(step.user.trim()).text, intent, ...place }];
    }
    if (step.key !== undefined) return [{ kind: 'key', digits: String(step.key), ...place }];
    if (
      step.event === 'start' ||
      step.event === 'no_input' ||
      step.event === 'no_match' ||
      step.event === 'transfer_failed'
    ) {
      return [{ kind: 'event', name: step.event, ...place }];
    }
    if (typeof step.utter === 'string') return [{ kind: 'does', name: step.utter, ...place }];
    if (typeof step.action === 'string') return [{ kind: 'does', name: step.action, ...place }];
    if (typeof step.bot === 'string') return [{ kind: 'says', text: step.bot.trim(), ...place }];
    if (step.active_loop !== undefined)
      return [{ kind: 'loop', loop: typeof step.active_loop === 'string' ? step.active_loop : null, ...place }];
    for (const [key, set] of [
      ['slot_was_set', true],
      ['slot_was_not_set', false],
    ] as const) {
      if (step[key] === undefined) continue;
      const list = Array.isArray(step[key]) ? (step[key] as unknown[]) : [step[key]];
      return list.flatMap((each): TestStep[] => {
        if (typeof each === 'string') return [{ kind: 'slot', name: each, value: undefined, set, ...place }];
        return isMapValue(each)
          ? Object.entries(each).map(([name, value]) => ({ kind: 'slot' as const, name, value, set, ...place }))
          : [];
      });
    }
    this.#reader.wrong(
      step,
      undefined,
      `this step (${Object.keys(step).join(', ')}) is not known`,
      'Use user, key, event, utter, action, bot, slot_was_set, slot_was_not_set or active_loop.',
    );
    return [];
  }
}

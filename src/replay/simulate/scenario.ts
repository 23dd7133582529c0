import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { HearkenError, messageOf } from '../../errors.js';

/** A scenario: who calls, what each of them wants, how they talk, how many come at a time, and what must be reached. docs/simulate.md tells every key. */

const words = z.union([z.string(), z.array(z.string()).min(1)]).transform((value) => [value].flat());
const byLanguage = z.record(z.string(), words);
const share = z.number().min(0).max(1);
const name = z.string().min(1).max(100);

const check = z.union([
  z.strictObject({
    /** Path that the back end is asked by GET; `{conversation}` and facts are filled in. */
    get: z.string().startsWith('/'),
    /** One entry of the answer's `entries` (or the answer itself) must hold these values. */
    has: z.record(z.string(), z.unknown()).optional(),
    /** Values of the answer, by dotted path, that the bot must have said. */
    told: z.array(z.string()).min(1).optional(),
  }),
  z.strictObject({ desk: z.enum(['ticket', 'call_back']) }),
  /** Regular expressions by language: one of the bot's sentences must fit. */
  z.strictObject({ said: z.record(z.string(), z.string()) }),
  z.strictObject({ ends: z.enum(['hangup', 'transfer']) }),
]);
export type Check = z.infer<typeof check>;

const goal = z.strictObject({
  wants: z.string().min(1),
  opens: byLanguage,
  /** What is answered to the question for a slot; `yes` and `no` are said in the persona's words. */
  answers: z.record(z.string(), z.union([words, byLanguage])).default({}),
  checks: z.array(check).min(1),
});
export type Goal = z.infer<typeof goal>;

const persona = z.strictObject({
  name,
  language: z.string(),
  goal: name,
  facts: z.record(z.string(), z.string()).default({}),
  mood: z.enum(['calm', 'hurried', 'angry', 'unsure']).default('calm'),
  verbosity: z.enum(['terse', 'normal', 'chatty']).default('normal'),
  /** Slots that are first answered wrongly and then put right. */
  corrects: z.array(z.string()).default([]),
  /** How likely a question is answered with another question, once in a call. */
  digresses: share.default(0),
  /** So many questions are met with silence first. */
  silences: z.number().int().min(0).max(3).default(0),
  /** Signal to noise, dB: what is spoken has noise, what is typed loses characters. */
  noiseDb: z.number().min(-5).max(60).optional(),
  /** Opens in a mix of languages: the goal's `opens.mixed`. */
  mixes: z.boolean().default(false),
  /** Hangs up after having said so many things. */
  hangsUpAfter: z.number().int().min(1).max(50).optional(),
  /** Of the spoken voice: 1 as it is. */
  speed: z.number().min(0.7).max(1.4).default(1),
  pitch: z.number().min(0.8).max(1.25).default(1),
});
export type PersonaSpec = z.infer<typeof persona>;

const phrases = z.strictObject({
  yes: words,
  no: words,
  bye: words,
  /** `{value}` is what is right. */
  correct: words,
  filler: words,
  angry: words,
  unsure: words,
  digression: words,
});
export type Phrases = z.infer<typeof phrases>;

const rate = z.number().positive().max(60_000);
const scenarioSchema = z.strictObject({
  version: z.literal(1),
  /** Application folder, relative to this file. */
  app: z.string().default('..'),
  backend: z
    .strictObject({
      /** A program that prints its URL, relative to this file; or the URL of one that runs. */
      run: z.string().optional(),
      url: z.url().optional(),
      /** Environment variable (`APP_…`) by which the application learns the URL. */
      env: z.string().regex(/^APP_[A-Z0-9_]+$/),
    })
    .refine(({ run, url }) => (run === undefined) !== (url === undefined), 'name either run or url')
    .optional(),
  load: z
    .strictObject({
      perMinute: rate.default(60),
      rampS: z.number().min(0).max(3600).default(0),
      atOnce: z.number().int().min(1).max(500).default(8),
      peak: z.strictObject({ fromS: z.number().min(0), forS: z.number().positive(), perMinute: rate }).optional(),
    })
    .prefault({}),
  gates: z
    .strictObject({
      minSuccess: share.default(1),
      maxTransferred: share.optional(),
      maxNoMatch: share.optional(),
      maxAverageTurns: z.number().positive().optional(),
      maxResponseP95Ms: z.number().positive().optional(),
    })
    .prefault({}),
  /** Longest call. */
  maxTurns: z.number().int().min(2).max(100).default(25),
  phrases: z.record(z.string(), phrases),
  goals: z.record(name, goal),
  personas: z.array(persona).min(1).max(1000),
});
export type Scenario = z.infer<typeof scenarioSchema>;

/** Reads a scenario. Throws FILE_UNREADABLE with file, line and what to do for each mistake. */
export function readScenario(file: string): Scenario {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new HearkenError('FILE_UNREADABLE', `The scenario ${file} can't be read: ${messageOf(error)}`, {
      hint: 'Name a scenario file, for instance apps/retail/scenarios/callers.yml.',
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const lineAt = (offset: number | undefined): number => (offset === undefined ? 1 : lines.linePos(offset).line);
  const broken = document.errors.map((error) => `${file}:${lineAt(error.pos[0])}: ${error.message.split('\n')[0]}`);
  if (broken.length > 0) throw invalid(broken);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw invalid([`${file}:1: ${messageOf(error)}`]);
  }
  /** The line of the deepest key of the path that is there. */
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      const range = (node as { range?: readonly number[] } | undefined)?.range;
      if (range) return lineAt(range[0]);
    }
    return 1;
  };
  const parsed = scenarioSchema.safeParse(value);
  if (!parsed.success)
    throw invalid(
      parsed.error.issues.map(
        ({ path, message }) => `${file}:${lineOf(path)}: ${path.map(String).join('.') || 'scenario'}: ${message}`,
      ),
    );
  const problems = meaningProblems(parsed.data).map(({ path, what }) => `${file}:${lineOf(path)}: ${what}`);
  if (problems.length > 0) throw invalid(problems);
  return parsed.data;
}

/** What no schema sees: names that lead nowhere. */
function meaningProblems({ personas, goals, phrases: all }: Scenario): { path: PropertyKey[]; what: string }[] {
  const names = new Set<string>();
  return personas.flatMap((each, index) => {
    const found: { path: PropertyKey[]; what: string }[] = [];
    const add = (key: string, what: string) => found.push({ path: ['personas', index, key], what });
    if (names.has(each.name)) add('name', `there are two personas named "${each.name}"; give one another name`);
    names.add(each.name);
    const wanted = goals[each.goal];
    if (!Object.hasOwn(goals, each.goal) || !wanted)
      add('goal', `there is no goal "${each.goal}"; goals are ${Object.keys(goals).join(', ')}`);
    else {
      const opens = each.mixes ? 'mixed' : each.language;
      if (!Object.hasOwn(wanted.opens, opens))
        add('goal', `the goal "${each.goal}" has no opens.${opens}; write how such a caller begins`);
      const facts = new Set([...Object.keys(each.facts), 'conversation', 'language']);
      const missing = [...JSON.stringify([wanted.opens[opens], wanted.answers, wanted.checks]).matchAll(/\{(\w+)\}/g)]
        .map(([, fact]) => fact as string)
        .find((fact) => !facts.has(fact));
      if (missing !== undefined)
        add('facts', `"${each.name}" needs the fact {${missing}} for the goal "${each.goal}"; add it under facts`);
    }
    if (!Object.hasOwn(all, each.language))
      add('language', `there are no phrases.${each.language}; write how people say yes, no and goodbye in it`);
    for (const { said } of wanted?.checks.filter((one) => 'said' in one) ?? [])
      if (!isPattern(said[each.language]))
        add('goal', `the goal "${each.goal}" needs a regular expression for ${each.language} under checks: said`);
    return found;
  });
}

function isPattern(text: string | undefined): boolean {
  try {
    return text !== undefined && new RegExp(text, 'u') !== undefined;
  } catch {
    return false;
  }
}

function invalid(problems: readonly string[]): HearkenError {
  return new HearkenError('FILE_UNREADABLE', problems.slice(0, 20).join('\n'), {
    hint: 'Mend the lines named above; docs/simulate.md tells what each key means.',
  });
}

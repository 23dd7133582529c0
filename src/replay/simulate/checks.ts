import { messageOf } from '../../errors.js';
import type { DeskItem } from '../../handoff/desk-store.js';
import type { TurnView } from './persona.js';
import type { Check, Goal, PersonaSpec } from './scenario.js';

export interface CheckResult {
  readonly wanted: string;
  readonly reached: boolean;
  /** What was there instead. */
  readonly found: string;
}

export interface CheckedCall {
  readonly goal: Goal;
  readonly spec: PersonaSpec;
  readonly conversationId: string;
  readonly ended: TurnView['ended'];
  readonly botTexts: readonly string[];
  /** URL of the back end; undefined where there is none. */
  readonly backendUrl: string | undefined;
  /** What the desk was given in this conversation; undefined where nobody can look. */
  readonly desk: (() => Promise<readonly DeskItem[]>) | undefined;
}

const ANSWER_LIMIT_MS = 5000;

/** Holds what a call came to against what was wanted. Who hung up before the end must have had nothing written down. */
export async function checkGoal(call: CheckedCall): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of call.goal.checks) {
    const gone = call.spec.hangsUpAfter !== undefined;
    if (gone && !('get' in check && check.has !== undefined)) continue;
    results.push(await checkOne(check, call, gone).catch((error: unknown) => unanswered(check, error)));
  }
  return results;
}

async function checkOne(check: Check, call: CheckedCall, gone: boolean): Promise<CheckResult> {
  const { botTexts, spec } = call;
  if ('ends' in check)
    return result(`the call ends with ${check.ends}`, call.ended === check.ends, call.ended ?? 'the caller hung up');
  if ('said' in check) {
    const pattern = check.said[spec.language] ?? '';
    return result(
      `the bot says something like /${pattern}/`,
      botTexts.some((text) => new RegExp(pattern, 'u').test(text)),
      botTexts.at(-1) ?? 'nothing',
    );
  }
  if ('desk' in check) {
    if (!call.desk)
      return result(`a ${check.desk} on the desk`, false, 'the desk of this service can not be looked at');
    const items = (await call.desk()).filter(({ conversationId }) => conversationId === call.conversationId);
    return result(
      `a ${check.desk} on the desk`,
      items.some(({ kind }) => kind === check.desk),
      items.length === 0 ? 'none from this conversation' : items.map(({ kind }) => kind).join(', '),
    );
  }
  const path = fill(check.get, call);
  const answer = await ask(call.backendUrl, path);
  if (check.has) {
    const wanted = Object.fromEntries(
      Object.entries(check.has).map(([key, value]) => [key, typeof value === 'string' ? fill(value, call) : value]),
    );
    const entries = entriesOf(answer);
    const there = entries.some((entry) => holds(entry, wanted));
    return gone
      ? result(`GET ${path} has nothing like ${JSON.stringify(wanted)}: they hung up`, !there, JSON.stringify(entries))
      : result(`GET ${path} has ${JSON.stringify(wanted)}`, there, JSON.stringify(entries).slice(0, 500));
  }
  const values = (check.told ?? []).map((key) => String(valueAt(answer, fill(key, call)) ?? `(no ${key})`));
  const missing = values.find((value) => !botTexts.some((text) => text.includes(value)));
  return result(
    `the bot tells ${values.join(', ')} (GET ${path})`,
    missing === undefined,
    missing === undefined ? '' : `nobody heard "${missing}"`,
  );
}

function result(wanted: string, reached: boolean, found: string): CheckResult {
  return { wanted, reached, found };
}

function unanswered(check: Check, error: unknown): CheckResult {
  return result(`an answer to ${JSON.stringify(check)}`, false, messageOf(error));
}

async function ask(url: string | undefined, path: string): Promise<unknown> {
  if (url === undefined) throw new Error('the scenario names no backend');
  const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(ANSWER_LIMIT_MS), redirect: 'error' });
  if (!response.ok) throw new Error(`GET ${path} was answered with ${response.status}`);
  return response.json();
}

function fill(text: string, { spec, conversationId }: CheckedCall): string {
  return text.replace(/\{(\w+)\}/g, (_all, name: string) =>
    name === 'conversation' ? conversationId : name === 'language' ? spec.language : (spec.facts[name] ?? ''),
  );
}

function entriesOf(answer: unknown): readonly unknown[] {
  const entries = (answer as { entries?: unknown } | null)?.entries;
  return Array.isArray(entries) ? entries : [answer];
}

function holds(entry: unknown, wanted: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([key, value]) => JSON.stringify(valueAt(entry, key)) === JSON.stringify(value));
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, key) =>
        typeof at === 'object' && at !== null && Object.hasOwn(at, key)
          ? (at as Record<string, unknown>)[key]
          : undefined,
      value,
    );
}

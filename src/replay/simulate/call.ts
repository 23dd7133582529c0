import { messageOf } from '../../errors.js';
import type { DeskItem } from '../../handoff/desk-store.js';
import { seededRandom } from '../statistics/random.js';
import { type CheckResult, checkGoal } from './checks.js';
import type { CallDriver } from './drivers.js';
import { Persona, type TurnView } from './persona.js';
import type { PersonaSpec, Scenario } from './scenario.js';

export interface TranscriptLine {
  readonly who: 'caller' | 'bot';
  readonly text: string;
  /** Counts what the caller did; 0 is the greeting. */
  readonly turn: number;
  /** What the bot understood of it. */
  readonly intent?: string;
  readonly noMatch?: boolean;
  /** What was heard instead of it. */
  readonly heard?: string;
  /** Slot that is asked for. */
  readonly asksFor?: string;
  readonly responseMs?: number;
}

export interface SimulatedCall {
  readonly index: number;
  readonly seed: number;
  readonly persona: string;
  readonly traits: string;
  readonly goal: string;
  readonly wants: string;
  readonly conversationId: string;
  readonly reached: boolean;
  /** How it ended: by the bot, with a person, by the caller as they meant to, or because they gave up. */
  readonly ended: 'hangup' | 'transfer' | 'left' | 'gave up' | 'broken';
  /** Why it failed and in which turn; null when the goal was reached. */
  readonly wrong: { readonly turn: number; readonly what: string } | null;
  readonly checks: readonly CheckResult[];
  readonly turns: number;
  readonly noMatches: number;
  readonly responseMs: readonly number[];
  readonly transcript: readonly TranscriptLine[];
}

export interface CallOptions {
  readonly scenario: Scenario;
  readonly index: number;
  /** Of the whole run: each call has its own from it. */
  readonly seed: number;
  readonly spoken: boolean;
  readonly driver: CallDriver;
  readonly backendUrl: string | undefined;
  readonly desk: (() => Promise<readonly DeskItem[]>) | undefined;
  readonly signal: AbortSignal;
}

/** Who calls as the n-th. */
export function personaAt({ personas }: Scenario, index: number): PersonaSpec {
  return personas[index % personas.length] as PersonaSpec;
}

/** One call from greeting to check. Never rejects: what breaks is the result. */
export async function simulateCall(options: CallOptions): Promise<SimulatedCall> {
  const { scenario, index, seed, driver, spoken } = options;
  const spec = personaAt(scenario, index);
  const goal = scenario.goals[spec.goal];
  const phrases = scenario.phrases[spec.language];
  if (!goal || !phrases) throw new Error(`the scenario was not checked: ${spec.name}`);
  const random = seededRandom((seed * 1_000_003 + index) >>> 0);
  const persona = new Persona({ spec, goal, phrases, random, spoken });
  const transcript: TranscriptLine[] = [];
  const responseMs: number[] = [];
  let turn = 0;
  let gaveUp: string | undefined;
  let left = false;
  let ended: TurnView['ended'];
  const take = (view: TurnView): TurnView => {
    const last = transcript.at(-1);
    if (last?.who === 'caller') {
      transcript[transcript.length - 1] = {
        ...last,
        ...(view.intent === undefined ? {} : { intent: view.intent }),
        noMatch: view.noMatch,
        ...(view.heard === undefined || view.heard === last.text ? {} : { heard: view.heard }),
      };
    }
    const facts = {
      ...(view.slot === undefined ? {} : { asksFor: view.slot }),
      ...(view.responseMs === undefined ? {} : { responseMs: Math.round(view.responseMs) }),
    };
    for (const text of view.texts) transcript.push({ who: 'bot', text, turn, ...facts });
    if (view.responseMs !== undefined && turn > 0) responseMs.push(view.responseMs);
    ended = view.ended;
    return view;
  };
  let broken: string | undefined;
  try {
    let view = take(await driver.begin());
    while (ended === undefined && !options.signal.aborted) {
      if (turn >= scenario.maxTurns) gaveUp = `is still talking after ${turn} turns`;
      const move = gaveUp === undefined ? persona.next(view) : undefined;
      if (move?.kind === 'stuck') gaveUp = move.why;
      if (move?.kind === 'hangUp') left = true;
      if (move === undefined || gaveUp !== undefined || left) break;
      turn += 1;
      transcript.push({ who: 'caller', text: move.kind === 'say' ? move.text : '(silence)', turn });
      view = take(move.kind === 'say' ? await driver.say(move.text) : await driver.silence());
    }
    if (options.signal.aborted) broken = 'the run was stopped';
  } catch (error) {
    broken = messageOf(error);
  } finally {
    await driver.end().catch((error: unknown) => {
      broken ??= messageOf(error);
    });
  }
  const botTexts = transcript.filter(({ who }) => who === 'bot').map(({ text }) => text);
  const checks =
    broken === undefined
      ? await checkGoal({
          goal,
          spec,
          conversationId: driver.conversationId,
          ended,
          botTexts,
          backendUrl: options.backendUrl,
          desk: options.desk,
        })
      : [];
  const failed = checks.filter(({ reached }) => !reached);
  const reached = broken === undefined && gaveUp === undefined && failed.length === 0;
  return {
    index,
    seed,
    persona: spec.name,
    traits: traitsOf(spec),
    goal: spec.goal,
    wants: filled(goal.wants, spec),
    conversationId: driver.conversationId,
    reached,
    ended: broken !== undefined ? 'broken' : gaveUp !== undefined ? 'gave up' : left ? 'left' : (ended ?? 'left'),
    wrong: reached ? null : whatWentWrong(transcript, { broken, gaveUp, ended, failed, turn }),
    checks,
    turns: turn,
    noMatches: transcript.filter(({ noMatch }) => noMatch).length,
    responseMs: responseMs.map(Math.round),
    transcript,
  };
}

/** The first turn in which it can be seen: what was not understood comes before what followed from it. */
function whatWentWrong(
  transcript: readonly TranscriptLine[],
  found: {
    readonly broken: string | undefined;
    readonly gaveUp: string | undefined;
    readonly ended: TurnView['ended'];
    readonly failed: readonly CheckResult[];
    readonly turn: number;
  },
): { readonly turn: number; readonly what: string } {
  const { broken, gaveUp, ended, failed, turn } = found;
  if (broken !== undefined) return { turn, what: `the call broke: ${broken}` };
  const end =
    gaveUp !== undefined
      ? `the caller gives up: ${gaveUp}`
      : ended === 'transfer' && failed.length > 0
        ? `the call was handed to a person, with nothing of it done: ${failed[0]?.wanted}`
        : `at the end there is not what was wanted: ${failed[0]?.wanted}; there is ${failed[0]?.found}`;
  const missed = transcript.find(({ noMatch }) => noMatch);
  return missed
    ? { turn: missed.turn, what: `"${missed.text}" was not understood, and in the end: ${end}` }
    : { turn, what: end };
}

function traitsOf(spec: PersonaSpec): string {
  return [
    spec.language,
    spec.mood,
    spec.verbosity === 'normal' ? '' : spec.verbosity,
    spec.corrects.length > 0 ? `corrects ${spec.corrects.join(', ')}` : '',
    spec.digresses > 0 ? 'digresses' : '',
    spec.silences > 0 ? `silent ${spec.silences}×` : '',
    spec.noiseDb === undefined ? '' : `noise ${spec.noiseDb} dB`,
    spec.mixes ? 'mixes languages' : '',
    spec.hangsUpAfter === undefined ? '' : `hangs up after ${spec.hangsUpAfter}`,
  ]
    .filter((trait) => trait !== '')
    .join(', ');
}

function filled(text: string, { facts }: PersonaSpec): string {
  return text.replace(/\{(\w+)\}/g, (all, name: string) => facts[name] ?? all);
}

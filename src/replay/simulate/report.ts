import { clean, figureText, plainTable, rangeText } from '../report/table.js';
import { type Estimate, estimate, estimatePercentile, estimateShare } from '../statistics/bootstrap.js';
import type { SimulatedCall, TranscriptLine } from './call.js';
import type { Simulation } from './run.js';
import type { Scenario } from './scenario.js';

export interface SimulationReport {
  readonly format: 1;
  readonly scenario: string;
  readonly seed: number;
  readonly way: 'typed' | 'chat' | 'spoken';
  readonly totals: {
    readonly calls: number;
    readonly success: Estimate | null;
    readonly transferred: Estimate | null;
    readonly noMatch: Estimate | null;
    readonly turns: Estimate | null;
    readonly responseP50Ms: Estimate | null;
    readonly responseP95Ms: Estimate | null;
  };
  readonly byPersona: readonly PersonaTotals[];
  readonly gates: readonly GateResult[];
  readonly load: {
    readonly atOnce: number;
    readonly waited: number;
    readonly wallMs: number;
    readonly callsPerMinute: number;
  };
  readonly calls: readonly SimulatedCall[];
}

export interface PersonaTotals {
  readonly persona: string;
  readonly traits: string;
  readonly goal: string;
  readonly calls: number;
  readonly reached: number;
  readonly averageTurns: number;
}

export interface GateResult {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  readonly reached: boolean;
}

export interface ReportFacts {
  readonly file: string;
  readonly seed: number;
  readonly way: SimulationReport['way'];
}

export function reportSimulation(
  scenario: Scenario,
  { calls, waited, mostAtOnce, wallMs }: Simulation,
  { file, seed, way }: ReportFacts,
): SimulationReport {
  const share = (counts: (call: SimulatedCall) => boolean): Estimate | null =>
    estimateShare(calls.map((call) => ({ part: counts(call) ? 1 : 0, of: 1 }))) ?? null;
  const delays = calls.map(({ responseMs }) => responseMs);
  const totals: SimulationReport['totals'] = {
    calls: calls.length,
    success: share(({ reached }) => reached),
    transferred: share(({ ended }) => ended === 'transfer'),
    noMatch: estimateShare(calls.map(({ noMatches, turns }) => ({ part: noMatches, of: turns }))) ?? null,
    turns:
      calls.length === 0
        ? null
        : estimate(calls, (drawn) => drawn.reduce((sum, { turns }) => sum + turns, 0) / drawn.length),
    responseP50Ms: estimatePercentile(delays, 0.5) ?? null,
    responseP95Ms: estimatePercentile(delays, 0.95) ?? null,
  };
  return {
    format: 1,
    scenario: file,
    seed,
    way,
    totals,
    byPersona: byPersona(calls),
    gates: gatesOf(scenario, totals),
    load: {
      atOnce: mostAtOnce,
      waited,
      wallMs: Math.round(wallMs),
      callsPerMinute: Math.round((calls.length / Math.max(1, wallMs)) * 600_000) / 10,
    },
    calls,
  };
}

function byPersona(calls: readonly SimulatedCall[]): readonly PersonaTotals[] {
  const groups = new Map<string, SimulatedCall[]>();
  for (const call of calls) groups.set(call.persona, [...(groups.get(call.persona) ?? []), call]);
  return [...groups].map(([persona, group]) => ({
    persona,
    traits: group[0]?.traits ?? '',
    goal: group[0]?.goal ?? '',
    calls: group.length,
    reached: group.filter(({ reached }) => reached).length,
    averageTurns: Math.round((group.reduce((sum, { turns }) => sum + turns, 0) / group.length) * 10) / 10,
  }));
}

function gatesOf({ gates }: Scenario, totals: SimulationReport['totals']): readonly GateResult[] {
  const results: GateResult[] = [];
  const add = (
    what: string,
    found: Estimate | null,
    limit: number | undefined,
    kind: 'least' | 'most',
    write: (value: number) => string,
  ): void => {
    if (limit === undefined) return;
    const reached = found !== null && (kind === 'least' ? found.value >= limit : found.value <= limit);
    results.push({
      what,
      wanted: `at ${kind} ${write(limit)}`,
      found: found === null ? 'nothing to measure it by' : write(found.value),
      reached,
    });
  };
  const percent = (value: number): string => figureText({ value }, '%');
  add('goals reached', totals.success, gates.minSuccess, 'least', percent);
  add('handed to a person', totals.transferred, gates.maxTransferred, 'most', percent);
  add('turns not understood', totals.noMatch, gates.maxNoMatch, 'most', percent);
  add('turns of a call', totals.turns, gates.maxAverageTurns, 'most', (value) => value.toFixed(1));
  add('response, p95', totals.responseP95Ms, gates.maxResponseP95Ms, 'most', (value) => `${Math.round(value)} ms`);
  return results;
}

/** For people at a terminal: figures, callers, and each failure as a bug report. */
export function simulationTable(report: SimulationReport): string {
  const { totals, load, way, gates } = report;
  const figures = plainTable(['', '', '95 %']);
  const row = (label: string, found: Estimate | null, unit: '%' | 'ms'): void => {
    if (found) figures.push([label, figureText(found, unit), rangeText(found, unit)]);
  };
  row('goals reached', totals.success, '%');
  row('handed to a person', totals.transferred, '%');
  row('turns not understood', totals.noMatch, '%');
  if (totals.turns)
    figures.push([
      'turns of a call',
      totals.turns.value.toFixed(1),
      totals.turns.n < 2 ? '' : `${totals.turns.low.toFixed(1)} – ${totals.turns.high.toFixed(1)}`,
    ]);
  row('response, median', totals.responseP50Ms, 'ms');
  row('response, p95', totals.responseP95Ms, 'ms');
  const callers = plainTable(['caller', 'wants', 'how', 'reached', 'turns']);
  for (const each of report.byPersona)
    callers.push([
      clean(each.persona),
      clean(each.goal),
      clean(each.traits),
      `${each.reached} of ${each.calls}`,
      each.averageTurns.toFixed(1),
    ]);
  const failures = report.calls.filter(({ reached }) => !reached);
  return [
    figures.toString(),
    callers.toString(),
    ...failures.slice(0, MOST_FAILURES).map((call) => bugReport(call, report)),
    failures.length > MOST_FAILURES ? `… and ${failures.length - MOST_FAILURES} more: --json or --html shows all.` : '',
    gates
      .map(({ what, wanted, found, reached }) => `${reached ? 'ok ' : 'NOT'} ${what}: ${found}, wanted ${wanted}`)
      .join('\n'),
    `${totals.calls} calls (${way}), at most ${load.atOnce} at once, ${load.callsPerMinute} a minute, ${(load.wallMs / 1000).toFixed(1)} s; ${load.waited} had to wait for a line.\n`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const MOST_FAILURES = 10;

/** Who, what was wanted, what happened, where it went wrong, and how to see it again. */
export function bugReport(call: SimulatedCall, report: Pick<SimulationReport, 'scenario' | 'way'>): string {
  const { wrong, checks } = call;
  const missing = checks.filter(({ reached }) => !reached);
  return [
    `FAILED call ${call.index}: ${call.persona} (${call.traits})`,
    `  wanted:  ${call.wants}`,
    `  wrong:   ${wrong === null ? '' : `turn ${wrong.turn}: ${wrong.what}`}`,
    ...missing.map(({ wanted, found }) => `  missing: ${wanted}; there is: ${found}`),
    ...call.transcript.map((line) => `    ${lineText(line, wrong?.turn)}`),
    `  again:   ${againCommand(call, report)}`,
  ]
    .map(clean)
    .join('\n');
}

export function againCommand(
  call: SimulatedCall,
  { scenario, way }: Pick<SimulationReport, 'scenario' | 'way'>,
): string {
  const flag = way === 'spoken' ? ' --spoken' : way === 'chat' ? ' --chat' : '';
  return `hearken simulate ${quoted(scenario)} --only ${call.index} --seed ${call.seed}${flag}`;
}

/** As a shell takes it for one word. */
function quoted(text: string): string {
  return /^[\p{L}\p{N}_./:@%+=-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function lineText(
  { who, text, turn, intent, noMatch, asksFor, heard }: TranscriptLine,
  wrongTurn?: number,
): string {
  const mark = turn === wrongTurn && who === 'caller' ? '→' : ' ';
  const facts = who === 'caller' ? (noMatch ? 'not understood' : intent) : asksFor && `asks for ${asksFor}`;
  return `${mark}${String(turn).padStart(2)} ${who === 'bot' ? 'bot   ' : 'caller'} ${text}${heard === undefined ? '' : `   (heard: ${heard})`}${facts ? `   [${facts}]` : ''}`;
}

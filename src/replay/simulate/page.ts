import { barChart, histogram, milliseconds, percent } from '../report/html/charts.js';
import { html } from '../report/html/markup.js';
import { cards, fold, page, section, table } from '../report/html/page.js';
import { figureText, rangeText } from '../report/table.js';
import type { Estimate } from '../statistics/bootstrap.js';
import type { SimulatedCall } from './call.js';
import { againCommand, lineText, type SimulationReport } from './report.js';

/** Calls that are shown one by one; all are in the JSON report. */
const MOST_SHOWN = 1000;

/** The report as a page in one file. */
export function simulationPage(report: SimulationReport): string {
  const { totals, load, gates } = report;
  const card = (label: string, found: Estimate | null, unit: '%' | 'ms') =>
    found ? [{ label, value: figureText(found, unit), note: rangeText(found, unit) }] : [];
  const delays = report.calls.flatMap(({ responseMs }) => responseMs);
  const ordered = [...report.calls].sort((left, right) => Number(left.reached) - Number(right.reached));
  return page({
    title: 'Simulated callers',
    lead: html`${report.scenario}: ${totals.calls} calls, ${report.way}, seed ${report.seed}; at most ${load.atOnce} at once, ${load.callsPerMinute} a minute, ${(load.wallMs / 1000).toFixed(1)} s.`,
    body: [
      cards([
        ...card('goals reached', totals.success, '%'),
        ...card('handed to a person', totals.transferred, '%'),
        ...card('turns not understood', totals.noMatch, '%'),
        ...(totals.turns ? [{ label: 'turns of a call', value: totals.turns.value.toFixed(1) }] : []),
        ...card('response, median', totals.responseP50Ms, 'ms'),
        ...card('response, p95', totals.responseP95Ms, 'ms'),
      ]),
      section(
        'What had to be reached',
        table(
          [{ head: '' }, { head: 'found' }, { head: 'wanted' }, { head: '' }],
          gates.map(({ what, found, wanted, reached }) => [
            what,
            found,
            wanted,
            html`<span class="${reached ? 'good' : 'bad'}">${reached ? 'reached' : 'not reached'}</span>`,
          ]),
        ),
      ),
      section('Callers', [
        barChart(
          report.byPersona.map(({ persona, calls, reached }) => ({
            label: persona,
            value: reached / calls,
            tone: reached === calls ? ('good' as const) : ('bad' as const),
          })),
          { title: 'Goals reached', format: percent, max: 1 },
        ),
        table(
          [
            { head: 'caller' },
            { head: 'wants' },
            { head: 'how' },
            { head: 'reached', numeric: true },
            { head: 'turns', numeric: true },
          ],
          report.byPersona.map(({ persona, goal, traits, reached, calls, averageTurns }) => [
            persona,
            goal,
            traits,
            `${reached} of ${calls}`,
            averageTurns.toFixed(1),
          ]),
        ),
      ]),
      delays.length === 0
        ? ''
        : section('Response', histogram(delays, { title: 'From what was said to the answer', format: milliseconds })),
      section(
        'Calls',
        ordered.slice(0, MOST_SHOWN).map((call) => callFold(call, report)),
      ),
    ],
  });
}

function callFold(call: SimulatedCall, report: SimulationReport) {
  return fold(
    html`<span class="${call.reached ? 'good' : 'bad'}">${call.reached ? '✓' : '✗'}</span> ${call.index} ${call.persona} <span class="soft">${call.wants}; ${call.ended}, ${call.turns} turns</span>`,
    [
      call.wrong ? html`<p class="bad">Turn ${call.wrong.turn}: ${call.wrong.what}</p>` : '',
      table(
        [{ head: 'wanted' }, { head: 'found' }, { head: '' }],
        call.checks.map(({ wanted, found, reached }) => [wanted, reached ? '' : found, reached ? '✓' : '✗']),
      ),
      call.transcript.map((line) => html`<p>${lineText(line, call.wrong?.turn)}</p>`),
      html`<p class="soft">${againCommand(call, report)}</p>`,
    ],
  );
}

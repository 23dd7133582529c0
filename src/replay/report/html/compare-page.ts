import type { Comparison } from '../../compare/compare.js';
import { pText, signed } from '../../compare/compare-table.js';
import { barChart, percent, stackChart } from './charts.js';
import { html, type Markup } from './markup.js';
import { fold, page, section, table } from './page.js';

const MOST_SHOWN = 1000;

/** Two replays side by side as a page in one file. */
export function comparePage(comparison: Comparison): string {
  const { verdicts, figures, changed, unpaired, paired } = comparison;
  return page({
    title: 'Replay compared',
    lead: html`${comparison.baseline} → ${comparison.candidate}; ${paired} recordings in both.`,
    body: [
      unpaired.length === 0 ? '' : html`<p class="mid">In one of them alone: ${unpaired.slice(0, 50).join(', ')}</p>`,
      stackChart(
        [
          { label: 'better', value: verdicts.better, tone: 'good' },
          { label: 'worse', value: verdicts.worse, tone: 'bad' },
          { label: 'mixed', value: verdicts.mixed, tone: 'mid' },
          { label: 'changed', value: verdicts.changed, tone: 'b' },
          { label: 'same', value: verdicts.same, tone: 'a' },
        ],
        { title: 'Recordings', format: String },
      ),
      section('Figures', [
        figures.some(moved)
          ? barChart(
              figures.filter(moved).flatMap(({ name, before, after, better }) => [
                { label: `${name}, before`, value: before, tone: 'a' as const },
                {
                  label: 'after',
                  value: after,
                  tone: after > before === (better === 'high') ? ('good' as const) : ('bad' as const),
                },
              ]),
              { title: 'What moved, before and after', format: percent, max: 1 },
            )
          : html`<p>No figure moved.</p>`,
        table(
          [
            { head: '' },
            { head: 'before', numeric: true },
            { head: 'after', numeric: true },
            { head: 'difference (95 %)', numeric: true },
            { head: 'p', numeric: true },
            { head: 'better / worse', numeric: true },
            { head: 'p (sign test)', numeric: true },
            { head: 'p (McNemar)', numeric: true },
          ],
          figures.map(
            ({ name, before, after, paired: { difference, low, high, p }, improved, worsened, signP, mcNemarP }) => [
              name,
              percent(before),
              percent(after),
              `${signed(difference)} (${signed(low)} to ${signed(high)})`,
              pText(p),
              `${improved} / ${worsened}`,
              pText(signP),
              mcNemarP === null ? '' : pText(mcNemarP),
            ],
          ),
        ),
      ]),
      section(
        'To listen to',
        changed.length === 0 ? html`<p>Nothing changed.</p>` : changed.slice(0, MOST_SHOWN).map(changedFold),
      ),
    ],
  });
}

const moved = ({ before, after }: Comparison['figures'][number]): boolean => before !== after;

function changedFold({ file, verdict, because, changes }: Comparison['changed'][number]): Markup {
  const tone = verdict === 'better' ? 'good' : verdict === 'worse' ? 'bad' : 'mid';
  return fold(
    html`${file} <span class="${tone}">${verdict}</span> <span class="soft">${because.join(', ')}</span>`,
    table(
      [{ head: 'turn', numeric: true }, { head: 'what' }, { head: 'before' }, { head: 'after' }],
      changes.map(({ turn, what, before, after }) => [turn ?? '', what, before, after]),
    ),
  );
}

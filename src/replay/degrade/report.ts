import { barChart, lineChart, percent } from '../report/html/charts.js';
import { html, type Piece } from '../report/html/markup.js';
import { fold, page, section, table } from '../report/html/page.js';
import { clean, figureText, plainTable, rangeText } from '../report/table.js';
import type { ConditionResult, DegradeReport } from './degrade.js';

/** Twice the errors of the best condition, and 5 points more, is where it breaks. */
export function breaks(condition: ConditionResult, base: ConditionResult | undefined): boolean {
  if (!condition.cer || !base?.cer) return false;
  return condition.cer.value > Math.max(base.cer.value * 2, base.cer.value + 0.05);
}

/** For people at a terminal. */
export function degradeTable(report: DegradeReport): string {
  const [base] = report.conditions;
  const rows = plainTable(['', 'condition', 'CER', '95 %', 'recordings', '']);
  for (const condition of report.conditions) {
    const { family, label, cer } = condition;
    const n = cer === null ? '0' : String(cer.n);
    const broken = breaks(condition, base) ? 'breaks' : '';
    rows.push([family, label, cer ? figureText(cer, '%') : '-', cer ? rangeText(cer, '%') : '', n, broken]);
  }
  return [
    rows.toString(),
    told(report),
    ...report.failed.map(({ file, reason }) => `${clean(file)}: ${clean(reason)}`),
    `${(report.wallMs / 1000).toFixed(1)} s\n`,
  ].join('\n');
}

function told({ against, skipped }: DegradeReport): string {
  const base = {
    transcript: 'Errors are counted against the transcripts.',
    'as it is': 'There are no transcripts: errors are counted against what is recognised of the recording as it is.',
    both: 'Errors are counted against transcripts where there are any, else against what is recognised of the recording as it is.',
  }[against];
  return `${base}${skipped.length === 0 ? '' : ` This ffmpeg has no ${skipped.join(', ')}.`} "breaks": more than twice the errors of the recording as it is, and 5 points more.`;
}

/** The report as a page in one file. */
export function degradePage(report: DegradeReport): string {
  const [base] = report.conditions;
  const families = [...new Set(report.conditions.map(({ family }) => family))].filter(
    (family) => family !== 'as it is',
  );
  return page({
    title: 'Degradation',
    lead: told(report),
    body: [
      families.map((family) => section(family, familyBody(report, family, base))),
      section(
        'Recordings',
        report.conditions.map((condition) =>
          fold(
            html`${condition.family}, ${condition.label}`,
            table(
              [{ head: 'recording' }, { head: 'heard' }, { head: 'errors', numeric: true }],
              condition.recordings
                .slice(0, 300)
                .map(({ file, heard, errors, of }) => [file, heard, `${errors} of ${of}`]),
            ),
          ),
        ),
      ),
      report.failed.length === 0
        ? ''
        : section(
            'Could not be read',
            table(
              [{ head: 'recording' }, { head: 'why' }],
              report.failed.map(({ file, reason }) => [file, reason]),
            ),
          ),
    ],
  });
}

function familyBody(report: DegradeReport, family: string, base: ConditionResult | undefined): Piece {
  const members = report.conditions.filter((each) => each.family === family);
  const shown = [...(base ? [base] : []), ...members];
  const bars = barChart(
    shown.flatMap((each) => {
      if (!each.cer) return [];
      const { value, low, high } = each.cer;
      const tone = breaks(each, base) ? ('bad' as const) : ('a' as const);
      return [{ label: each.label, value, low, high, tone }];
    }),
    { title: `Character errors with 95 % intervals: ${family}`, format: percent },
  );
  if (family !== 'noise') return bars;
  const lines = ['street', 'white'].map((kind) => ({
    label: `${kind} noise`,
    points: members.flatMap(({ id, cer }) => {
      const snr = new RegExp(`^noise-${kind}-(-?\\d+)$`).exec(id)?.[1];
      return snr === undefined || !cer ? [] : [{ x: Number(snr), y: cer.value, low: cer.low, high: cer.high }];
    }),
  }));
  const chart = lines.some(({ points }) => points.length > 0)
    ? lineChart(lines, { title: 'Errors by signal to noise ratio', format: percent, formatX: (x) => `${x} dB` })
    : '';
  return [bars, chart];
}

import Table from 'cli-table3';
import type { Totals } from '../score/totals.js';
import type { Estimate } from '../statistics/bootstrap.js';
import type { ReplayReport } from './report.js';

/** The figures that are shown of any set of recordings, in their order. */
export const FIGURES: readonly {
  readonly key: keyof Totals;
  readonly label: string;
  readonly unit: '%' | 'ms';
  readonly better: 'low' | 'high' | null;
}[] = [
  { key: 'cer', label: 'character errors', unit: '%', better: 'low' },
  { key: 'wer', label: 'word errors', unit: '%', better: 'low' },
  { key: 'exact', label: 'all words right', unit: '%', better: 'high' },
  { key: 'intentAccuracy', label: 'intents right', unit: '%', better: 'high' },
  { key: 'slotAccuracy', label: 'slots right', unit: '%', better: 'high' },
  { key: 'contained', label: 'contained', unit: '%', better: 'high' },
  { key: 'transferred', label: 'transferred', unit: '%', better: null },
  { key: 'abandoned', label: 'abandoned', unit: '%', better: 'low' },
  { key: 'cutRate', label: 'turns cut', unit: '%', better: 'low' },
  { key: 'lateRate', label: 'ends late', unit: '%', better: 'low' },
  { key: 'unheardRate', label: 'said and not taken up', unit: '%', better: 'low' },
  { key: 'bargeInAccuracy', label: 'barge-in right', unit: '%', better: 'high' },
  { key: 'bargeInP50Ms', label: 'bot stops after, median', unit: 'ms', better: 'low' },
  { key: 'noMatchRate', label: 'not understood', unit: '%', better: 'low' },
  { key: 'endDelayP50Ms', label: 'end of turn, median', unit: 'ms', better: 'low' },
  { key: 'endDelayP95Ms', label: 'end of turn, p95', unit: 'ms', better: 'low' },
  { key: 'responseP50Ms', label: 'response, median', unit: 'ms', better: 'low' },
  { key: 'responseP95Ms', label: 'response, p95', unit: 'ms', better: 'low' },
];

export function estimateOf(totals: Totals, key: keyof Totals): Estimate | undefined {
  const value = totals[key];
  return typeof value === 'object' && 'low' in value ? (value as Estimate) : undefined;
}

export function figureText(estimate: Pick<Estimate, 'value'>, unit: '%' | 'ms'): string {
  return unit === '%' ? `${(estimate.value * 100).toFixed(1)} %` : `${Math.round(estimate.value)} ms`;
}

/** Empty for a figure of one recording: how others would differ can't be seen in it. */
export function rangeText({ low, high, n }: Estimate, unit: '%' | 'ms'): string {
  if (n < 2) return '';
  return unit === '%'
    ? `${(low * 100).toFixed(1)} – ${(high * 100).toFixed(1)} %`
    : `${Math.round(low)} – ${Math.round(high)} ms`;
}

/** For people at a terminal. */
export function reportTable(report: ReplayReport): string {
  const parts = [setupText(report), totalsTable(report.totals)];
  if (report.bySource.length > 1) parts.push(sourcesTable(report));
  if (report.totals.calls > 0) parts.push(outcomesText(report.totals), callsTable(report));
  if (report.failed.length > 0) {
    parts.push(
      `Could not be replayed:\n${report.failed.map(({ file, reason }) => `  ${clean(file)}: ${clean(reason)}`).join('\n')}`,
    );
  }
  if (!report.complete)
    parts.push(`Stopped before the end: ${report.recordings.length + report.failed.length} of ${report.planned}.`);
  const { audioHoursPerMinute, wallMs, resumed } = report.timing;
  parts.push(
    `${report.recordings.length} recordings in ${(wallMs / 1000).toFixed(1)} s${resumed > 0 ? ` (${resumed} of them were there already)` : `, ${audioHoursPerMinute.toFixed(2)} hours of audio a minute`}.`,
  );
  return `${parts.join('\n\n')}\n`;
}

function setupText({ setup }: ReplayReport): string {
  const models = setup.models.map(({ role, name }) => `${role}: ${name}`).join(', ');
  return `${setup.application === null ? 'recognition only' : `application ${clean(setup.application)}`}; ${models}`;
}

function totalsTable(totals: Totals): string {
  const table = plainTable(['', '', '95 %', 'recordings']);
  for (const { key, label, unit } of FIGURES) {
    const estimate = estimateOf(totals, key);
    if (estimate) table.push([label, figureText(estimate, unit), rangeText(estimate, unit), String(estimate.n)]);
  }
  return table.toString();
}

function sourcesTable({ bySource }: ReplayReport): string {
  const table = plainTable(['source', 'task', 'language', 'graph', 'recordings', 'CER', '95 %', 'WER', '']);
  for (const { source, task, language, graph, trainedOn, totals } of bySource) {
    const { cer, wer } = totals;
    table.push([
      clean(source),
      task ?? '',
      language,
      graph ?? 'by question',
      String(totals.recordings),
      cer ? figureText(cer, '%') : '-',
      cer ? rangeText(cer, '%') : '',
      wer ? figureText(wer, '%') : '-',
      trainedOn ? 'trained on' : '',
    ]);
  }
  return table.toString();
}

function outcomesText({ outcomes, bargeIns, calls }: Totals): string {
  const ends = Object.entries(outcomes).map(([name, count]) => `${count} ${name}`);
  return `${calls} calls: ${ends.join(', ')}. Barge-in: ${bargeIns.pause} pauses, ${bargeIns.stop} stops, ${bargeIns.resume} resumed, ${bargeIns.echo} echoes.`;
}

const MOST_ROWS = 60;

function callsTable({ recordings }: ReplayReport): string {
  const calls = recordings.flatMap((recording) => (recording.kind === 'call' ? [recording] : []));
  const table = plainTable(['call', 'timing', 'turns', 'outcome', 'CER', 'cuts', 'late']);
  for (const { file, timing, turns, outcome, score } of calls.slice(0, MOST_ROWS)) {
    const units = score.recognition?.characters;
    const cer =
      units && units.units > 0 ? (units.substitutions + units.deletions + units.insertions) / units.units : undefined;
    table.push([
      clean(file),
      timing,
      String(turns.filter(({ input }) => input === 'text' || input === 'dtmf').length),
      outcome,
      cer === undefined ? '-' : figureText({ value: cer }, '%'),
      String(score.cuts.part),
      String(score.late.part),
    ]);
  }
  const more = calls.length > MOST_ROWS ? `\n… and ${calls.length - MOST_ROWS} more: --json or --html shows all.` : '';
  return `${table.toString()}${more}`;
}

export function plainTable(head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [] } });
}

/** What comes from files must not steer the terminal. */
export function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, '�');
}

import type { Totals } from '../score/totals.js';
import type { ReplayReport } from './report.js';
import { estimateOf, figureText } from './table.js';

/** What a replay must reach, for machines that decide by an exit code. */
export interface Gate {
  readonly key: keyof Totals;
  readonly label: string;
  readonly unit: '%' | 'ms';
  readonly limit: number;
  readonly kind: 'most' | 'least';
}

/** Flags of the command line with the figure each one holds. Shares are numbers from 0 to 1. */
export const GATES: readonly (Omit<Gate, 'limit'> & { readonly flag: string })[] = [
  { flag: 'max-cer', key: 'cer', label: 'character errors', unit: '%', kind: 'most' },
  { flag: 'max-wer', key: 'wer', label: 'word errors', unit: '%', kind: 'most' },
  { flag: 'min-intent-accuracy', key: 'intentAccuracy', label: 'intents right', unit: '%', kind: 'least' },
  { flag: 'min-slot-accuracy', key: 'slotAccuracy', label: 'slots right', unit: '%', kind: 'least' },
  { flag: 'min-barge-in-accuracy', key: 'bargeInAccuracy', label: 'barge-in right', unit: '%', kind: 'least' },
  { flag: 'min-contained', key: 'contained', label: 'contained', unit: '%', kind: 'least' },
  { flag: 'max-abandoned', key: 'abandoned', label: 'abandoned', unit: '%', kind: 'most' },
  { flag: 'max-cut-rate', key: 'cutRate', label: 'turns cut', unit: '%', kind: 'most' },
  { flag: 'max-late-rate', key: 'lateRate', label: 'ends late', unit: '%', kind: 'most' },
];

/** What is not reached, a line each; a figure that could not be measured is not reached. */
export function gateFailures({ totals }: Pick<ReplayReport, 'totals'>, gates: readonly Gate[]): readonly string[] {
  return gates.flatMap(({ key, label, unit, limit, kind }) => {
    const estimate = estimateOf(totals, key);
    const wanted = `${kind === 'most' ? 'at most' : 'at least'} ${figureText({ value: limit }, unit)}`;
    if (!estimate) return [`${label}: nothing to measure it by, wanted ${wanted}`];
    const reached = kind === 'most' ? estimate.value <= limit : estimate.value >= limit;
    return reached ? [] : [`${label}: ${figureText(estimate, unit)}, wanted ${wanted}`];
  });
}

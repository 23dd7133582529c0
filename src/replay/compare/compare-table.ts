import { clean, plainTable } from '../report/table.js';
import type { ComparedFigure, Comparison } from './compare.js';

const MOST_LISTED = 25;
const MOST_CHANGES = 12;

/** For people at a terminal: the figures side by side, then what to listen to. */
export function comparisonTable(comparison: Comparison): string {
  const { verdicts, paired, unpaired, figures, changed } = comparison;
  const parts = [
    `${clean(comparison.baseline)} → ${clean(comparison.candidate)}: ${paired} recordings in both; ${verdicts.better} better, ${verdicts.worse} worse, ${verdicts.mixed} mixed, ${verdicts.changed} otherwise changed, ${verdicts.same} the same.`,
  ];
  if (unpaired.length > 0)
    parts.push(
      `In one of them alone: ${unpaired.slice(0, 10).map(clean).join(', ')}${unpaired.length > 10 ? ', …' : ''}`,
    );
  if (figures.length > 0) {
    const table = plainTable(['', 'before', 'after', 'difference, 95 %', 'p', 'better / worse', 'p (sign)']);
    for (const figure of figures) table.push(figureRow(figure));
    parts.push(table.toString());
  }
  if (changed.length > 0) parts.push(`To listen to:\n${changed.slice(0, MOST_LISTED).map(listed).join('\n')}`);
  if (changed.length > MOST_LISTED)
    parts.push(`… and ${changed.length - MOST_LISTED} more: --json or --html shows all.`);
  return `${parts.join('\n\n')}\n`;
}

function figureRow({ name, before, after, paired, improved, worsened, signP }: ComparedFigure): string[] {
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return [
    name,
    percent(before),
    percent(after),
    `${signed(paired.difference)} (${signed(paired.low)} to ${signed(paired.high)})`,
    pText(paired.p),
    `${improved} / ${worsened}`,
    pText(signP),
  ];
}

export function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${(value * 100).toFixed(1)}`;
}

export function pText(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

function listed({ file, verdict, because, changes }: Comparison['changed'][number]): string {
  const head = `  ${clean(file)}: ${verdict}${because.length === 0 ? '' : ` (${because.join(', ')})`}`;
  const lines = changes
    .slice(0, MOST_CHANGES)
    .map(
      ({ turn, what, before, after }) =>
        `    ${turn === null ? '' : `turn ${turn} `}${what}: ${clean(before) || '–'} → ${clean(after) || '–'}`,
    );
  const more = changes.length > MOST_CHANGES ? [`    … and ${changes.length - MOST_CHANGES} more`] : [];
  return [head, ...lines, ...more].join('\n');
}

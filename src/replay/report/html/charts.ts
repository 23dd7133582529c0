import { html, type Markup, type Piece } from './markup.js';

/** Charts as inline SVG; colours come from the page, so that they fit light and dark. Each has a text for those who can't see it. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** A 95 % interval, drawn as a whisker. */
  readonly low?: number;
  readonly high?: number;
  /** Colour: `a` (default), `b`, `good`, `bad`, `mid`. */
  readonly tone?: Tone;
}

export type Tone = 'a' | 'b' | 'good' | 'bad' | 'mid';

export interface ChartOptions {
  readonly title: string;
  /** What a value is written as. */
  readonly format: (value: number) => string;
  /** Largest value of the axis; default: the largest there is. */
  readonly max?: number;
}

const WIDTH = 720;
const LABEL = 210;
const VALUE = 130;
const ROW = 26;

const CLASSES: Readonly<Record<Tone, string>> = { a: 'a', b: 'b', good: 'goodfill', bad: 'badfill', mid: 'midfill' };

/** Lying bars, one under the other. */
export function barChart(bars: readonly Bar[], { title, format, max }: ChartOptions): Markup {
  const most = max ?? Math.max(1e-9, ...bars.map(({ value, high }) => Math.max(value, high ?? value)));
  const room = WIDTH - LABEL - VALUE;
  const x = (value: number): number => round(LABEL + (Math.max(0, Math.min(most, value)) / most) * room);
  const height = bars.length * ROW + 8;
  const rows = bars.map(({ label, value, low, high, tone = 'a' }, index) => {
    const y = index * ROW + 4;
    const whisker =
      low === undefined || high === undefined
        ? ''
        : html`<path class="halo" d="M${x(low)} ${y + 9}H${x(high)}"/><path class="whisker" d="M${x(low)} ${y + 9}H${x(high)}M${x(low)} ${y + 5}v8M${x(high)} ${y + 5}v8"/>`;
    return html`<text x="${LABEL - 8}" y="${y + 14}" text-anchor="end">${short(label)}</text><rect class="${CLASSES[tone]}" x="${LABEL}" y="${y}" width="${round(Math.max(1, x(value) - LABEL))}" height="18" rx="3"/>${whisker}<text x="${Math.max(x(value), x(high ?? value)) + 8}" y="${y + 14}">${format(value)}</text>`;
  });
  return svg(height, title, bars.map(({ label, value }) => `${label}: ${format(value)}`).join('; '), rows);
}

export interface StackPart {
  readonly label: string;
  readonly value: number;
  readonly tone: Tone;
}

/** One bar of parts that make a whole, with a legend. */
export function stackChart(parts: readonly StackPart[], { title, format }: ChartOptions): Markup {
  const whole = Math.max(
    1e-9,
    parts.reduce((sum, { value }) => sum + value, 0),
  );
  let at = 0;
  const pieces = parts.map(({ value, tone }) => {
    const width = (value / whole) * WIDTH;
    const piece = html`<rect class="${CLASSES[tone]}" x="${round(at)}" y="0" width="${round(Math.max(0, width - 1))}" height="24"/>`;
    at += width;
    return piece;
  });
  const step = WIDTH / Math.max(1, parts.length);
  const legend = parts.map(
    ({ label, value, tone }, index) =>
      html`<rect class="${CLASSES[tone]}" x="${round(index * step)}" y="36" width="12" height="12" rx="2"/><text x="${round(index * step + 18)}" y="46">${short(label)} ${format(value)}</text>`,
  );
  return svg(54, title, parts.map(({ label, value }) => `${label}: ${format(value)}`).join('; '), [
    ...pieces,
    ...legend,
  ]);
}

export interface HistogramOptions extends ChartOptions {
  /** Number of bins. Default 24. */
  readonly bins?: number;
}

/** How often values of each size are. */
export function histogram(values: readonly number[], { title, format, max, bins = 24 }: HistogramOptions): Markup {
  // Not spread: a hundred thousand values are more arguments than a function takes.
  const largest = values.reduce((found, value) => Math.max(found, value), 0);
  const most = max ?? Math.max(1e-9, largest);
  const smallest = values.reduce((found, value) => Math.min(found, value), most);
  const counts = Array.from({ length: bins }, () => 0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((value / most) * bins)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const highest = Math.max(1, ...counts);
  const step = WIDTH / bins;
  const bars = counts.map((count, index) => {
    const height = (count / highest) * 110;
    return html`<rect class="a" x="${round(index * step + 1)}" y="${round(120 - height)}" width="${round(step - 2)}" height="${round(height)}"/>`;
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      html`<text class="soft" x="${round(Math.min(WIDTH - 34, Math.max(14, share * WIDTH)))}" y="138" text-anchor="middle">${format(share * most)}</text>`,
  );
  const axis = html`<path class="grid" d="M0 120.5H${WIDTH}"/>`;
  return svg(144, title, `${values.length} values from ${format(smallest)} to ${format(largest)}`, [
    ...bars,
    axis,
    ...ticks,
  ]);
}

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Line {
  readonly label: string;
  readonly points: readonly LinePoint[];
}

export interface LineChartOptions extends ChartOptions {
  readonly formatX: (value: number) => string;
}

/** Up to two lines over the same axis. */
export function lineChart(lines: readonly Line[], { title, format, formatX, max }: LineChartOptions): Markup {
  const shown = lines.slice(0, 2);
  const all = shown.flatMap(({ points }) => points);
  const xs = all.map(({ x }) => x);
  const [from, to] = [Math.min(...xs), Math.max(...xs)];
  const most = max ?? Math.max(1e-9, ...all.map(({ y, high }) => Math.max(y, high ?? y)));
  const x = (value: number): number => round(50 + ((value - from) / Math.max(1e-9, to - from)) * (WIDTH - 80));
  const y = (value: number): number => round(170 - (Math.max(0, Math.min(most, value)) / most) * 150);
  const grid = [0, 0.5, 1].map(
    (share) =>
      html`<path class="grid" d="M50 ${y(share * most)}H${WIDTH - 30}"/><text class="soft" x="44" y="${y(share * most) + 4}" text-anchor="end">${format(share * most)}</text>`,
  );
  const paths = shown.map(({ points }, index) => {
    const sorted = [...points].sort((left, right) => left.x - right.x);
    const path = sorted.map((point, at) => `${at === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`).join('');
    const dots = sorted.map((point) => {
      const whisker =
        point.low === undefined || point.high === undefined
          ? ''
          : html`<path class="whisker" d="M${x(point.x)} ${y(point.low)}V${y(point.high)}"/>`;
      return html`${whisker}<circle class="${index === 0 ? 'a' : 'b'}" cx="${x(point.x)}" cy="${y(point.y)}" r="3.5"/>`;
    });
    return html`<path class="${index === 0 ? 'linea' : 'lineb'}" d="${path}"/>${dots}`;
  });
  const ticks = [...new Set(xs)]
    .sort((left, right) => left - right)
    .map((value) => html`<text class="soft" x="${x(value)}" y="190" text-anchor="middle">${formatX(value)}</text>`);
  const legend = shown.map(
    ({ label }, index) =>
      html`<rect class="${index === 0 ? 'a' : 'b'}" x="${50 + index * 240}" y="200" width="12" height="12" rx="2"/><text x="${68 + index * 240}" y="210">${short(label)}</text>`,
  );
  const told = shown
    .map(
      ({ label, points }) => `${label}: ${points.map((point) => `${formatX(point.x)} ${format(point.y)}`).join(', ')}`,
    )
    .join('; ');
  return svg(218, title, told, [...grid, ...paths, ...ticks, ...legend]);
}

function svg(height: number, title: string, told: string, body: readonly Piece[]): Markup {
  return html`<figure><figcaption>${title}</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="${`${title}. ${told}`}">${body}</svg></figure>`;
}

function short(label: string): string {
  return label.length > 30 ? `${label.slice(0, 29)}…` : label;
}

function round(value: number): number {
  return Number.isFinite(value) ? Math.round(value * 10) / 10 : 0;
}

/** A share as percent. */
export function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

export function milliseconds(value: number): string {
  return `${Math.round(value)} ms`;
}

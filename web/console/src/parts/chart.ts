import { html } from 'lit-html';
import type uPlot from 'uplot';
import { roundSteps } from '../core/round-steps.js';
import { settings } from '../core/settings.js';
import { View } from '../core/view.js';
import { t } from '../words/words.js';

export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** A CSS custom property. */
  readonly colour: string;
  readonly kind: 'bars' | 'line';
}

export interface ChartData {
  readonly title: string;
  /** Epoch ms, ascending. */
  readonly atMs: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** Counts: no half ones on the axis. */
  readonly whole?: boolean;
  /** Highest value of the axis, where it is fixed. */
  readonly max?: number;
}

const HEIGHT_PX = 200;

/** A chart over time, with the same numbers as a table for those who do not see it. uPlot is loaded by the first one. */
export class Chart extends View {
  #data: ChartData | undefined;
  #plot: uPlot | undefined;
  #wanted = 0;
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');

  set data(data: ChartData) {
    this.#data = data;
    this.update();
    if (this.isConnected) void this.#build();
  }

  protected override start(signal: AbortSignal): void {
    const again = (): void => void this.#build();
    this.#dark.addEventListener('change', again, { signal });
    settings.listen(again, signal);
    const observer = new ResizeObserver(() => {
      const width = this.querySelector('.plot')?.clientWidth ?? 0;
      if (this.#plot !== undefined && width > 0 && width !== this.#plot.width)
        this.#plot.setSize({ width, height: HEIGHT_PX });
    });
    observer.observe(this);
    signal.addEventListener(
      'abort',
      () => {
        observer.disconnect();
        this.#plot?.destroy();
        this.#plot = undefined;
      },
      { once: true },
    );
    void this.#build();
  }

  protected override view() {
    const data = this.#data;
    if (data === undefined) return html``;
    const { language } = settings.value;
    const hour = new Intl.DateTimeFormat(language, {
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
    return html`
      <div class="plot" aria-hidden="true"></div>
      <p class="legend">${data.series.map(({ name, colour }) => html`<span><svg viewBox="0 0 10 10" aria-hidden="true"><rect class=${`swatch ${colour.slice(2)}`} width="10" height="10" rx="2"></rect></svg>${name}</span>`)}</p>
      <details class="numbers"><summary class="small soft">${t().asTable}</summary><div class="tablebox"><table>
        <caption class="away">${data.title}</caption>
        <thead><tr><th scope="col">${t().time}</th>${data.series.map(({ name }) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
        <tbody>${data.atMs.map(
          (atMs, index) =>
            html`<tr><th scope="row">${hour.format(atMs)}</th>${data.series.map(({ values }) => {
              const value = values[index];
              return html`<td class="number">${value == null ? '–' : data.format(value)}</td>`;
            })}</tr>`,
        )}</tbody></table></div></details>`;
  }

  async #build(): Promise<void> {
    const data = this.#data;
    this.#wanted += 1;
    const wanted = this.#wanted;
    const { default: Plot } = await import('uplot');
    const target = this.querySelector<HTMLElement>('.plot');
    if (data === undefined || target === null || wanted !== this.#wanted || !this.isConnected) return;
    this.#plot?.destroy();
    const style = getComputedStyle(this);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const { language } = settings.value;
    const hour = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });
    const axis = {
      stroke: colour('--_text-soft'),
      grid: { stroke: colour('--_line'), width: 1 },
      ticks: { show: false },
      font: `12px ${style.getPropertyValue('font-family')}`,
    };
    const bars = Plot.paths.bars?.({ size: [0.7, 40], radius: 0.15 });
    this.#plot = new Plot(
      {
        width: target.clientWidth || 320,
        height: HEIGHT_PX,
        padding: [8, 24, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: true }, y: { range: (_plot, _low, high) => [0, data.max ?? Math.max(1, high * 1.1)] } },
        axes: [
          {
            ...axis,
            size: 32,
            grid: { show: false },
            values: (_plot, splits) =>
              splits.map((seconds) => {
                const date = new Date(seconds * 1000);
                return date.getHours() === 0 && date.getMinutes() === 0 ? day.format(date) : hour.format(date);
              }),
          },
          {
            ...axis,
            size: 56,
            splits: (_plot, _axis, low, high) => roundSteps(low, high, data.whole === true),
            values: (_plot, splits) => splits.map((value) => data.format(value)),
          },
        ],
        series: [
          {},
          ...data.series.map((series) => ({
            label: series.name,
            stroke: colour(series.colour),
            width: series.kind === 'line' ? 2 : 0,
            points: { show: series.kind === 'line', size: 5, fill: colour(series.colour) },
            ...(series.kind === 'bars'
              ? { fill: colour(series.colour), ...(bars === undefined ? {} : { paths: bars }) }
              : {}),
            spanGaps: false,
          })),
        ],
      },
      [data.atMs.map((atMs) => atMs / 1000), ...data.series.map(({ values }) => [...values])] as uPlot.AlignedData,
      target,
    );
  }
}

import { html, nothing, svg, type TemplateResult } from 'lit-html';
import type { Turn } from '../api/contract.js';
import { milliseconds } from '../core/format.js';
import { t } from '../words/words.js';

/** The stages that a turn can have, in their order, each with its colour. */
const STAGES = [
  'speech',
  'last word',
  'end of turn',
  'final text',
  'understanding',
  'dialogue',
  'synthesis',
  'sending',
  'line',
];

export function stageName(stage: string): string {
  return (t().stages as Readonly<Record<string, string>>)[stage] ?? stage;
}

function colourOf(stage: string): string {
  const at = STAGES.indexOf(stage);
  return `stage-${(Math.max(0, at) % 8) + 1}`;
}

/** Scale that several waterfalls share, so that a slow turn looks slow: the longest, in ms. */
export function scaleOf(turns: readonly Turn[]): number {
  return Math.max(500, ...turns.map(({ stages }) => span(stages).wholeMs));
}

function span(stages: Turn['stages']): { fromMs: number; wholeMs: number } {
  if (stages.length === 0) return { fromMs: 0, wholeMs: 0 };
  const fromMs = Math.min(...stages.map((stage) => stage.fromMs));
  return { fromMs, wholeMs: Math.max(...stages.map((stage) => stage.fromMs + stage.ms)) - fromMs };
}

/** The way of one turn from the caller's last sound to the bot's first: a bar a stage. `scaleMs`: the length of the whole axis. */
export function waterfall(turn: Turn, scaleMs: number): TemplateResult {
  if (turn.stages.length === 0) return html`<p class="soft small">${t().noStages}</p>`;
  const { fromMs } = span(turn.stages);
  const share = (ms: number): string => `${((ms / scaleMs) * 100).toFixed(2)}%`;
  return html`<ol class="waterfall">${turn.stages.map(
    (stage) => html`<li>
      <span class="stage">${stageName(stage.stage)}</span>
      <svg aria-hidden="true" preserveAspectRatio="none"><line x1="0" x2="100%" y1="6" y2="6"></line>${
        stage.ms <= 0
          ? nothing
          : svg`<rect class=${colourOf(stage.stage)} x=${share(stage.fromMs - fromMs)} width=${share(Math.max(stage.ms, scaleMs / 200))} y="1" height="10" rx="2"></rect>`
      }</svg>
      <span class="figures">${milliseconds(stage.ms)}</span>
    </li>`,
  )}</ol>`;
}

/** The same in one line, for lists. */
export function strip(turn: Turn, scaleMs: number): TemplateResult {
  const { fromMs, wholeMs } = span(turn.stages);
  const told = turn.stages.map(({ stage, ms }) => `${stageName(stage)} ${milliseconds(ms)}`).join(', ');
  return html`<svg class="strip" role="img" aria-label=${`${milliseconds(wholeMs)}: ${told}`} preserveAspectRatio="none">${turn.stages.map(
    (stage) =>
      svg`<rect class=${colourOf(stage.stage)} x=${`${((stage.fromMs - fromMs) / scaleMs) * 100}%`} width=${`${(stage.ms / scaleMs) * 100}%`} y="0" height="8"></rect>`,
  )}</svg>`;
}

import { html, nothing, type TemplateResult } from 'lit-html';
import type { TraceEvent } from '../api/contract.js';
import { number } from '../core/format.js';
import { t } from '../words/words.js';
import { badge } from './bits.js';

/** What a call's record holds, event by event, as it was written. */
export function traceTable(events: readonly TraceEvent[], cut: boolean): TemplateResult {
  const words = t().call;
  if (events.length === 0) return html`<p class="soft small">${words.noTrace}</p>`;
  return html`${cut ? html`<p class="soft small">${words.traceCut(events.length)}</p>` : nothing}
    <ol class="trace">${events.map(
      ({ atMs, type, data }) =>
        html`<li><span class="figures soft">${number(atMs / 1000, 3, 3)} s</span>${badge(type, 'plain')}<code>${json(data)}</code></li>`,
    )}</ol>`;
}

/** What is worth reading of an event: `{}` is nothing. */
function json(data: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(data);
  return text === '{}' ? '' : text;
}

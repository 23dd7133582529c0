import { html, nothing, type TemplateResult } from 'lit-html';
import type { Turn } from '../api/contract.js';
import { milliseconds, percent } from '../core/format.js';
import { t } from '../words/words.js';
import { bar, valueText } from './bits.js';

/** What else the words could have meant, best first. */
export function ranking(turn: Turn): TemplateResult {
  const shown =
    turn.ranking.length > 0
      ? turn.ranking
      : turn.intent === null
        ? []
        : [{ intent: turn.intent, confidence: turn.confidence ?? 0 }];
  if (shown.length === 0) return html`<p class="soft small">${t().noIntent}</p>`;
  return html`<ol class="ranking">${shown.map(
    ({ intent, confidence }) =>
      html`<li><span class="cut" title=${intent}>${intent}</span>${bar(confidence, intent)}<span class="figures">${percent(confidence)}</span></li>`,
  )}</ol>`;
}

export function entities(turn: Turn): TemplateResult {
  if (turn.entities.length === 0) return html`<p class="soft small">${t().noEntities}</p>`;
  return html`<ul class="chips">${turn.entities.map(
    (entity) =>
      html`<li class="chip"><b>${entity.name}</b><span>${valueText(entity.value)}</span>${
        entity.text !== '' && entity.text !== valueText(entity.value)
          ? html`<span class="soft">“${entity.text}”</span>`
          : nothing
      }</li>`,
  )}</ul>`;
}

/** The dialogue's own steps: responses, flows, forms, actions. */
export function path(turn: Turn): TemplateResult {
  if (turn.path.length === 0) return html`<p class="soft small">${t().noPath}</p>`;
  return html`<ol class="path">${turn.path.map((step) => html`<li><code>${step}</code></li>`)}</ol>`;
}

/** Everything about how one turn was understood. */
export function understanding(turn: Turn): TemplateResult {
  const words = t();
  return html`
    <section><h3>${words.intent}</h3>${ranking(turn)}</section>
    <section><h3>${words.entities}</h3>${entities(turn)}</section>
    <section><h3>${words.path}</h3>${path(turn)}</section>
    ${
      turn.responseMs === null && turn.endReason === null && !turn.foreseen
        ? nothing
        : html`<p class="chips">
            ${turn.responseMs === null ? nothing : html`<span class="chip figures"><b>${words.responseTime}</b>${milliseconds(turn.responseMs)}</span>`}
            ${turn.endReason === null ? nothing : html`<span class="chip"><b>${words.endReason}</b>${turn.endReason}</span>`}
            ${turn.foreseen ? html`<span class="chip">${words.foreseen}</span>` : nothing}
          </p>`
    }`;
}

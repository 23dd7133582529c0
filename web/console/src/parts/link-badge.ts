import { html, type TemplateResult } from 'lit-html';
import { linkState } from '../core/session.js';
import { t } from '../words/words.js';

/** Whether what is shown is of now. Told to screen readers when it changes. */
export function linkBadge(): TemplateResult {
  const state = linkState.value;
  return html`<span class="link-state ${state}" role="status"><i></i>${t().link[state]}</span>`;
}

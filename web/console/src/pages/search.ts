import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { api, isAbort } from '../api/client.js';
import type { CallSummary } from '../api/contract.js';
import { duration, shortTime } from '../core/format.js';
import { address, go, place } from '../core/router.js';
import { OUTCOMES, queryOf } from '../core/search-query.js';
import { View } from '../core/view.js';
import { bones, callerName, empty, kindIcon, languageName, outcomeBadge, problem } from '../parts/bits.js';
import { t } from '../words/words.js';

/** Pages without a hit that are asked for in a row, before somebody has to press a button for more. */
const MAX_EMPTY_PAGES = 4;

/** Past conversations: what is looked for stands in the address, so that a search can be kept and passed on. */
export class SearchPage extends View {
  #calls: readonly CallSummary[] = [];
  #cursor: string | null = null;
  #problem: unknown;
  #loading = false;
  #asked = '';
  #request: AbortController | undefined;

  protected override start(signal: AbortSignal): void {
    place.listen(() => this.#look(), signal);
    signal.addEventListener('abort', () => this.#request?.abort(), { once: true });
    this.#asked = '';
    this.#look();
  }

  protected override view() {
    const words = t().search;
    const { query } = place.value;
    const value = (name: string): string => query.get(name) ?? '';
    return html`
      <div class="page-head"><h1>${t().pages.calls}</h1></div>
      <search><form class="card filters" @submit=${(event: SubmitEvent) => this.#submit(event)} @change=${(event: Event) => this.#changed(event)}>
        <label class="field wide"><span>${words.query}</span><input name="query" type="search" maxlength="200" .value=${value('query')} /></label>
        <div class="row end"><button class="button strong">${words.submit}</button>${query.size > 0 ? html`<a class="button quiet" href="#/calls">${words.clear}</a>` : nothing}</div>
        <label class="field"><span>${words.from}</span><input name="from" type="date" .value=${value('from')} /></label>
        <label class="field"><span>${words.to}</span><input name="to" type="date" .value=${value('to')} /></label>
        <label class="field"><span>${words.channel}</span><select name="channel">${option('', t().any, value('channel'))}${option('voice', words.voice, value('channel'))}${option('text', words.text, value('channel'))}</select></label>
        <label class="field"><span>${words.outcome}</span><select name="outcome">${option('', t().any, value('outcome'))}${OUTCOMES.map((each) => option(each, t().outcomes[each], value('outcome')))}</select></label>
        <label class="field"><span>${t().intent}</span><input name="intent" maxlength="200" autocapitalize="none" spellcheck="false" .value=${value('intent')} /></label>
      </form></search>
      <p class="away" role="status">${this.#loading ? t().loading : words.found(this.#calls.length)}</p>
      ${this.#problem === undefined ? nothing : problem(this.#problem, () => this.#look(true))}
      ${this.#results()}`;
  }

  #results(): TemplateResult | typeof nothing {
    const words = t().search;
    if (this.#calls.length === 0) {
      if (this.#loading) return html`<div class="card flush">${bones(8)}</div>`;
      if (this.#problem !== undefined) return nothing;
      const text = place.value.query.size > 0 ? words.noneText : words.emptyText;
      return html`<div class="card">${empty('inbox', words.none, text)}${this.#more()}</div>`;
    }
    return html`<div class="card flush"><div class="tablebox"><table class="folds">
        <caption class="away">${t().pages.calls}</caption>
        <thead><tr><th scope="col">${words.caller}</th><th scope="col">${words.started}</th><th scope="col" class="number">${words.duration}</th><th scope="col">${words.about}</th><th scope="col">${words.outcome}</th></tr></thead>
        <tbody>${repeat(
          this.#calls,
          ({ id }) => id,
          (call) => this.#row(call),
        )}</tbody></table></div></div>
      ${this.#more()}`;
  }

  #row(call: CallSummary): TemplateResult {
    return html`<tr class="open">
      <td class="first"><span class="row fixed">${kindIcon(call.kind)}<a class="whole cut" href=${address(['calls', call.id])}>${callerName(call)}</a><span class="soft tiny">${languageName(call.language)}</span></span></td>
      <td class="nowrap figures">${shortTime(call.startedAtMs)}</td>
      <td class="number">${call.durationMs === null ? '–' : duration(call.durationMs)}</td>
      <td class="first about"><p class="cut">${call.excerpt === '' ? '–' : call.excerpt}</p><p class="chips">${call.intents.slice(0, 3).map((intent) => html`<span class="chip">${intent}</span>`)}${
        call.intents.length > 3 ? html`<span class="soft tiny">+${call.intents.length - 3}</span>` : nothing
      }</p></td>
      <td>${outcomeBadge(call.outcome)}</td>
    </tr>`;
  }

  #more(): TemplateResult | typeof nothing {
    if (this.#cursor === null) return nothing;
    return html`<p class="center"><button type="button" class="button" ?disabled=${this.#loading} @click=${() => void this.#next()}>${this.#loading ? t().loading : t().search.more}</button></p>`;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const fields = new FormData(event.target as HTMLFormElement);
    const query: Record<string, string> = {};
    for (const [name, value] of fields)
      if (typeof value === 'string' && value.trim() !== '') query[name] = value.trim();
    const target = address(['calls'], query);
    if (target === location.hash) this.#look(true);
    else go(target);
  }

  /** Choices search at once; typed words wait for Enter. */
  #changed(event: Event): void {
    if (
      event.target instanceof HTMLSelectElement ||
      (event.target instanceof HTMLInputElement && event.target.type === 'date')
    )
      (event.currentTarget as HTMLFormElement).requestSubmit();
  }

  #look(again = false): void {
    const asked = place.value.query.toString();
    if (place.value.parts[0] !== 'calls' || place.value.parts.length > 1) return;
    if (asked === this.#asked && !again && this.#calls.length > 0) return;
    this.#asked = asked;
    this.#calls = [];
    this.#cursor = null;
    void this.#next();
  }

  async #next(): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.#loading = true;
    this.#problem = undefined;
    this.update();
    try {
      for (let pages = 0; pages < MAX_EMPTY_PAGES; pages++) {
        const page = await api.calls(queryOf(place.value.query, this.#cursor), request.signal);
        this.#cursor = page.cursor;
        this.#calls = [...this.#calls, ...page.calls];
        if (page.calls.length > 0 || page.cursor === null) break;
      }
    } catch (error) {
      if (isAbort(error)) return;
      this.#problem = error;
    }
    this.#loading = false;
    this.update();
  }
}

function option(value: string, text: string, chosen: string): TemplateResult {
  return html`<option value=${value} ?selected=${value === chosen}>${text}</option>`;
}

import { html, nothing, type TemplateResult } from 'lit-html';
import { api, isAbort } from '../api/client.js';
import type { Health } from '../api/contract.js';
import { bytes, clock, percent, shortTime } from '../core/format.js';
import { settings } from '../core/settings.js';
import { View } from '../core/view.js';
import { badge, bar, bones, problem } from '../parts/bits.js';
import { factInChinese } from '../words/service-zh.js';
import { t } from '../words/words.js';

const ASK_EVERY_MS = 10_000;

/** What the service says of its parts, in the page's language. */
function fact(text: string): string {
  return settings.value.language === 'zh-CN' ? factInChinese(text) : text;
}

/** Whether everything is well, what is in use, and why. */
export class HealthPage extends View {
  #health: Health | undefined;
  #problem: unknown;
  #atMs = 0;
  #signal: AbortSignal | undefined;

  protected override start(signal: AbortSignal): void {
    this.#signal = signal;
    const timer = setInterval(() => document.visibilityState === 'visible' && void this.#load(), ASK_EVERY_MS);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    void this.#load();
  }

  protected override view() {
    const words = t().health;
    const health = this.#health;
    return html`
      <div class="page-head"><h1>${t().pages.health}</h1>${health === undefined ? nothing : badge(words.statuses[health.status], health.status === 'ok' ? 'good' : 'bad')}
        ${health === undefined ? nothing : html`<span class="soft small figures push">${words.asOf} ${clock(this.#atMs)}</span>`}</div>
      ${this.#problem === undefined ? nothing : problem(this.#problem, () => void this.#load())}
      ${health === undefined ? (this.#problem === undefined ? html`<div class="card flush">${bones(8)}</div>` : nothing) : this.#facts(health)}`;
  }

  #facts(health: Health): TemplateResult {
    const words = t().health;
    const { disk } = health;
    const used = disk === null ? 0 : 1 - disk.freeBytes / Math.max(1, disk.totalBytes);
    return html`
      <dl class="tiles">
        <div class="tile"><dt>${words.calls}</dt><dd>${health.calls}</dd></div>
        <div class="tile"><dt>${words.version}</dt><dd>${health.version}</dd></div>
        <div class="tile"><dt>${words.since}</dt><dd class="text">${shortTime(health.startedAtMs)}</dd></div>
        ${
          disk === null
            ? nothing
            : html`<div class="tile"><dt>${words.disk}</dt><dd>${bytes(disk.freeBytes)} <small>${words.free}</small></dd><dd class="under">${bar(used, `${words.diskUsed} ${percent(used)}`, used > 0.95 ? 'bad' : used > 0.85 ? 'warn' : '')}</dd></div>`
        }
      </dl>
      <section class="card flush"><div class="card-head"><h2>${words.models}</h2></div><div class="tablebox"><table class="folds">
        <caption class="away">${words.models}</caption>
        <thead><tr><th scope="col">${words.kind}</th><th scope="col">${words.language}</th><th scope="col">${words.model}</th><th scope="col">${words.why}</th></tr></thead>
        <tbody>${health.models.map(
          ({ kind, language, name, reason }) =>
            html`<tr><td class="nowrap"><strong>${(words.kinds as Readonly<Record<string, string>>)[kind] ?? kind}</strong></td><td>${language === '*' ? words.anyLanguage : language}</td><td class="first">${name === null ? badge(words.noModel, 'warn') : html`<span class="mono">${name}</span>`}</td><td class="first soft">${fact(reason)}</td></tr>`,
        )}</tbody></table></div></section>
      <div class="columns">
        ${this.#group(words.stores, health.stores)}
        ${this.#group(words.workers, health.workers)}
        ${this.#group(words.trunks, health.trunks, health.trunksProblem)}
      </div>`;
  }

  #group(title: string, facts: Health['stores'], why: string | null = null): TemplateResult {
    const words = t().health;
    return html`<section class="card"><div class="card-head"><h2>${title}</h2></div>${
      facts.length === 0
        ? html`<p class="soft small">${why ?? words.none}</p>`
        : html`<ul class="checks">${facts.map(
            ({ name, ok, value, detail }) =>
              html`<li><span class="grow"><strong>${fact(name)}</strong>${detail === '' ? nothing : html`<span class="soft small">${fact(detail)}</span>`}</span>${badge(value === '' ? (ok ? words.ok : words.bad) : fact(value), ok ? 'good' : 'bad')}</li>`,
          )}</ul>`
    }</section>`;
  }

  async #load(): Promise<void> {
    try {
      this.#health = await api.health(this.#signal);
      this.#atMs = Date.now();
      this.#problem = undefined;
    } catch (error) {
      if (isAbort(error)) return;
      this.#problem = error;
    }
    this.update();
  }
}

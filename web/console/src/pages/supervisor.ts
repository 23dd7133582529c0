import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { api, isAbort } from '../api/client.js';
import type { Agent, QueueItem, Stats } from '../api/contract.js';
import { duration, milliseconds, number, percent } from '../core/format.js';
import type { ShownCall } from '../core/live-model.js';
import { address, go } from '../core/router.js';
import { live, liveChanged, liveTick, me, nowMs } from '../core/session.js';
import { settings } from '../core/settings.js';
import { totals } from '../core/totals.js';
import { View } from '../core/view.js';
import {
  agentName,
  badge,
  bones,
  callerName,
  empty,
  kindIcon,
  languageName,
  problem,
  stateBadge,
  type Tone,
} from '../parts/bits.js';
import type { ChartData } from '../parts/chart.js';
import { icon } from '../parts/icons.js';
import { linkBadge } from '../parts/link-badge.js';
import { tellProblem } from '../parts/notes.js';
import { t } from '../words/words.js';

const HOURS = 24;
const ASK_EVERY_MS = 60_000;
const PRESENCE_TONES: Readonly<Record<Agent['presence'], Tone>> = {
  available: 'good',
  busy: 'agent',
  away: 'warn',
  offline: '',
};

/** Who is there, who waits, what goes on, and how the day went. */
export class Supervisor extends View {
  #stats: Stats | undefined;
  #charts: readonly ChartData[] = [];
  #problem: unknown;
  #listening: string | undefined;
  #signal: AbortSignal | undefined;

  protected override start(signal: AbortSignal): void {
    this.#signal = signal;
    liveTick.listen(() => this.update(), signal);
    settings.listen(() => this.#chart(), signal);
    const each = setInterval(() => this.update(), 1000);
    const stats = setInterval(() => document.visibilityState === 'visible' && void this.#load(), ASK_EVERY_MS);
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(each);
        clearInterval(stats);
      },
      { once: true },
    );
    void this.#load();
  }

  protected override view() {
    const words = t().supervisor;
    const calls = [...live.calls.values()].filter(({ endedAtMs }) => endedAtMs === null);
    calls.sort((left, right) => left.startedAtMs - right.startedAtMs);
    const agents = [...live.agents.values()].sort((left, right) => left.displayName.localeCompare(right.displayName));
    const there = agents.filter(({ presence }) => presence !== 'offline');
    const waitMs = Math.max(0, ...live.queue.map(({ queuedAtMs }) => nowMs() - queuedAtMs));
    const today = totals(this.#stats);
    return html`
      <div class="page-head"><h1>${t().pages.supervisor}</h1>${linkBadge()}</div>
      <dl class="tiles">
        <div class="tile"><dt>${words.liveCalls}</dt><dd>${calls.length}</dd></div>
        <div class="tile"><dt>${words.waiting}</dt><dd>${live.queue.length}${live.queue.length > 0 ? html` <small class="figures">${duration(waitMs)}</small>` : nothing}</dd></div>
        <div class="tile"><dt>${words.available}</dt><dd>${there.filter(({ presence }) => presence === 'available').length} <small>/ ${there.length}</small></dd></div>
        <div class="tile"><dt>${words.calls24}</dt><dd>${today === undefined ? '–' : number(today.calls)}</dd></div>
        <div class="tile"><dt>${words.containment}</dt><dd>${today === undefined || today.containment === null ? '–' : percent(today.containment)}</dd></div>
      </dl>
      ${
        this.#listening === undefined
          ? nothing
          : html`<hk-listen .callId=${this.#listening} .onStop=${() => this.#listen(undefined)}></hk-listen>`
      }
      <section class="card flush"><div class="card-head"><h2>${words.liveCalls}</h2></div>${this.#calls(calls)}</section>
      <div class="columns">
        <section class="card flush"><div class="card-head"><h2>${words.agents}</h2></div>${this.#agents(agents)}</section>
        <section class="card flush"><div class="card-head"><h2>${words.queue}</h2></div>${this.#queue(live.queue)}</section>
      </div>
      ${this.#problem === undefined ? nothing : problem(this.#problem, () => void this.#load())}
      ${
        this.#stats === undefined && this.#problem === undefined
          ? html`<div class="card flush">${bones(3)}</div>`
          : html`<div class="columns charts">${this.#charts.map((data) => html`<section class="card"><div class="card-head"><h2>${data.title}</h2><span class="soft small push">${words.last24}</span></div><hk-chart .data=${data}></hk-chart></section>`)}</div>`
      }`;
  }

  #calls(calls: readonly ShownCall[]): TemplateResult {
    const words = t().supervisor;
    if (!live.known) return bones(3);
    if (calls.length === 0) return empty('phone', t().live.none, t().live.noneText);
    return html`<div class="tablebox"><table class="folds"><caption class="away">${words.liveCalls}</caption>
      <thead><tr><th scope="col">${t().search.caller}</th><th scope="col">${words.state}</th><th scope="col">${t().intent}</th><th scope="col" class="number">${t().search.duration}</th><th scope="col"><span class="away">${words.actions}</span></th></tr></thead>
      <tbody>${repeat(
        calls,
        ({ id }) => id,
        (call) => html`<tr>
          <td class="first"><span class="row fixed">${kindIcon(call.kind)}<a class="cut" href=${address(['live', call.id])}>${callerName(call)}</a><span class="soft tiny">${languageName(call.language)}</span></span></td>
          <td>${stateBadge(call)}</td><td><span class="cut soft">${call.intent ?? '–'}</span></td>
          <td class="number">${duration(nowMs() - call.startedAtMs)}</td>
          <td class="number">${this.#actions(call)}</td></tr>`,
      )}</tbody></table></div>`;
  }

  #actions(call: ShownCall): TemplateResult | typeof nothing {
    const words = t().supervisor;
    const name = callerName(call);
    if (call.listenable && me.value?.can.listenIn)
      return html`<button type="button" class="button" aria-pressed=${String(this.#listening === call.id)} aria-label=${`${words.listen}: ${name}`} @click=${() => this.#listen(this.#listening === call.id ? undefined : call.id)}>${icon('ear')}${words.listen}</button>`;
    if (call.kind === 'text' && call.state !== 'person')
      return html`<button type="button" class="button" aria-label=${`${words.join}: ${name}`} @click=${() => void this.#join(call.id)}>${words.join}</button>`;
    return nothing;
  }

  #agents(agents: readonly Agent[]): TemplateResult {
    const words = t().supervisor;
    if (!live.known) return bones(3);
    if (agents.length === 0) return html`<p class="soft small pad">${words.noAgents}</p>`;
    return html`<ul class="checks pad">${agents.map(
      (agent) =>
        html`<li><span class="grow"><strong>${agent.displayName}</strong><span class="soft small">${agent.chats > 0 ? words.chats(agent.chats) : duration(nowMs() - agent.sinceMs)}</span></span>${agent.ringing ? badge(words.ringing, 'warn', true) : nothing}${badge(t().desk.presences[agent.presence], PRESENCE_TONES[agent.presence])}</li>`,
    )}</ul>`;
  }

  #queue(queue: readonly QueueItem[]): TemplateResult {
    if (!live.known) return bones(3);
    if (queue.length === 0) return html`<p class="soft small pad">${t().desk.quiet}</p>`;
    return html`<ol class="checks pad">${queue.map(
      (item) =>
        html`<li><span class="grow"><strong>${callerName(item)}</strong><span class="soft small">${item.summary}</span></span>${item.ringing === null ? nothing : badge(t().desk.ringsAt(agentName(item.ringing)), 'warn')}<span class="figures">${duration(nowMs() - item.queuedAtMs)}</span>${
          item.ringing === null
            ? html`<button type="button" class="button" aria-label=${`${t().desk.take}: ${callerName(item)}`} @click=${() => void this.#take(item.id)}>${t().desk.take}</button>`
            : nothing
        }</li>`,
    )}</ol>`;
  }

  #listen(callId: string | undefined): void {
    const other = this.#listening !== undefined && callId !== undefined;
    this.#listening = other ? undefined : callId;
    this.update();
    if (other) queueMicrotask(() => queueMicrotask(() => this.#listen(callId)));
  }

  async #join(callId: string): Promise<void> {
    try {
      const chat = await api.join(callId);
      live.putChat(chat);
      liveChanged();
      go(address(['desk', chat.id]));
    } catch (error) {
      tellProblem(error);
    }
  }

  async #take(id: string): Promise<void> {
    try {
      const chat = await api.take(id);
      live.putChat(chat);
      liveChanged();
      go(address(['desk', chat.id]));
    } catch (error) {
      tellProblem(error);
    }
  }

  async #load(): Promise<void> {
    try {
      this.#stats = await api.stats(HOURS, this.#signal);
      this.#problem = undefined;
    } catch (error) {
      if (isAbort(error)) return;
      this.#problem = error;
    }
    this.#chart();
    this.update();
  }

  #chart(): void {
    this.#charts = this.#stats === undefined ? [] : chartsOf(this.#stats);
  }
}

function chartsOf({ buckets }: Stats): ChartData[] {
  const words = t().supervisor;
  const atMs = buckets.map(({ fromMs }) => fromMs);
  return [
    {
      title: words.callsPerHour,
      atMs,
      format: (value) => number(value),
      whole: true,
      series: [
        { name: words.callsPerHour, values: buckets.map(({ calls }) => calls), colour: '--_accent', kind: 'bars' },
      ],
    },
    {
      title: words.containment,
      atMs,
      format: percent,
      max: 1,
      series: [
        {
          name: words.contained,
          values: buckets.map(({ contained, transferred, failed }) => {
            const ended = contained + transferred + failed;
            return ended === 0 ? null : contained / ended;
          }),
          colour: '--caller',
          kind: 'line',
        },
      ],
    },
    {
      title: words.latency,
      atMs,
      format: milliseconds,
      series: [
        { name: words.p50, values: buckets.map(({ responseP50Ms }) => responseP50Ms), colour: '--bot', kind: 'line' },
        { name: words.p95, values: buckets.map(({ responseP95Ms }) => responseP95Ms), colour: '--agent', kind: 'line' },
      ],
    },
  ];
}

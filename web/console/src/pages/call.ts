import { html, nothing, type TemplateResult } from 'lit-html';
import { api, isAbort } from '../api/client.js';
import type { CallDetail, Line } from '../api/contract.js';
import { dateTime, duration } from '../core/format.js';
import { lineAt } from '../core/lines.js';
import { address, go, place } from '../core/router.js';
import { nowMs, onLiveEvent } from '../core/session.js';
import { View } from '../core/view.js';
import {
  badge,
  bones,
  calledNumber,
  callerName,
  kindIcon,
  languageName,
  outcomeBadge,
  problem,
  said,
  slotFacts,
  valueText,
} from '../parts/bits.js';
import { icon } from '../parts/icons.js';
import type { Player } from '../parts/player.js';
import { traceTable } from '../parts/trace-table.js';
import { understanding } from '../parts/understanding.js';
import { scaleOf, waterfall } from '../parts/waterfall.js';
import { t } from '../words/words.js';

type Tab = 'turns' | 'facts' | 'trace';
/** A record is complete this long after its call at the latest. */
const SETTLING_MS = 20_000;
const TABS: readonly Tab[] = ['turns', 'facts', 'trace'];

/** One conversation: how it sounded, what was said, and how each turn was understood. */
export class CallPage extends View {
  #callId = '';
  #detail: CallDetail | undefined;
  #problem: unknown;
  #tab: Tab = 'turns';
  #part: string | undefined;
  #signal: AbortSignal | undefined;
  #playing: string | undefined;
  #followed: Player | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  set callId(id: string) {
    this.#callId = id;
  }

  protected override start(signal: AbortSignal): void {
    this.#signal = signal;
    const { query } = place.value;
    this.#tab = TABS.find((tab) => tab === query.get('tab')) ?? 'turns';
    this.#part = query.get('part') ?? undefined;
    signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true });
    onLiveEvent((event) => event.type === 'callEnded' && event.callId === this.#callId && this.#again(0), signal);
    void this.#load();
  }

  protected override view() {
    const detail = this.#detail;
    const words = t().call;
    if (detail === undefined) {
      return html`<div class="page-head">${this.#back()}<h1>${words.title}</h1></div>
        ${this.#problem === undefined ? html`<div class="card flush">${bones(6)}</div>` : problem(this.#problem, () => void this.#load())}`;
    }
    const { call } = detail;
    return html`
      <div class="page-head">${this.#back()}<h1 class="cut">${callerName(call)}</h1>${outcomeBadge(call.outcome)}
        ${call.agent === null ? nothing : badge(t().withAgent(call.agent), 'agent')}
        <p class="lead row small soft">${kindIcon(call.kind)}<span>${t().kinds[call.kind]}</span><span>${dateTime(call.startedAtMs)}</span>${
          call.durationMs === null ? nothing : html`<span class="figures">${duration(call.durationMs)}</span>`
        }<span>${languageName(call.language)}</span>${calledNumber(call)}</p></div>
      ${this.#sound(detail)}
      <div class="two call">
        <section class="card flush talk"><div class="card-head"><h2>${t().transcript}</h2>${
          this.#canSeek(detail) ? html`<span class="soft tiny push">${words.clickToPlay}</span>` : nothing
        }</div>${
          detail.lines.length === 0
            ? html`<p class="soft small pad">${words.nothingSaid}</p>`
            : html`<hk-transcript .language=${call.language} .times=${this.#canSeek(detail) ? 'call' : 'clock'} .lines=${detail.lines} .turns=${detail.turns} .playing=${this.#playing} .seek=${
                this.#canSeek(detail) ? (line: Line) => this.#player?.play(line.fromMs ?? 0) : undefined
              }></hk-transcript>`
        }</section>
        <section class="card flush about">
          <div class="tabs" role="tablist" aria-label=${words.about} @keydown=${(event: KeyboardEvent) => this.#tabKey(event)}>${TABS.map(
            (tab) =>
              html`<button type="button" role="tab" id=${`tab-${tab}`} aria-selected=${String(tab === this.#tab)} aria-controls="tab-panel" tabindex=${tab === this.#tab ? '0' : '-1'} @click=${() => this.#open(tab)}>${words.tabs[tab]}</button>`,
          )}</div>
          <div id="tab-panel" role="tabpanel" tabindex="0" aria-labelledby=${`tab-${this.#tab}`} class="panel">${this.#panel(detail)}</div>
        </section>
      </div>`;
  }

  protected override drawn(): void {
    const player = this.#player;
    const detail = this.#detail;
    if (player === undefined || detail === undefined) return;
    const part = detail.parts.find(({ id }) => id === detail.part);
    if (part !== undefined)
      player.show(this.#callId, part.id, part.durationMs ?? 0, Number(place.value.query.get('t') ?? 0) * 1000);
    if (this.#followed === player || this.#signal === undefined) return;
    this.#followed = player;
    player.atMs.listen((atMs) => this.#heard(atMs), this.#signal);
  }

  get #player(): Player | undefined {
    return this.querySelector<Player>('hk-player') ?? undefined;
  }

  #back(): TemplateResult {
    return html`<a class="button quiet square" href="#/calls" aria-label=${t().call.back} title=${t().call.back} @click=${(
      event: Event,
    ) => {
      // To the list as it was, with its filters.
      if (history.length < 2) return;
      event.preventDefault();
      history.back();
    }}>${icon('back')}</a>`;
  }

  #canSeek({ parts, part }: CallDetail): boolean {
    return parts.some(({ id, hasAudio }) => id === part && hasAudio);
  }

  #sound(detail: CallDetail): TemplateResult | typeof nothing {
    const words = t().call;
    const part = detail.parts.find(({ id }) => id === detail.part);
    if (part === undefined) return nothing;
    const chooser =
      detail.parts.length < 2
        ? nothing
        : html`<label class="row small parts"><span class="soft">${words.part}</span><select @change=${(event: Event) => this.#choose((event.target as HTMLSelectElement).value)}>${detail.parts.map(
            ({ id, startedAtMs, durationMs }, index) =>
              html`<option value=${id} ?selected=${id === part.id}>${index + 1} · ${dateTime(startedAtMs)}${durationMs === null ? '' : ` · ${duration(durationMs)}`}</option>`,
          )}</select></label>`;
    if (this.#canSeek(detail))
      return html`<section class="card" aria-label=${words.sound}>${chooser}<hk-player></hk-player></section>`;
    return html`<section class="card row" aria-label=${words.sound}>${chooser}<p class="soft small">${part.noAudioReason === null ? words.noAudio : said(part.noAudioReason)}</p></section>`;
  }

  #panel(detail: CallDetail): TemplateResult {
    const words = t().call;
    if (this.#tab === 'trace') return traceTable(detail.events, detail.eventsCut);
    if (this.#tab === 'facts') {
      const headers = Object.entries(detail.headers);
      return html`<div class="stack gap">
        <section><h3>${t().slots}</h3>${slotFacts(detail.slots)}</section>
        ${
          detail.tickets.length === 0
            ? nothing
            : html`<section><h3>${words.tickets}</h3><p class="chips">${detail.tickets.map((number) => html`<span class="chip figures">${number}</span>`)}</p></section>`
        }
        ${
          detail.notes.length === 0 && detail.call.wrapUpCode === null
            ? nothing
            : html`<section><h3>${words.notes}</h3>${detail.notes.map(
                ({ atMs, by, text, code }) =>
                  html`<div class="a-note"><p class="tiny soft">${by} · ${dateTime(atMs)}${code === null ? nothing : html` · ${code}`}</p><p>${text}</p></div>`,
              )}</section>`
        }
        ${
          headers.length === 0
            ? nothing
            : html`<section><h3>${words.headers}</h3><dl class="facts">${headers.map(([name, value]) => html`<dt>${name}</dt><dd>${valueText(value)}</dd>`)}</dl></section>`
        }
        <section><h3>${words.identity}</h3><dl class="facts"><dt>${words.id}</dt><dd class="mono">${detail.call.id}</dd>${
          detail.part === null ? nothing : html`<dt>${words.record}</dt><dd class="mono">${detail.part}</dd>`
        }</dl></section>
      </div>`;
    }
    if (detail.turns.length === 0) return html`<p class="soft small">${words.noTurns}</p>`;
    const scaleMs = scaleOf(detail.turns);
    return html`<ol class="turns">${detail.turns.map(
      (turn) => html`<li>
        <p class="turn-head"><span class="soft figures">${turn.turnId}</span><strong>${turn.inputType === 'event' ? html`<code>${turn.input}</code>` : turn.input}</strong>${turn.noMatch ? badge(t().notUnderstood, 'warn') : nothing}</p>
        ${turn.reply === null ? nothing : html`<p class="small soft reply">${turn.reply}</p>`}
        ${waterfall(turn, scaleMs)}
        <details><summary>${words.howUnderstood}</summary><div class="stack gap">${understanding(turn)}</div></details>
      </li>`,
    )}</ol>`;
  }

  #heard(atMs: number): void {
    const lines = this.#detail?.lines ?? [];
    const playing = lineAt(lines, atMs)?.id;
    if (playing === this.#playing) return;
    this.#playing = playing;
    this.update();
  }

  #open(tab: Tab): void {
    this.#tab = tab;
    go(address(['calls', this.#callId], { part: this.#part, tab: tab === 'turns' ? undefined : tab }), true);
    this.update();
  }

  #tabKey(event: KeyboardEvent): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = TABS[(TABS.indexOf(this.#tab) + step + TABS.length) % TABS.length];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    this.#open(next);
    queueMicrotask(() => this.querySelector<HTMLElement>(`#tab-${next}`)?.focus());
  }

  #choose(part: string): void {
    this.#part = part;
    go(address(['calls', this.#callId], { part, tab: this.#tab === 'turns' ? undefined : this.#tab }), true);
    void this.#load();
  }

  /** Right after a call its sound and last events are still being written: they are asked for until they are there, or it is clear that they won't come. */
  #settle({ call, parts }: CallDetail): void {
    const endedAgoMs = nowMs() - (call.endedAtMs ?? call.startedAtMs);
    const complete = parts.length > 0 && parts.every(({ hasAudio, durationMs }) => hasAudio && durationMs !== null);
    if (complete || call.kind === 'text' || endedAgoMs > SETTLING_MS) return;
    this.#again(1000);
  }

  #again(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#load(), afterMs);
  }

  async #load(): Promise<void> {
    this.#problem = undefined;
    this.update();
    try {
      this.#detail = await api.call(this.#callId, this.#part, this.#signal);
      this.#settle(this.#detail);
    } catch (error) {
      if (isAbort(error)) return;
      this.#problem = error;
      this.#detail = undefined;
    }
    this.#playing = undefined;
    this.update();
  }
}

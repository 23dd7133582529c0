import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { clock, duration } from '../core/format.js';
import type { ShownCall } from '../core/live-model.js';
import { address, place } from '../core/router.js';
import { live, liveTick, me, nowMs } from '../core/session.js';
import { View } from '../core/view.js';
import { calledNumber, callerName, empty, kindIcon, languageName, slotFacts, stateBadge } from '../parts/bits.js';
import { icon } from '../parts/icons.js';
import { linkBadge } from '../parts/link-badge.js';
import { understood } from '../parts/transcript.js';
import { scaleOf, strip } from '../parts/waterfall.js';
import { t } from '../words/words.js';

/** Calls as they happen: a list, and one of them as it grows. */
export class LivePage extends View {
  protected override start(signal: AbortSignal): void {
    liveTick.listen(() => this.update(), signal);
    place.listen(() => this.update(), signal);
    const timer = setInterval(() => this.update(), 1000);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  protected override view() {
    const words = t().live;
    const [, id] = place.value.parts;
    const calls = [...live.calls.values()].sort(
      (left, right) => order(left) - order(right) || right.startedAtMs - left.startedAtMs,
    );
    const chosen = id === undefined ? undefined : live.calls.get(id);
    return html`
      <div class="page-head"><h1>${t().pages.live}</h1>${linkBadge()}</div>
      <div class="split ${id === undefined ? '' : 'chosen'}">
        <section class="card flush list" aria-label=${words.list}>${this.#list(calls, id)}</section>
        <section class="detail" aria-label=${words.detail}>${
          chosen !== undefined
            ? this.#call(chosen)
            : id === undefined
              ? html`<div class="card">${empty('live', words.choose, words.chooseText)}</div>`
              : this.#gone(id)
        }</section>
      </div>`;
  }

  #list(calls: readonly ShownCall[], id: string | undefined): TemplateResult {
    const words = t().live;
    if (calls.length === 0)
      return live.known
        ? empty('phone', words.none, words.noneText)
        : html`<div class="bones"><i></i><i></i><i></i></div>`;
    return html`<ul class="calls">${repeat(
      calls,
      (call) => call.id,
      (
        call,
      ) => html`<li class=${call.endedAtMs === null ? '' : 'over'}><a href=${address(['live', call.id])} aria-current=${call.id === id ? 'true' : nothing}>
        <span class="row fixed">${kindIcon(call.kind)}<strong class="cut">${callerName(call)}</strong><span class="figures soft push">${duration((call.endedAtMs ?? nowMs()) - call.startedAtMs)}</span></span>
        <span class="row fixed">${stateBadge(call)}<span class="soft small cut">${call.intent ?? ''}</span><span class="soft tiny push">${languageName(call.language)}</span></span>
      </a></li>`,
    )}</ul>`;
  }

  #call(call: ShownCall): TemplateResult {
    const words = t().live;
    const turns = call.turns.filter(({ inputType }) => inputType !== 'event').toReversed();
    const scaleMs = scaleOf(turns);
    return html`
      <div class="card head">
        <a class="button quiet square back" href=${address(['live'])} aria-label=${t().back}>${icon('back')}</a>
        <div class="grow"><h2 class="cut">${callerName(call)}</h2>
          <p class="row small soft">${kindIcon(call.kind)}<span>${t().kinds[call.kind]}</span><span>${languageName(call.language)}</span>${calledNumber(call)}<span class="figures">${clock(call.startedAtMs)}</span></p></div>
        <div class="row push"><span class="figures big">${duration((call.endedAtMs ?? nowMs()) - call.startedAtMs)}</span>${stateBadge(call)}
        ${me.value?.can.search ? html`<a class="button" href=${address(['calls', call.id])}>${words.open}</a>` : nothing}</div>
      </div>
      <div class="two">
        <section class="card flush talk"><div class="card-head"><h2>${t().transcript}</h2></div>
          ${
            call.lines.length === 0
              ? html`<p class="soft small pad">${words.nothingSaid}</p>`
              : html`<hk-transcript .language=${call.language} .follow=${true} .times=${'clock'} .lines=${call.lines} .turns=${call.turns}></hk-transcript>`
          }
        </section>
        <div class="stack gap">
          <section class="card"><div class="card-head"><h2>${t().slots}</h2></div>${slotFacts(call.slots)}</section>
          <section class="card"><div class="card-head"><h2>${words.turns}</h2></div>
            ${
              turns.length === 0
                ? html`<p class="soft small">${words.noTurns}</p>`
                : html`<ol class="turn-list">${repeat(
                    turns,
                    ({ turnId }) => turnId,
                    (turn) =>
                      html`<li><p class="cut" title=${turn.input}>${turn.input}</p>${understood(turn)}${turn.stages.length > 0 ? strip(turn, scaleMs) : nothing}</li>`,
                  )}</ol>`
            }
          </section>
        </div>
      </div>`;
  }

  #gone(id: string): TemplateResult {
    const words = t().live;
    if (!live.known) return html`<div class="card"><div class="bones"><i></i><i></i></div></div>`;
    return html`<div class="card">${empty(
      'phone',
      words.gone,
      words.goneText,
      html`<p class="row"><a class="button" href=${address(['live'])}>${t().back}</a>${me.value?.can.search ? html`<a class="button strong" href=${address(['calls', id])}>${words.openPast}</a>` : nothing}</p>`,
    )}</div>`;
  }
}

function order(call: ShownCall): number {
  return call.endedAtMs === null ? 0 : 1;
}

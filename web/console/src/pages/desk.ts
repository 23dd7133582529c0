import { html, nothing, type TemplateResult } from 'lit-html';
import { keyed } from 'lit-html/directives/keyed.js';
import { api, isAbort } from '../api/client.js';
import type {
  Agent,
  Chat,
  Desk as DeskFacts,
  Offer,
  PhoneCall,
  Presence,
  QueueItem,
  WrapUpCode,
} from '../api/contract.js';
import { clock, duration } from '../core/format.js';
import { missed } from '../core/ringer.js';
import { address, go, place } from '../core/router.js';
import { live, liveChanged, liveTick, me, nowMs, unread } from '../core/session.js';
import { change, settings } from '../core/settings.js';
import { View } from '../core/view.js';
import {
  agentName,
  bones,
  callerName,
  empty,
  kindIcon,
  langOf,
  languageName,
  problem,
  reasonText,
  sentimentBadge,
  slotFacts,
} from '../parts/bits.js';
import { icon } from '../parts/icons.js';
import { linkBadge } from '../parts/link-badge.js';
import { tell, tellProblem } from '../parts/notes.js';
import { t } from '../words/words.js';

/** Where an agent works: presence, what rings, conversations in hand, who waits, and tickets. */
export class Desk extends View {
  #codes: readonly WrapUpCode[] = [];
  #me: Agent | undefined;
  #problem: unknown;
  #loaded = false;
  #signal: AbortSignal | undefined;
  readonly #busy = new Set<string>();
  /** The link that a telephone showed, being followed. */
  #followed = '';

  protected override start(signal: AbortSignal): void {
    this.#signal = signal;
    liveTick.listen(() => this.update(), signal);
    place.listen(() => this.#arrived(), signal);
    const timer = setInterval(() => this.update(), 1000);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    signal.addEventListener('abort', () => unread.look(undefined), { once: true });
    void this.#load();
    this.#arrived();
  }

  protected override view() {
    const words = t().desk;
    const [, tab] = place.value.parts;
    const chats = [...live.chats.values()];
    const chosen = live.chats.get(tab ?? '') ?? (tab === undefined ? chats[0] : undefined);
    if (unread.look(chosen?.id)) liveChanged();
    return html`
      <div class="page-head"><h1>${t().pages.desk}</h1>${linkBadge()}${this.#presence()}</div>
      ${this.#problem === undefined ? nothing : problem(this.#problem, () => void this.#load())}
${this.#warnings()}
      <div class="rings" aria-live="assertive">${[...live.offers.values()].map((offer) => this.#offer(offer))}</div>
      <div class="tabs links"><nav aria-label=${words.parts}><ul>
        ${chats.map(
          (chat) =>
            html`<li><a href=${address(['desk', chat.id])} aria-current=${chat === chosen ? 'true' : nothing}>${kindIcon(chat.kind)}<span class="cut">${callerName(chat)}</span>${sinceWhen(chat, chats)}${this.#news(chat)}${chat.state === 'wrapUp' ? html`<span class="badge warn">${words.wrapUp}</span>` : nothing}</a></li>`,
        )}
        <li><a href=${address(['desk', 'queue'])} aria-current=${tab === 'queue' || (tab === undefined && chosen === undefined) ? 'true' : nothing}>${words.queue}<span class="soft figures">${live.queue.length + live.phoneCalls.length}</span></a></li>
        <li><a href=${address(['desk', 'tickets'])} aria-current=${tab === 'tickets' ? 'true' : nothing}>${words.tickets}</a></li>
      </ul></nav></div>
      ${
        !this.#loaded || !live.known
          ? html`<div class="card flush">${bones(4)}</div>`
          : chosen !== undefined
            ? html`${keyed(chosen.id, html`<hk-chat .chat=${chosen} .codes=${this.#codes}></hk-chat>`)}`
            : tab === 'tickets'
              ? html`<hk-tickets></hk-tickets>`
              : this.#queue(tab !== undefined && tab !== 'queue')
      }`;
  }

  /** Why it may not be heard, or does not ring at all. */
  #warnings(): TemplateResult | typeof nothing {
    const words = t().desk;
    const presence = this.#agent()?.presence;
    if (missed.value !== undefined && presence === 'away')
      return html`<div class="banner warn" role="status">${icon('alert')}<p>${words.missed(clock(missed.value))}</p>
        <button type="button" class="button" @click=${() => void this.#present('available')}>${words.goAvailable}</button></div>`;
    // Browsers keep a page silent that nobody has touched since it was loaded.
    const silent = settings.value.ringing && navigator.userActivation?.hasBeenActive === false;
    return silent && presence === 'available' && live.offers.size === 0
      ? html`<div class="banner info" role="status">${icon('bellOff')}<p>${words.touch}</p></div>`
      : nothing;
  }

  /** What the visitor has written since anybody looked. */
  #news(chat: Chat): TemplateResult | typeof nothing {
    const news = unread.count(chat);
    return news === 0
      ? nothing
      : html`<span class="badge bad figures">${news}<span class="away"> ${t().unread(news)}</span></span>`;
  }

  #presence(): TemplateResult | typeof nothing {
    // It does not ring at a supervisor: they take over by themselves.
    if (me.value?.can.desk !== true) return nothing;
    const words = t().desk;
    const agent = this.#agent();
    const now = agent?.presence ?? 'offline';
    // Who is busy can say what they will be afterwards, and sees it.
    const chosen = now === 'busy' ? agent?.wants : now;
    return html`<div class="row push">
      ${now === 'busy' ? html`<span class="badge agent">${words.presences.busy}</span>` : nothing}
      <div class="segments" role="group" aria-label=${words.presence}>${(['available', 'away'] as const).map(
        (each) =>
          html`<button type="button" aria-pressed=${String(chosen === each)} @click=${() => void this.#present(each)}>${words.presences[each]}</button>`,
      )}</div>
      <button type="button" class="button quiet square" aria-pressed=${String(settings.value.ringing)} aria-label=${words.sound} title=${words.sound} @click=${() => change({ ringing: !settings.value.ringing })}>${icon(settings.value.ringing ? 'bell' : 'bellOff')}</button>
    </div>`;
  }

  #offer(offer: Offer): TemplateResult {
    const words = t().desk;
    const { context } = offer;
    const leftMs = Math.max(0, offer.expiresAtMs - nowMs());
    return html`<article class="card ring">
      <div class="card-head"><span class="ringer">${icon('bell')}</span><div class="grow"><h2>${(offer.kind === 'phone' ? words.phoneRings : words.rings)(callerName(offer))}</h2>
        <p class="row small soft">${kindIcon(offer.kind)}<span>${t().kinds[offer.kind]}</span><span>${languageName(offer.language)}</span>${sentimentBadge(context.sentiment)}<span class="figures" aria-hidden="true">${Math.ceil(leftMs / 1000)} s</span></p></div>
        <div class="row"><button type="button" class="button strong" ?disabled=${this.#busy.has(offer.id)} @click=${() => void this.#accept(offer)}>${offer.kind === 'phone' ? words.openPhone : words.accept}</button>
        <button type="button" class="button" ?disabled=${this.#busy.has(offer.id)} @click=${() => void this.#decline(offer)}>${offer.kind === 'phone' ? t().close : words.decline}</button></div></div>
      <div class="columns">
        <section><h3>${words.summary}</h3><p lang=${langOf(offer.language)}>${context.summary === '' ? '–' : context.summary}</p>${context.reason === '' ? nothing : html`<p class="small soft">${words.reason}: ${reasonText(context.reason)}</p>`}</section>
        <section><h3>${t().slots}</h3>${slotFacts(context.slots)}</section>
        <section class="last"><h3>${words.lastWords}</h3><ul class="last-words">${context.lines
          .filter(({ text }) => text !== '')
          .slice(-4)
          .map(
            (line) =>
              html`<li><b class=${line.who}>${t().who[line.who]}</b> <span lang=${langOf(offer.language)}>${line.text}</span></li>`,
          )}</ul></section>
      </div>
    </article>`;
  }

  #queue(gone: boolean): TemplateResult {
    const words = t().desk;
    const now = this.#agent()?.presence;
    if (live.queue.length === 0 && live.phoneCalls.length > 0) return this.#phoneCalls();
    if (live.queue.length === 0) {
      const here = me.value?.can.desk === true ? (now === 'away' ? words.awayText : words.quietText) : words.watchText;
      const text = gone ? words.goneText : here;
      return html`<div class="card">${empty(
        'inbox',
        gone ? words.gone : words.quiet,
        text,
        now === 'away' && me.value?.can.desk === true
          ? html`<button type="button" class="button strong" @click=${() => void this.#present('available')}>${words.goAvailable}</button>`
          : nothing,
      )}</div>`;
    }
    return html`${live.phoneCalls.length === 0 ? nothing : this.#phoneCalls()}<div class="card flush"><div class="tablebox"><table class="folds"><caption class="away">${words.queue}</caption>
      <thead><tr><th scope="col" class="number">#</th><th scope="col">${words.who}</th><th scope="col">${words.summary}</th><th scope="col" class="number">${words.waits}</th><th scope="col"><span class="away">${words.take}</span></th></tr></thead>
      <tbody>${live.queue.map((item) => this.#queued(item))}</tbody></table></div></div>`;
  }

  /** What the telephone system puts through: whoever answers opens it here. */
  #phoneCalls(): TemplateResult {
    const words = t().desk;
    return html`<div class="card flush"><div class="card-head"><h2>${words.phoneCalls}</h2></div><div class="tablebox"><table class="folds"><caption class="away">${words.phoneCalls}</caption>
      <thead><tr><th scope="col">${words.who}</th><th scope="col">${words.summary}</th><th scope="col">${words.target}</th><th scope="col" class="number">${words.since}</th><th scope="col"><span class="away">${words.openPhone}</span></th></tr></thead>
      <tbody>${live.phoneCalls.map((call) => this.#phoneCall(call))}</tbody></table></div></div>`;
  }

  #phoneCall(call: PhoneCall): TemplateResult {
    const words = t().desk;
    return html`<tr><td><span class="row fixed">${kindIcon('phone')}<span>${callerName({ ...call, kind: 'phone' })}</span><span class="soft tiny">${languageName(call.language)}</span></span></td>
      <td class="first about"><p lang=${langOf(call.language)}>${call.summary}</p>${call.reason === '' ? nothing : html`<p class="small soft">${reasonText(call.reason)}</p>`}</td>
      <td><span class="cut">${call.agents.length === 0 ? call.target : call.agents.map(agentName).join(', ')}</span> <span class="badge ${call.state === 'answered' ? 'good' : 'warn'}">${words.phoneStates[call.state]}</span></td>
      <td class="number">${duration(nowMs() - call.sinceMs)}</td>
      <td class="number"><button type="button" class="button" ?disabled=${this.#busy.has(call.callId)} @click=${() => void this.#openPhone(call.callId)}>${words.openPhone}</button></td></tr>`;
  }

  #queued(item: QueueItem): TemplateResult {
    const words = t().desk;
    return html`<tr><td class="number">${item.position}</td>
      <td><span class="row fixed">${kindIcon(item.kind)}<span>${callerName(item)}</span><span class="soft tiny">${languageName(item.language)}</span></span></td>
      <td class="first about"><p lang=${langOf(item.language)}>${item.summary}</p>${item.reason === '' ? nothing : html`<p class="small soft">${reasonText(item.reason)}</p>`}</td>
      <td class="number">${duration(nowMs() - item.queuedAtMs)}</td>
      <td class="number">${item.ringing === null ? html`<button type="button" class="button" ?disabled=${this.#busy.has(item.id)} @click=${() => void this.#take(item)}>${words.take}</button>` : html`<span class="soft small">${words.ringsAt(agentName(item.ringing))}</span>`}</td></tr>`;
  }

  #agent(): Agent | undefined {
    return live.agents.get(me.value?.name ?? '') ?? this.#me;
  }

  async #load(): Promise<void> {
    try {
      const facts: DeskFacts = await api.desk(this.#signal);
      this.#codes = facts.wrapUpCodes;
      this.#me = facts.me;
      this.#loaded = true;
      this.#problem = undefined;
    } catch (error) {
      if (isAbort(error)) return;
      this.#problem = error;
    }
    this.update();
  }

  async #present(presence: Extract<Presence, 'available' | 'away'>): Promise<void> {
    try {
      const agent = await api.presence({ presence });
      missed.set(undefined);
      this.#me = agent;
      live.agents.set(agent.name, agent);
      liveChanged();
    } catch (error) {
      tellProblem(error);
    }
  }

  #accept(offer: Offer): Promise<void> {
    return this.#once(offer.id, async () => {
      const chat = await api.accept(offer.id);
      live.offers.delete(offer.id);
      live.putChat(chat);
      go(address(['desk', chat.id]));
    });
  }

  #openPhone(callId: string): Promise<void> {
    return this.#once(callId, async () => {
      const chat = await api.openPhone(callId);
      live.putChat(chat);
      go(address(['desk', chat.id]));
    });
  }

  /** `#/desk/phone/<id>`: what the bridge sends along as X-Hearken-Link. */
  #arrived(): void {
    const [, tab, callId] = place.value.parts;
    if (tab === 'phone' && callId !== undefined && callId !== this.#followed) {
      this.#followed = callId;
      void this.#openPhone(callId);
    }
    this.update();
  }

  #decline(offer: Offer): Promise<void> {
    return this.#once(offer.id, async () => {
      await api.decline(offer.id);
      live.offers.delete(offer.id);
      tell(t().desk.declined);
    });
  }

  #take(item: QueueItem): Promise<void> {
    return this.#once(item.id, async () => {
      const chat = await api.take(item.id);
      live.putChat(chat);
      go(address(['desk', chat.id]));
    });
  }

  /** One press, one request. */
  async #once(id: string, work: () => Promise<void>): Promise<void> {
    if (this.#busy.has(id)) return;
    this.#busy.add(id);
    this.update();
    try {
      await work();
    } catch (error) {
      tellProblem(error);
    }
    this.#busy.delete(id);
    liveChanged();
  }
}

/** Of visitors without a name: since when, so that one is told from the other. */
function sinceWhen(chat: Chat, chats: readonly Chat[]): TemplateResult | typeof nothing {
  const alike = chats.some((other) => other !== chat && callerName(other) === callerName(chat));
  return alike ? html`<span class="soft figures">${clock(chat.startedAtMs)}</span>` : nothing;
}

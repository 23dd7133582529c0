import { html, nothing, type TemplateResult } from 'lit-html';
import { keyed } from 'lit-html/directives/keyed.js';
import type { Me, Role } from './api/contract.js';
import { Ringer, ringing } from './core/ringer.js';
import { address, place } from './core/router.js';
import { findOut, leave, live, liveTick, me, unreachable, unread } from './core/session.js';
import { change, settings, type Theme } from './core/settings.js';
import { View } from './core/view.js';
import { type IconName, icon } from './parts/icons.js';
import type { Words } from './words/en.js';
import { t } from './words/words.js';

interface PageEntry {
  readonly name: keyof Words['pages'];
  readonly icon: IconName;
  readonly allowed: (user: Me) => boolean;
  readonly content: () => TemplateResult;
}

const PAGES: readonly PageEntry[] = [
  {
    name: 'desk',
    icon: 'desk',
    allowed: ({ can }) => can.desk || can.superviseDesk,
    content: () => html`<hk-desk></hk-desk>`,
  },
  { name: 'live', icon: 'live', allowed: () => true, content: () => html`<hk-live></hk-live>` },
  { name: 'calls', icon: 'search', allowed: ({ can }) => can.search, content: () => callsPage() },
  {
    name: 'supervisor',
    icon: 'people',
    allowed: ({ can }) => can.superviseDesk,
    content: () => html`<hk-supervisor></hk-supervisor>`,
  },
  {
    name: 'playground',
    icon: 'flask',
    allowed: ({ can }) => can.playground,
    content: () => html`<hk-playground></hk-playground>`,
  },
  { name: 'health', icon: 'heart', allowed: ({ can }) => can.health, content: () => html`<hk-health></hk-health>` },
];

function callsPage(): TemplateResult {
  const [, id] = place.value.parts;
  return id === undefined ? html`<hk-search></hk-search>` : html`${keyed(id, html`<hk-call .callId=${id}></hk-call>`)}`;
}

/** The frame around every page: who is signed in, where one can go, and what rings. */
export class App extends View {
  #menu = false;
  #shown = '';

  protected override start(signal: AbortSignal): void {
    for (const value of [me, unreachable, ringing]) value.listen(() => this.update(), signal);
    place.listen(() => this.#arrived(), signal);
    let counts = '';
    liveTick.listen(() => {
      const now = `${live.liveCount} ${live.queue.length} ${live.chats.size} ${unread.total(live.chats)}`;
      if (now !== counts) this.update();
      counts = now;
    }, signal);
    // What came while nobody could see the page is seen now.
    document.addEventListener('visibilitychange', () => this.update(), { signal });
    addEventListener('keydown', (event) => event.key === 'Escape' && this.#setMenu(false), { signal });
    new Ringer(signal);
    void findOut();
  }

  protected override view() {
    const user = me.value;
    document.documentElement.lang = settings.value.language;
    this.classList.toggle('signed-out', !user);
    if (user === undefined) return unreachable.value ? this.#away() : html`<main></main>`;
    if (user === null) return html`<main class="alone"><hk-sign-in></hk-sign-in></main><hk-notes></hk-notes>`;
    const page = this.#page(user);
    return html`
      <a class="skip" href="#main" @click=${(event: Event) => this.#skip(event)}>${t().skip}</a>
      <header class="top">
        <button type="button" class="button quiet square" aria-expanded=${String(this.#menu)} aria-controls="side" aria-label=${t().menu} @click=${() => this.#setMenu(!this.#menu)}>${icon('menu')}</button>
        ${this.#brand()}
        ${ringing.value > 0 ? html`<a class="button danger push" href=${address(['desk'])}>${icon('bell')}${t().ringing} ${ringing.value}</a>` : nothing}
      </header>
      ${this.#menu ? html`<div class="shade" @click=${() => this.#setMenu(false)}></div>` : nothing}
      <aside aria-label=${t().menu} class="side ${this.#menu ? 'open' : ''}" id="side">
        ${this.#brand()}
        <nav aria-label=${t().mainMenu}><ul>${PAGES.filter(({ allowed }) => allowed(user)).map(
          (each) =>
            html`<li><a href=${address([each.name])} aria-current=${each === page ? 'page' : nothing}>${icon(each.icon)}<span>${t().pages[each.name]}</span>${this.#count(each.name)}</a></li>`,
        )}</ul></nav>
        ${this.#foot(user)}
      </aside>
      <main id="main" tabindex="-1">${page.content()}</main>
      <hk-notes></hk-notes>`;
  }

  protected override drawn(): void {
    const user = me.value;
    const words = t();
    const title = !user ? words.signIn.title : words.pages[this.#page(user).name];
    const news = unread.total(live.chats);
    const rings =
      ringing.value > 0
        ? `(${ringing.value}) ${words.ringing} · `
        : news > 0
          ? `(${news}) ${words.unread(news)} · `
          : '';
    document.title = `${rings}${title} · Hearken`;
  }

  #page(user: Me): PageEntry {
    const allowed = PAGES.filter((page) => page.allowed(user));
    const [first] = place.value.parts;
    const fallback = user.roles.every((role) => role === 'agent') ? allowed[0] : undefined;
    return (
      allowed.find(({ name }) => name === first) ?? fallback ?? allowed.find(({ name }) => name === 'live') ?? firstPage
    );
  }

  #brand(): TemplateResult {
    return html`<a class="brand" href="#/">${icon('wave')}<span>Hearken</span></a>`;
  }

  #count(name: PageEntry['name']): TemplateResult | typeof nothing {
    if (name === 'live' && live.liveCount > 0) return html`<span class="count">${live.liveCount}</span>`;
    if (name !== 'desk') return nothing;
    const rings = ringing.value;
    if (rings > 0) return html`<span class="count ring">${rings}</span>`;
    const news = unread.total(live.chats);
    if (news > 0) return html`<span class="count ring">${news}<span class="away"> ${t().unread(news)}</span></span>`;
    return live.chats.size > 0 ? html`<span class="count">${live.chats.size}</span>` : nothing;
  }

  #foot(user: Me): TemplateResult {
    const words = t();
    const { language, theme } = settings.value;
    return html`<div class="foot">
      <div class="tools">
        <div class="segments" role="group" aria-label=${words.theme}>${(['system', 'light', 'dark'] as const).map(
          (each: Theme) =>
            html`<button type="button" aria-pressed=${String(each === theme)} @click=${() => change({ theme: each })}>${words.themes[each]}</button>`,
        )}</div>
        <div class="segments" role="group" aria-label=${words.language}>
          <button type="button" lang="zh-CN" aria-pressed=${String(language === 'zh-CN')} @click=${() => change({ language: 'zh-CN' })}>中文</button>
          <button type="button" lang="en" aria-pressed=${String(language === 'en')} @click=${() => change({ language: 'en' })}>English</button>
        </div>
      </div>
      <div class="row fixed who"><div class="cut"><strong class="cut">${user.displayName}</strong><span class="soft tiny">${words.roles[highest(user)]}</span></div>
        <button type="button" class="button quiet square push" aria-label=${words.signOut} title=${words.signOut} @click=${() => void leave()}>${icon('out')}</button></div>
    </div>`;
  }

  #away(): TemplateResult {
    return html`<main class="alone"><div class="sign-in card"><p>${t().errors.noAnswer}</p><button type="button" class="button strong" @click=${() => void findOut()}>${t().tryAgain}</button></div></main>`;
  }

  #arrived(): void {
    this.#menu = false;
    const name = `${place.value.parts[0] ?? ''}/${place.value.parts[1] ?? ''}`;
    this.update();
    if (name === this.#shown) return;
    this.#shown = name;
    // A new page begins at its top, for eyes and for screen readers. A choice inside a page moves nothing.
    queueMicrotask(() => {
      if (document.activeElement?.closest('main') != null) return;
      scrollTo(0, 0);
      this.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
    });
  }

  #setMenu(open: boolean): void {
    if (open === this.#menu) return;
    this.#menu = open;
    this.update();
    queueMicrotask(() => this.querySelector<HTMLElement>(open ? '.side nav a' : '.top button')?.focus());
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.querySelector<HTMLElement>('main')?.focus();
  }
}

/** The role that says most of what somebody may do. */
function highest({ roles }: Me): Role {
  return (['admin', 'supervisor', 'agent'] as const).find((role) => roles.includes(role)) ?? 'agent';
}

const firstPage: PageEntry = {
  name: 'live',
  icon: 'live',
  allowed: () => true,
  content: () => html`<hk-live></hk-live>`,
};

import { html, nothing, type TemplateResult } from 'lit-html';
import { api, isAbort } from '../api/client.js';
import type { Playground, PlaygroundApp, PlaygroundReply } from '../api/contract.js';
import { milliseconds } from '../core/format.js';
import { View } from '../core/view.js';
import { badge, bones, empty, languageName, problem, slotFacts } from '../parts/bits.js';
import { icon } from '../parts/icons.js';
import { tellProblem } from '../parts/notes.js';
import { understanding } from '../parts/understanding.js';
import { t } from '../words/words.js';

const ASK_EVERY_MS = 1000;

interface Exchange {
  readonly id: number;
  /** Undefined: the greeting. */
  readonly said: string | undefined;
  readonly reply: PlaygroundReply | undefined;
  readonly problem: unknown;
  readonly tookMs: number;
}

/** To type to an application that callers do not get yet, and to see how it understands each word. */
export class PlaygroundPage extends View {
  #apps: readonly PlaygroundApp[] | undefined;
  #problem: unknown;
  #app = '';
  #session: Playground | undefined;
  #language = '';
  #exchanges: readonly Exchange[] = [];
  #shown = 0;
  #waiting = false;
  #last = 0;
  #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  protected override start(signal: AbortSignal): void {
    this.#signal = signal;
    signal.addEventListener('abort', () => clearTimeout(this.#timer), { once: true });
    void this.#load();
  }

  protected override view() {
    const words = t().playground;
    const session = this.#session;
    return html`
      <div class="page-head"><h1>${t().pages.playground}</h1><p class="lead small soft">${words.lead}</p></div>
      ${this.#problem === undefined ? nothing : problem(this.#problem, () => void this.#load())}
      ${this.#apps === undefined ? (this.#problem === undefined ? html`<div class="card flush">${bones(3)}</div>` : nothing) : this.#chooser(this.#apps)}
      ${session?.state === 'loading' ? html`<div class="card">${empty('flask', words.loading, words.loadingText)}</div>` : nothing}
      ${session?.state === 'failed' ? html`<div class="card"><div class="banner bad" role="alert">${icon('alert')}<p>${words.failed}</p></div><pre class="problem" tabindex="0">${session.problem ?? ''}</pre></div>` : nothing}
      ${session?.state === 'ready' ? this.#talk() : nothing}
      ${this.#apps !== undefined && session === undefined ? html`<div class="card">${empty('flask', words.choose, words.chooseText)}</div>` : nothing}`;
  }

  protected override drawn(): void {
    const list = this.querySelector('.chat-scroll');
    if (list !== null && this.#last !== this.#exchanges.length + (this.#waiting ? 0.5 : 0))
      list.scrollTop = list.scrollHeight;
    this.#last = this.#exchanges.length + (this.#waiting ? 0.5 : 0);
  }

  #chooser(apps: readonly PlaygroundApp[]): TemplateResult {
    const words = t().playground;
    return html`<form class="card row end" @submit=${(event: SubmitEvent) => {
      event.preventDefault();
      void this.#open();
    }}>
      <label class="field grow"><span>${words.app}</span><select name="app" @change=${(event: Event) => {
        this.#app = (event.target as HTMLSelectElement).value;
      }}>${apps.map(
        ({ name, live: isLive, folder }) =>
          html`<option value=${name} title=${folder} ?selected=${name === this.#app}>${name}${isLive ? ` (${words.isLive})` : ''}</option>`,
      )}</select></label>
      ${
        (this.#session?.languages.length ?? 0) > 1
          ? html`<label class="field"><span>${t().language}</span><select @change=${(event: Event) => void this.#speak((event.target as HTMLSelectElement).value)}>${this.#session?.languages.map(
              (tag) => html`<option value=${tag} ?selected=${tag === this.#language}>${languageName(tag)}</option>`,
            )}</select></label>`
          : nothing
      }
      <div class="row end"><button class="button strong" ?disabled=${apps.length === 0 || this.#session?.state === 'loading'}>${this.#session === undefined ? words.open : words.reopen}</button>
      ${this.#session?.state === 'ready' ? html`<button type="button" class="button" ?disabled=${this.#waiting} @click=${() => void this.#restart()}>${icon('again')}${words.restart}</button>` : nothing}</div>
    </form>`;
  }

  #talk(): TemplateResult {
    const words = t().playground;
    const shown = this.#exchanges.find(({ id }) => id === this.#shown) ?? this.#exchanges.at(-1);
    return html`<div class="two playground">
      <section class="card flush chatbox" aria-label=${t().transcript}>
        <div class="chat-scroll" tabindex="0" role="log" aria-label=${t().transcript}><ol class="chat-lines">${this.#exchanges.map((exchange) => this.#exchange(exchange, exchange === shown))}${
          this.#waiting
            ? html`<li class="bubble bot soft"><span class="dots" aria-label=${t().loading}><i></i><i></i><i></i></span></li>`
            : nothing
        }</ol></div>
        <form class="composer" @submit=${(event: SubmitEvent) => this.#submit(event)}>
          <input name="text" maxlength="2000" autocomplete="off" aria-label=${words.typeHere} placeholder=${words.typeHere} />
          <button class="button strong square" aria-label=${t().send} title=${t().send}>${icon('send')}</button>
        </form>
      </section>
      <section class="card understood" aria-label=${words.understanding} aria-live="polite">${
        shown?.reply === undefined
          ? html`<p class="soft small">${words.nothingYet}</p>`
          : html`<div class="card-head"><h2 class="cut">${shown.said ?? words.greeting}</h2><span class="soft small figures push">${milliseconds(shown.tookMs)}</span></div>
            <div class="stack gap">${understanding(shown.reply.turn)}
              <section><h3>${t().slots}</h3>${slotFacts(shown.reply.turn.slots)}</section></div>`
      }</section>
    </div>`;
  }

  #exchange(exchange: Exchange, shown: boolean): TemplateResult {
    const words = t().playground;
    const { reply } = exchange;
    const turn = reply?.turn;
    return html`${
      exchange.said === undefined
        ? nothing
        : html`<li class="bubble caller"><p>${exchange.said}</p></li>
          ${
            turn === undefined
              ? nothing
              : html`<li class="under"><button type="button" class="chip" aria-pressed=${String(shown)} @click=${() => this.#show(exchange.id)}>
                  ${turn.noMatch ? html`<b>${t().notUnderstood}</b>` : html`<b>${turn.intent ?? turn.inputType}</b>`}${turn.confidence === null ? nothing : html`<span class="figures">${Math.round(turn.confidence * 100)} %</span>`}
                </button></li>`
          }`
    }
    ${reply?.replies.map(({ text }) => html`<li class="bubble bot"><p>${text}</p></li>`) ?? nothing}
    ${reply?.transfer ? html`<li class="event">${badge(words.transfer, 'agent')} ${reply.transfer.summary}</li>` : nothing}
    ${reply?.ended ? html`<li class="event">${badge(words.ended)}</li>` : nothing}
    ${exchange.problem === undefined ? nothing : html`<li>${problem(exchange.problem)}</li>`}`;
  }

  async #load(): Promise<void> {
    this.#problem = undefined;
    try {
      const { apps, sessions } = await api.playgrounds(this.#signal);
      this.#apps = apps;
      const open = sessions.find(({ state }) => state === 'ready' || state === 'loading');
      this.#app = open?.app ?? this.#app;
      if (this.#app === '') this.#app = apps.find(({ live: isLive }) => !isLive)?.name ?? apps[0]?.name ?? '';
      if (open !== undefined) this.#follow(open);
    } catch (error) {
      if (isAbort(error)) return;
      this.#problem = error;
    }
    this.update();
  }

  async #open(): Promise<void> {
    try {
      if (this.#session !== undefined) await api.playgroundClose(this.#session.id).catch(() => undefined);
      this.#exchanges = [];
      this.#session = undefined;
      this.#follow(await api.playgroundOpen(this.#app));
    } catch (error) {
      tellProblem(error);
    }
    this.update();
  }

  /** Training takes a while: asked again until it is over. */
  #follow(session: Playground): void {
    this.#session = session;
    this.update();
    clearTimeout(this.#timer);
    if (session.state === 'ready') {
      if (this.#language === '' || !session.languages.includes(this.#language))
        this.#language = session.languages[0] ?? '';
      if (this.#exchanges.length === 0) void this.#say(undefined);
      return;
    }
    if (session.state !== 'loading') return;
    this.#timer = setTimeout(() => {
      api
        .playground(session.id, this.#signal)
        .then((now) => this.#follow(now))
        .catch((error) => {
          if (isAbort(error)) return;
          this.#session = undefined;
          tellProblem(error);
          this.update();
        });
    }, ASK_EVERY_MS);
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem('text') as HTMLInputElement;
    const text = input.value.trim();
    if (text === '' || this.#waiting) return;
    input.value = '';
    void this.#say(text);
  }

  async #restart(): Promise<void> {
    this.#exchanges = [];
    await this.#say(undefined);
  }

  async #speak(language: string): Promise<void> {
    this.#language = language;
    await this.#restart();
  }

  async #say(text: string | undefined): Promise<void> {
    const session = this.#session;
    if (session === undefined || this.#waiting) return;
    const id = (this.#exchanges.at(-1)?.id ?? 0) + 1;
    const startedMs = performance.now();
    this.#waiting = true;
    this.#shown = id;
    const put = (exchange: Partial<Exchange>): void => {
      const made: Exchange = {
        id,
        said: text,
        reply: undefined,
        problem: undefined,
        tookMs: performance.now() - startedMs,
        ...exchange,
      };
      this.#exchanges = [...this.#exchanges.filter((each) => each.id !== id), made].slice(-200);
    };
    put({});
    this.update();
    try {
      const language = this.#language === '' ? {} : { language: this.#language };
      const reply = await api.playgroundSay(
        session.id,
        { ...(text === undefined ? {} : { text }), ...language },
        this.#signal,
      );
      put({ reply });
    } catch (error) {
      if (isAbort(error)) return;
      put({ problem: error });
    }
    this.#waiting = false;
    this.update();
  }

  #show(id: number): void {
    this.#shown = id;
    this.update();
  }
}

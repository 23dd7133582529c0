import { html, nothing, type TemplateResult } from 'lit-html';
import { api, isAbort } from '../api/client.js';
import type { LiveEvent, Playground, PlaygroundApp, Turn } from '../api/contract.js';
import { milliseconds } from '../core/format.js';
import { PlaygroundCall } from '../core/playground-call.js';
import { onLiveEvent } from '../core/session.js';
import { View } from '../core/view.js';
import { bones, empty, languageName, problem, slotFacts } from '../parts/bits.js';
import { icon } from '../parts/icons.js';
import { tellProblem } from '../parts/notes.js';
import { type Button, type Entry, type Exchange, playgroundLog } from '../parts/playground-log.js';
import type { TalkBar } from '../parts/talk-bar.js';
import { understanding } from '../parts/understanding.js';
import { scaleOf, waterfall } from '../parts/waterfall.js';
import { t } from '../words/words.js';

const ASK_EVERY_MS = 1000;
const MAX_ENTRIES = 400;

/** To talk or type to an application that callers do not get yet, and to see how it understands each word. */
export class PlaygroundPage extends View {
  #apps: readonly PlaygroundApp[] | undefined;
  #problem: unknown;
  #app = '';
  #session: Playground | undefined;
  #language = '';
  #entries: readonly Entry[] = [];
  /** Of calls, as they come. */
  readonly #turns = new Map<string, Turn>();
  #chosen: string | undefined;
  #count = 0;
  #waiting = false;
  #seen = '';
  #call: PlaygroundCall | undefined;
  #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  protected override start(signal: AbortSignal): void {
    this.#signal = signal;
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(this.#timer);
        this.#call?.close();
        this.#call = undefined;
      },
      { once: true },
    );
    onLiveEvent((event) => this.#happened(event), signal);
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
    const last = this.#entries.at(-1);
    const text = last !== undefined && 'line' in last ? last.line.text.length : 0;
    const seen = `${this.#entries.length} ${this.#waiting} ${text}`;
    const list = this.querySelector('.chat-scroll');
    if (list !== null && seen !== this.#seen) list.scrollTop = list.scrollHeight;
    this.#seen = seen;
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
      <div class="row end"><button class="button ${this.#session?.state === 'ready' ? '' : 'strong'}" ?disabled=${apps.length === 0 || this.#session?.state === 'loading'}>${this.#session === undefined ? words.open : words.reopen}</button>
      ${this.#session?.state === 'ready' ? html`<button type="button" class="button" ?disabled=${this.#waiting} @click=${() => void this.#restart()}>${icon('again')}${words.restart}</button>` : nothing}</div>
    </form>`;
  }

  #talk(): TemplateResult {
    const words = t().playground;
    const call = this.#call;
    const calling = call !== undefined && call.view.phase !== 'idle';
    return html`<div class="two playground">
      <section class="card flush chatbox" aria-label=${t().transcript}>
        <div class="chat-scroll" tabindex="0" role="log" aria-label=${t().transcript} aria-live=${calling ? 'off' : 'polite'}><ol class="chat-lines">${playgroundLog(
          this.#entries,
          {
            turnOf: (key) => this.#turns.get(key),
            chosen: this.#reading()?.key,
            choose: (key) => this.#choose(key),
            press: calling || this.#waiting ? undefined : (button) => this.#press(button),
          },
        )}${
          this.#waiting
            ? html`<li class="bubble bot soft"><span class="dots" aria-label=${t().loading}><i></i><i></i><i></i></span></li>`
            : nothing
        }</ol></div>
        ${call?.view.problem === undefined ? nothing : html`<div class="banner bad flat" role="alert">${icon('alert')}<p>${words.problems[call.view.problem]}</p></div>`}
        ${calling ? html`<hk-talk-bar .call=${call}></hk-talk-bar>` : nothing}
        <form class="composer" @submit=${(event: SubmitEvent) => this.#submit(event)}>
          ${
            this.#session?.talk !== true || calling
              ? nothing
              : html`<button type="button" class="button" ?disabled=${this.#waiting} @click=${() => void this.#begin()}>${icon('mic')}${words.talk}</button>`
          }
          <input name="text" maxlength="2000" autocomplete="off" aria-label=${words.typeHere} placeholder=${words.typeHere} />
          <button class="button strong square" aria-label=${t().send} title=${t().send}>${icon('send')}</button>
        </form>
      </section>
      ${this.#understood()}
    </div>`;
  }

  #understood(): TemplateResult {
    const words = t().playground;
    const read = this.#reading();
    if (read === undefined)
      return html`<section class="card understood" aria-label=${words.understanding} aria-live="polite"><p class="soft small">${words.nothingYet}</p></section>`;
    const { turn, title, tookMs } = read;
    return html`<section class="card understood" aria-label=${words.understanding} aria-live="polite">
      <div class="card-head"><h2 class="cut">${title}</h2>${tookMs === null ? nothing : html`<span class="soft small figures push">${milliseconds(tookMs)}</span>`}</div>
      <div class="stack gap">${understanding(turn)}
        ${turn.stages.length === 0 ? nothing : html`<section><h3>${words.steps}</h3>${waterfall(turn, scaleOf([turn]))}</section>`}
        <section><h3>${t().slots}</h3>${slotFacts(turn.slots)}</section></div>
    </section>`;
  }

  /** The turn that is shown beside: the chosen one, else the last of somebody's words. */
  #reading():
    | { readonly key: string; readonly turn: Turn; readonly title: string; readonly tookMs: number | null }
    | undefined {
    const words = t().playground;
    const found = this.#entries.findLast(
      (entry) =>
        (this.#chosen === undefined || this.#chosen === (('line' in entry && entry.turnKey) || entry.key)) &&
        (('line' in entry && entry.line.who === 'caller' && this.#turns.has(entry.turnKey ?? '')) ||
          ('reply' in entry && entry.reply !== undefined)),
    );
    if (found === undefined || 'happened' in found) return undefined;
    if ('reply' in found)
      return (
        found.reply && {
          key: found.key,
          turn: found.reply.turn,
          title: found.said ?? words.greeting,
          tookMs: found.tookMs,
        }
      );
    const key = 'turnKey' in found ? (found.turnKey ?? '') : '';
    const turn = this.#turns.get(key);
    return turn && { key, turn, title: turn.input, tookMs: turn.responseMs };
  }

  async #begin(): Promise<void> {
    const session = this.#session;
    if (session === undefined || (this.#call !== undefined && this.#call.view.phase !== 'idle')) return;
    this.#clear();
    this.#call = new PlaygroundCall({
      playgroundId: session.id,
      language: () => this.#language,
      onChange: () => {
        this.update();
        this.querySelector<TalkBar>('hk-talk-bar')?.update();
      },
      onLevels: (levels) => this.querySelector<TalkBar>('hk-talk-bar')?.levels(levels),
      onTransfer: (summary) => this.#add({ key: this.#key(), happened: 'transfer', text: summary }),
      onEnded: () => this.#add({ key: this.#key(), happened: 'ended', text: '' }),
    });
    await this.#call.begin();
  }

  /** What was said in a call to this playground, and how it was understood. */
  #happened(event: LiveEvent): void {
    if (event.type !== 'playgroundLine' && event.type !== 'playgroundTurn') return;
    if (event.playgroundId !== this.#session?.id) return;
    if (event.type === 'playgroundTurn') this.#turns.set(`${event.callId}:${event.turn.turnId}`, event.turn);
    else {
      const { line, callId } = event;
      const turnKey = line.turnId === undefined || line.turnId === null ? undefined : `${callId}:${line.turnId}`;
      this.#add({ key: `${callId} ${line.id}`, line, turnKey });
    }
    this.update();
  }

  /** In its place, when it is there already. */
  #add(entry: Entry): void {
    const at = this.#entries.findIndex(({ key }) => key === entry.key);
    this.#entries = (at === -1 ? [...this.#entries, entry] : this.#entries.with(at, entry)).slice(-MAX_ENTRIES);
    this.update();
  }

  #key(): string {
    this.#count += 1;
    return `${this.#count}`;
  }

  #clear(): void {
    this.#entries = [];
    this.#turns.clear();
    this.#chosen = undefined;
  }

  #choose(key: string): void {
    this.#chosen = key;
    this.update();
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
      this.#clear();
      this.#call?.close();
      this.#call = undefined;
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
      if (this.#entries.length === 0) void this.#say(undefined);
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
    this.#chosen = undefined;
    // Into the call, while there is one: it comes back as a line.
    if (this.#call?.type(text) !== true) void this.#say(text);
  }

  #press({ title, payload }: Button): void {
    // The button goes with its turn; the keyboard stays in the conversation.
    this.querySelector<HTMLElement>('.chat-scroll')?.focus();
    void this.#say(payload, title);
  }

  async #restart(): Promise<void> {
    this.#call?.close();
    this.#clear();
    await this.#say(undefined);
  }

  async #speak(language: string): Promise<void> {
    this.#language = language;
    await this.#restart();
  }

  /** `shown`: what stands for the text, where somebody pressed a button. */
  async #say(text: string | undefined, shown = text): Promise<void> {
    const session = this.#session;
    if (session === undefined || this.#waiting) return;
    const key = this.#key();
    const startedMs = performance.now();
    this.#waiting = true;
    this.#chosen = undefined;
    const put = (exchange: Partial<Exchange>): void =>
      this.#add({
        key,
        said: shown,
        reply: undefined,
        problem: undefined,
        tookMs: performance.now() - startedMs,
        ...exchange,
      });
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
}

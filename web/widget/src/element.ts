import { type UiLanguage, uiLanguage } from '../../shared/language.js';
import { Conversation } from './conversation.js';
import { browserPlatform } from './platform.js';
import { css } from './styles.js';
import { View } from './view.js';
import { WORDS } from './words.js';

/** Hz; the recognisers' own rate. `sample-rate="8000"` halves what goes over the line. */
const RATES: ReadonlySet<number> = new Set([8000, 16_000]);

/**
 * `<hearken-call>`. Attributes: `server` (default: where the script came from), `tokens` (address that gives tokens; default: the server's), `language` (`zh-CN`, `en`;
 * default: the page's), `heading`, `theme` (`light`, `dark`), `inline`, `open`, `sample-rate`. Events: `hearken-start`, `hearken-end`, `hearken-transfer`.
 */
export function defineHearkenCall(script: string): void {
  if (customElements.get('hearken-call')) return;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);

  class HearkenCall extends HTMLElement {
    static readonly observedAttributes = ['language', 'heading', 'inline'];
    readonly #root = this.attachShadow({ mode: 'open' });
    #conversation: Conversation | undefined;
    #view: View | undefined;
    #chosen: UiLanguage | undefined;
    readonly #leave = (): void => this.#conversation?.close();
    readonly #back = (event: PageTransitionEvent): void => {
      // From the browser's cache of pages: what was closed on leaving begins anew, from what is remembered.
      if (event.persisted) this.#begin();
    };

    connectedCallback(): void {
      this.#root.adoptedStyleSheets = [sheet];
      this.#begin();
      window.addEventListener('pagehide', this.#leave);
      window.addEventListener('pageshow', this.#back);
    }

    disconnectedCallback(): void {
      window.removeEventListener('pagehide', this.#leave);
      window.removeEventListener('pageshow', this.#back);
      this.#conversation?.close();
      this.#conversation = undefined;
      this.#view?.destroy();
    }

    attributeChangedCallback(name: string): void {
      if (name === 'language') this.#chosen = undefined;
      if (this.#conversation !== undefined) this.#build();
    }

    /** `zh-CN` or `en`: what the visitor chose, the attribute, the page, the browser. */
    get language(): UiLanguage {
      return (
        this.#chosen ??
        uiLanguage(this.getAttribute('language') ?? (document.documentElement.lang || navigator.language || 'zh-CN'))
      );
    }

    /** Opens the panel. */
    open(): void {
      this.#setOpen(true, true);
    }

    /** Folds the panel; a call goes on. */
    close(): void {
      this.#setOpen(false, true);
    }

    /** Begins a call. From a click: browsers want one before they give sound. */
    talk(): Promise<void> {
      this.#setOpen(true, false);
      return this.#conversation?.talk() ?? Promise.resolve();
    }

    hangUp(): void {
      this.#conversation?.hangUp();
    }

    /** Types for the visitor. */
    type(text: string): void {
      this.#conversation?.type(text);
    }

    /** For a site whose visitor signs out: what was said is forgotten, a call ends, and the next words begin a new conversation. */
    forget(): void {
      this.#conversation?.forget();
      if (this.isConnected) this.#begin();
    }

    /** For measuring: times that the bot's words broke off in this call because audio came late. */
    get gaps(): number {
      return this.#conversation?.gaps ?? 0;
    }

    #begin(): void {
      const server = new URL(this.getAttribute('server') ?? new URL('/', script).href, location.href).href;
      const rate = Number(this.getAttribute('sample-rate') ?? 16_000);
      this.#conversation = new Conversation({
        server,
        tokens: new URL(this.getAttribute('tokens') ?? new URL('/api/widget/token', server).href, location.href).href,
        platform: browserPlatform(script),
        rate: RATES.has(rate) ? rate : 16_000,
        language: () => this.language,
        onChange: () => {
          const { model } = this.#conversation ?? {};
          if (model !== undefined) this.#view?.show(model);
        },
        onLevels: (levels) => this.#view?.levels(levels),
        onAnnounce: ({ name, text, choices }) => this.#view?.announce(name ?? WORDS[this.language].bot, text, choices),
        onTransfer: ({ target, headers }, done) => this.#offer(target, headers, done),
        onCall: (event, detail) => this.#tell(`hearken-${event}`, detail),
      });
      this.#build();
      this.#setOpen(this.#conversation.wasOpen || this.hasAttribute('open'), false);
    }

    #build(): void {
      const words = WORDS[this.language];
      this.#view?.destroy();
      const conversation = this.#conversation as Conversation;
      this.#view = new View(words, this.getAttribute('heading') ?? words.heading, {
        open: () => this.open(),
        close: () => this.close(),
        talk: () => void conversation.talk(),
        hangUp: () => conversation.hangUp(),
        mute: () => conversation.mute(!conversation.model.muted),
        person: () => conversation.type(words.personWords),
        language: () => this.#otherLanguage(),
        key: (digit) => conversation.key(digit),
        send: (text) => conversation.type(text),
        choose: (choice) => conversation.choose(choice),
        dismiss: () => conversation.dismiss(),
        goOn: () => void conversation.goOn(),
      });
      this.#root.replaceChildren(...this.#view.nodes);
      this.#root.host.setAttribute('lang', this.language);
      this.#view.show(conversation.model);
      this.#view.setOpen(this.hasAttribute('open'), this.hasAttribute('inline'), false);
    }

    #setOpen(open: boolean, focus: boolean): void {
      this.toggleAttribute('open', open);
      this.#conversation?.rememberOpen(open);
      this.#view?.setOpen(open, this.hasAttribute('inline'), focus);
    }

    #otherLanguage(): void {
      const words = WORDS[this.language];
      this.#chosen = this.language === 'en' ? 'zh-CN' : 'en';
      this.#build();
      this.#conversation?.changeLanguage(words.otherLanguageWords);
    }

    /** A page with people of its own (a chat desk, a phone link) takes the visitor over: `preventDefault()`, then `complete()` or `fail()`. */
    #offer(target: string, headers: Readonly<Record<string, string>>, done: (completed: boolean) => void): boolean {
      let answered = false;
      const once = (completed: boolean): void => {
        if (answered) return;
        answered = true;
        done(completed);
      };
      return !this.#tell(
        'hearken-transfer',
        { target, headers, complete: () => once(true), fail: () => once(false) },
        true,
      );
    }

    /** False when a listener prevented the default. */
    #tell(name: string, detail: object, cancelable = false): boolean {
      return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable }));
    }
  }

  customElements.define('hearken-call', HearkenCall);
}

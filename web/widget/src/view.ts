import { h, icon, setText } from '../../shared/dom.js';
import { choiceGroup, enableChoices } from './choices.js';
import type { Choice } from './memory.js';
import { Meter } from './meter.js';
import { choosable, type Model, type ShownLine } from './model.js';
import type { Words } from './words.js';

export interface ViewActions {
  open(): void;
  close(): void;
  talk(): void;
  hangUp(): void;
  mute(): void;
  person(): void;
  language(): void;
  /** One of the keypad's buttons, or any key that was pressed over them. */
  key(key: string): void;
  send(text: string): void;
  choose(choice: Choice): void;
  dismiss(): void;
  goOn(): void;
}

const MIC = ['M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3z', 'M5.5 11.5a6.5 6.5 0 0 0 13 0', 'M12 18v3'];
const ICONS = {
  mic: MIC,
  micOff: [...MIC, 'M4 4l16 16'],
  wave: ['M4 10v4', 'M8 7v10', 'M12 4v16', 'M16 7v10', 'M20 10v4'],
  down: ['M6 9l6 6 6-6'],
  phoneDown: ['M3 14.5c5.5-5 12.5-5 18 0l-2.2 2.6-3.4-1.5v-2.8c-2.2-.7-4.6-.7-6.8 0v2.8l-3.4 1.5z'],
  keypad: [
    'M6 6h.01',
    'M12 6h.01',
    'M18 6h.01',
    'M6 12h.01',
    'M12 12h.01',
    'M18 12h.01',
    'M6 18h.01',
    'M12 18h.01',
    'M18 18h.01',
  ],
  person: ['M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z', 'M4.5 20.5c1.2-3.4 4-5 7.5-5s6.300 1.600 7.500 5'],
  send: ['M5 12h13', 'M12.500 5.500L19 12l-6.500 6.500'],
} as const;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;

/** What is on the screen. It is told the model and shows it; it decides nothing. */
export class View {
  readonly nodes: readonly Node[];
  readonly #words: Words;
  readonly #launcher: HTMLButtonElement;
  readonly #panel: HTMLElement;
  readonly #status: HTMLElement;
  readonly #list = h('ol');
  readonly #scroller: HTMLElement;
  readonly #hello: HTMLElement;
  readonly #dots = h('div', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'));
  readonly #partial = h('div', { class: 'line caller partial', 'aria-hidden': 'true' });
  readonly #notice: HTMLElement;
  readonly #noticeText = h('p');
  readonly #noticeButton: HTMLButtonElement;
  readonly #handover: HTMLElement;
  readonly #handoverLink = h('a');
  readonly #talk: HTMLButtonElement;
  readonly #talkText = h('span');
  readonly #spinner = h('span', { class: 'spinner', 'aria-hidden': 'true' });
  readonly #call: HTMLElement;
  readonly #mute: HTMLButtonElement;
  readonly #muteText = h('span');
  readonly #keypad: HTMLButtonElement;
  readonly #keys: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #send: HTMLButtonElement;
  readonly #person: HTMLButtonElement;
  readonly #announcer = h('div', { class: 'away', role: 'status', 'aria-live': 'polite' });
  readonly #rendered = new Map<number, { readonly node: HTMLLIElement; line: ShownLine }>();
  readonly #meter = new Meter();
  readonly #actions: ViewActions;
  #model: Model | undefined;

  constructor(words: Words, heading: string, actions: ViewActions) {
    this.#words = words;
    this.#actions = actions;
    const button = (name: string, label: string, onclick: () => void, ...children: (Node | string)[]) =>
      h('button', { type: 'button', class: name, 'aria-label': label, title: label, onclick }, ...children);
    const labelled = (name: string, onclick: () => void, ...children: (Node | string)[]) =>
      h('button', { type: 'button', class: name, onclick }, ...children);

    this.#launcher = labelled('launcher', actions.open, icon(...ICONS.wave), h('span', {}, heading));
    this.#launcher.setAttribute('aria-label', `${words.open}: ${heading}`);
    this.#launcher.setAttribute('aria-expanded', 'false');
    this.#status = h('p', { class: 'status' });
    this.#hello = h('p', { class: 'hello' });
    this.#scroller = h(
      'div',
      { class: 'lines', tabindex: '0', role: 'region', 'aria-label': words.transcript },
      this.#hello,
      this.#list,
      this.#partial,
      this.#dots,
    );
    this.#noticeButton = labelled('', () =>
      this.#model?.notice === 'clickToGoOn' ? actions.goOn() : actions.dismiss(),
    );
    this.#notice = h('div', { class: 'notice', role: 'alert' }, this.#noticeText, this.#noticeButton);
    this.#handover = h(
      'div',
      { class: 'handover' },
      icon(...ICONS.person),
      h('p', {}, words.handover),
      this.#handoverLink,
    );
    this.#talk = labelled('talk', actions.talk, icon(...ICONS.mic), this.#spinner, this.#talkText);
    this.#mute = labelled('control', actions.mute, icon(...ICONS.mic), this.#muteText);
    this.#keypad = labelled(
      'control',
      () => this.#showKeys(this.#keys.hidden),
      icon(...ICONS.keypad),
      h('span', {}, words.keypad),
    );
    this.#keypad.querySelector('svg')?.classList.add('dotted');
    this.#keypad.setAttribute('aria-expanded', 'false');
    this.#keypad.setAttribute('aria-controls', 'keys');
    this.#keys = h(
      'div',
      {
        class: 'keys',
        id: 'keys',
        role: 'group',
        'aria-label': words.keypad,
        hidden: true,
        onkeydown: (event) => actions.key((event as KeyboardEvent).key),
      },
      ...KEYS.map((digit) => labelled('key', () => actions.key(digit), digit)),
    );
    this.#call = h(
      'div',
      {},
      this.#meter.node,
      this.#keys,
      h(
        'div',
        { class: 'controls' },
        this.#mute,
        this.#keypad,
        labelled('control', actions.person, icon(...ICONS.person), h('span', {}, words.person)),
        labelled('control end', actions.hangUp, icon(...ICONS.phoneDown), h('span', {}, words.hangUp)),
      ),
    );
    this.#input = h('input', {
      type: 'text',
      'aria-label': words.typeHere,
      placeholder: words.typeHere,
      maxlength: '2000',
      autocomplete: 'off',
      enterkeyhint: 'send',
      oninput: () => this.#sendable(),
    });
    this.#send = h(
      'button',
      { type: 'submit', class: 'send', 'aria-label': words.send, title: words.send },
      icon(...ICONS.send),
    );
    const form = h('form', { onsubmit: (event) => this.#submit(event) }, this.#input, this.#send);
    this.#person = labelled('ask', actions.person, icon(...ICONS.person), h('span', {}, words.person));
    const language = button('tool', words.otherLanguageName, actions.language, words.otherLanguage);
    language.setAttribute('lang', words.otherLanguage === 'English' ? 'en' : 'zh-CN');
    this.#panel = h(
      'section',
      {
        class: 'panel',
        role: 'dialog',
        'aria-label': heading,
        hidden: true,
        onkeydown: (event) => this.#escape(event),
      },
      h(
        'header',
        {},
        h('span', { class: 'badge' }, icon(...ICONS.wave)),
        h('div', { class: 'title' }, h('h2', {}, heading), this.#status),
        language,
        button('tool close', words.close, actions.close, icon(...ICONS.down)),
      ),
      this.#scroller,
      this.#handover,
      this.#notice,
      h('div', { class: 'stage' }, h('div', { class: 'begin' }, this.#talk, this.#person), this.#call),
      form,
      this.#announcer,
    );
    this.nodes = [this.#launcher, this.#panel];
    this.#sendable();
  }

  /** Shows or folds the panel; the keyboard goes along. */
  setOpen(open: boolean, inline: boolean, focus: boolean): void {
    this.#panel.hidden = !open && !inline;
    this.#launcher.hidden = open || inline;
    this.#launcher.setAttribute('aria-expanded', String(open));
    const close = this.#panel.querySelector<HTMLElement>('.close');
    if (close) close.hidden = inline;
    if (focus && open) (this.#talk.hidden ? this.#input : this.#talk).focus();
    if (focus && !open) this.#launcher.focus();
    if (open) this.#toEnd();
  }

  levels(levels: { readonly microphone?: number; readonly bot?: number }): void {
    this.#meter.levels(levels);
  }

  /** For screen readers: what could not be heard, and what there is to choose from. */
  announce(who: string, text: string, choices: readonly Choice[] = []): void {
    const titles = choices.map(({ title }) => title).join(', ');
    setText(this.#announcer, `${who}: ${text}${titles === '' ? '' : ` ${this.#words.choices}: ${titles}`}`);
  }

  show(model: Model): void {
    const before = this.#model;
    this.#model = model;
    const { phase } = model;
    const words = this.#words;
    const stick = this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < 60;
    const hadFocus = this.#focused();
    const wasChoice = hadFocus?.classList.contains('choice') === true;
    this.#lines(model.lines);
    enableChoices(this.#list, choosable(model));
    this.#hello.hidden = model.lines.length > 0 || model.partial !== '';
    setText(this.#hello, model.textOnly ? words.helloTextOnly : words.hello);
    this.#partial.hidden = model.partial === '';
    setText(this.#partial, model.partial);
    this.#dots.hidden = !(model.waiting || (phase === 'live' && model.state === 'thinking'));
    if (stick && before?.lines.length !== model.lines.length) this.#toEnd();
    else if (stick) this.#scroller.scrollTop = this.#scroller.scrollHeight;

    setText(this.#status, this.#statusText(model));
    this.#notice.hidden = model.notice === undefined;
    this.#notice.classList.toggle('good', model.notice === 'handedOver' || model.notice === 'clickToGoOn');
    setText(this.#noticeText, model.notice === undefined ? '' : words.notices[model.notice]);
    setText(this.#noticeButton, model.notice === 'clickToGoOn' ? words.goOn : words.dismiss);
    this.#handover.hidden = model.handover === undefined;
    this.#phoneLink(model.handover?.target ?? '');

    const live = phase === 'live' || phase === 'reconnecting';
    this.#launcher.classList.toggle('live', live);
    const connecting = phase === 'connecting';
    this.#talk.hidden = live || model.textOnly;
    this.#call.hidden = !live;
    setText(this.#talkText, connecting ? words.states.connecting : model.talked ? words.talkAgain : words.talk);
    this.#talk.setAttribute('aria-disabled', String(connecting));
    this.#spinner.hidden = !connecting;
    this.#talk.querySelector('svg')?.toggleAttribute('hidden', connecting);
    this.#mute.setAttribute('aria-pressed', String(model.muted));
    setText(this.#muteText, model.muted ? words.unmute : words.mute);
    if (before?.muted !== model.muted)
      this.#mute.querySelector('svg')?.replaceWith(icon(...(model.muted ? ICONS.micOff : ICONS.mic)));
    this.#person.hidden = live || connecting;
    if (!live) this.#showKeys(false);
    // A button that vanishes under somebody's finger must not drop the keyboard on the page.
    if (hadFocus !== undefined && !this.#visible(hadFocus))
      (wasChoice ? this.#scroller : live ? this.#mute : this.#talk.hidden ? this.#input : this.#talk).focus();
    this.#meter.run(live);
  }

  destroy(): void {
    this.#meter.run(false);
  }

  #statusText({ phase, state, muted, textOnly }: Model): string {
    const { states } = this.#words;
    if (phase === 'connecting') return states.connecting;
    if (phase === 'reconnecting') return states.reconnecting;
    if (phase === 'idle') return textOnly ? states.textOnly : states.ready;
    if (state === 'listening') return muted ? states.muted : states.listening;
    return state === 'ended' ? states.connecting : states[state];
  }

  #lines(lines: readonly ShownLine[]): void {
    const kept = new Set(lines.map(({ id }) => id));
    for (const [id, { node }] of this.#rendered) {
      if (kept.has(id)) continue;
      node.remove();
      this.#rendered.delete(id);
    }
    for (const line of lines) {
      const known = this.#rendered.get(line.id);
      if (known?.line === line) continue;
      const node = known?.node ?? h('li');
      if (known) known.line = line;
      else {
        this.#list.append(node);
        this.#rendered.set(line.id, { node, line });
      }
      this.#fillLine(node, line);
    }
  }

  #fillLine(node: HTMLLIElement, line: ShownLine): void {
    const words = this.#words;
    const upTo = line.said ?? line.heard ?? line.text.length;
    node.className = `line ${line.who}${line.heard === undefined ? '' : ' cut'}`;
    const rest = line.text.slice(upTo);
    const speaker = { caller: words.you, bot: words.bot, agent: line.name ?? words.bot, system: '' }[line.who];
    const shown = line.who === 'agent' ? 'name' : 'away';
    node.replaceChildren(
      ...(speaker === '' ? [] : [h('span', { class: shown }, line.who === 'agent' ? speaker : `${speaker}: `)]),
      line.text.slice(0, upTo),
    );
    // Words that are still to come are there for those who read, in a quieter colour.
    if (rest !== '') node.append(h('span', { class: 'rest' }, rest));
    if (rest !== '' && line.heard !== undefined) node.append(h('span', { class: 'away' }, words.notHeard));
    if (line.choices !== undefined) node.append(choiceGroup(words.choices, line.choices, this.#actions.choose));
  }

  #phoneLink(target: string): void {
    const number = /^(?:tel:|sips?:)(\+?[\d*#-]{3,20})(?:@|$)/.exec(target)?.[1];
    const callable = number !== undefined && target.startsWith('tel:');
    this.#handoverLink.hidden = !callable;
    if (!callable) return;
    this.#handoverLink.setAttribute('href', `tel:${number}`);
    setText(this.#handoverLink, `${this.#words.callNumber} ${number}`);
  }

  #showKeys(show: boolean): void {
    if (this.#keys.hidden === !show) return;
    this.#keys.hidden = !show;
    // What was said last stays in sight above it.
    this.#toEnd();
    this.#keypad.setAttribute('aria-expanded', String(show));
    if (show) this.#keys.querySelector('button')?.focus();
  }

  #escape(event: Event): void {
    if ((event as KeyboardEvent).key !== 'Escape') return;
    event.stopPropagation();
    if (this.#keys.hidden) this.#actions.close();
    else {
      this.#showKeys(false);
      this.#keypad.focus();
    }
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.#input.value.trim();
    if (text === '') return;
    this.#input.value = '';
    this.#sendable();
    this.#actions.send(text);
    this.#toEnd();
  }

  #sendable(): void {
    this.#send.setAttribute('aria-disabled', String(this.#input.value.trim() === ''));
  }

  #toEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #focused(): HTMLElement | undefined {
    const root = this.#panel.getRootNode();
    return root instanceof ShadowRoot && root.activeElement instanceof HTMLElement ? root.activeElement : undefined;
  }

  #visible(element: HTMLElement): boolean {
    return element.isConnected && element.closest('[hidden]') === null;
  }
}

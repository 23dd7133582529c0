import { html, nothing, type TemplateResult } from 'lit-html';
import { api } from '../api/client.js';
import type { Chat, Line, WrapUpCode } from '../api/contract.js';
import { address, go } from '../core/router.js';
import { live, liveChanged } from '../core/session.js';
import { settings } from '../core/settings.js';
import { View } from '../core/view.js';
import { badge, callerName, kindIcon, langOf, reasonText, sentimentBadge, slotFacts } from '../parts/bits.js';
import { icon } from '../parts/icons.js';
import { tell, tellProblem } from '../parts/notes.js';
import { t } from '../words/words.js';

const NOTES_PAUSE_MS = 800;
const PRIORITIES = ['low', 'normal', 'high'] as const;
/** What is written and not yet sent, by conversation: it waits for who looks at another one meanwhile. */
const drafts = new Map<string, string>();

/** One conversation in an agent's hands: the whole of it, an answer, notes, a ticket, and its end. An element holds one conversation: nothing of it gets into another's fields. */
export class ChatView extends View {
  #chat: Chat | undefined;
  #codes: readonly WrapUpCode[] = [];
  /** Typed but not yet kept; undefined when what is shown is what is kept. */
  #notes: string | undefined;
  #notesTimer: ReturnType<typeof setTimeout> | undefined;
  #saved: 'saving' | 'saved' | 'failed' | undefined;
  #sending: readonly { readonly id: string; readonly text: string; readonly failed: boolean }[] = [];
  #ticket = false;
  #busy = false;

  set chat(chat: Chat) {
    if (chat === this.#chat) return;
    this.#chat = chat;
    this.update();
  }
  set codes(codes: readonly WrapUpCode[]) {
    this.#codes = codes;
  }

  protected override start(signal: AbortSignal): void {
    signal.addEventListener('abort', () => void this.#keepNotes(), { once: true });
    // The last words before a page is closed or loaded anew.
    addEventListener('pagehide', () => void this.#keepNotes(true), { signal });
  }

  protected override view() {
    const chat = this.#chat;
    const words = t().chat;
    if (chat === undefined) return nothing;
    const open = chat.state === 'open';
    const writes = open && chat.kind !== 'phone';
    return html`<div class="two desk">
      <section class="card flush talk" aria-label=${t().transcript}>
        <div class="card-head">${kindIcon(chat.kind)}<h2 class="cut">${callerName(chat)}</h2>          ${
          writes
            ? badge(
                chat.visitorConnected ? words.connected : words.notConnected,
                chat.visitorConnected ? 'good' : 'warn',
              )
            : open
              ? badge(words.onPhone, 'good', true)
              : badge(endWords(chat), 'warn')
        }
          ${
            open
              ? html`<div class="row push">${writes ? html`<button type="button" class="button" ?disabled=${this.#busy} @click=${() => void this.#finish('handBack')}>${words.handBack}</button>` : nothing}
                <button type="button" class="button" ?disabled=${this.#busy} @click=${() => void this.#finish('end')}>${words.end}</button></div>`
              : nothing
          }</div>
        <hk-transcript .language=${chat.language} .follow=${true} .announce=${true} .times=${'clock'} .lines=${this.#lines(chat)}></hk-transcript>
        ${open && !writes ? html`<p class="soft small pad">${words.phoneText}</p>` : nothing}
        ${writes && !chat.visitorConnected ? html`<p class="soft small pad">${words.awayText}</p>` : nothing}
        ${
          writes
            ? html`<form class="composer" @submit=${(event: SubmitEvent) => this.#submit(event)}>
              <textarea name="text" rows="1" maxlength="2000" aria-label=${words.typeHere} placeholder=${words.typeHere} @keydown=${(event: KeyboardEvent) => enterSends(event)} @input=${(event: Event) => this.#draft(event.target as HTMLTextAreaElement)} .value=${drafts.get(chat.id) ?? ''}></textarea>
              <button class="button strong square" aria-label=${t().send} title=${t().send}>${icon('send')}</button>
            </form>`
            : nothing
        }
      </section>
      <div class="stack gap">
        ${open ? nothing : this.#wrapUp(chat)}
        <section class="card"><div class="card-head"><h2>${t().desk.summary}</h2>${sentimentBadge(chat.context.sentiment)}</div>
          <p lang=${langOf(chat.language)}>${chat.context.summary === '' ? '–' : chat.context.summary}</p>${chat.context.reason === '' ? nothing : html`<p class="small soft">${t().desk.reason}: ${reasonText(chat.context.reason)}</p>`}</section>
        <section class="card"><div class="card-head"><h2>${t().slots}</h2></div>${slotFacts(chat.context.slots)}</section>
        ${open ? this.#notesCard(chat) : nothing}
        ${this.#ticketCard(chat)}
      </div>
    </div>`;
  }

  /** The bot's part, then the agent's, then what is on its way. */
  #lines(chat: Chat): Line[] {
    const sending = this.#sending
      .filter(({ id }) => !chat.lines.some((line) => line.id === id))
      .map(
        ({ id, text, failed }): Line => ({
          id,
          who: 'agent',
          text: failed ? `${text} (${t().chat.notSent})` : text,
          final: true,
          name: t().chat.you,
          atMs: Date.now(),
          fromMs: null,
          toMs: null,
        }),
      );
    const known = new Set(chat.lines.map(({ id }) => id));
    return [...chat.context.lines.filter(({ id }) => !known.has(id)), ...chat.lines, ...sending];
  }

  #notesCard(chat: Chat): TemplateResult {
    const words = t().chat;
    return html`<section class="card"><div class="card-head"><h2 id="notes-title">${words.notes}</h2><span class="soft tiny push" role="status">${this.#saved === undefined ? '' : words.saving[this.#saved]}</span></div>
      <textarea rows="3" maxlength="10000" aria-labelledby="notes-title" .value=${this.#notes ?? chat.notes} @input=${(event: Event) => this.#note((event.target as HTMLTextAreaElement).value)} @blur=${() => void this.#keepNotes()}></textarea></section>`;
  }

  #wrapUp(chat: Chat): TemplateResult {
    const words = t().chat;
    const { language } = settings.value;
    return html`<section class="card wrap"><div class="card-head"><h2>${words.wrapUp}</h2></div>
      <form class="stack" @submit=${(event: SubmitEvent) => void this.#close(event)}>
        <label class="field"><span>${words.code}</span><select name="code" required>
          <option value="">${words.chooseCode}</option>
          ${this.#codes.map(({ code, label }) => html`<option value=${code}>${label[language] ?? label[language.slice(0, 2)] ?? Object.values(label)[0] ?? code}</option>`)}</select></label>
        <label class="field"><span>${words.notes}</span><textarea name="notes" rows="3" maxlength="10000" .value=${this.#notes ?? chat.notes} @input=${(event: Event) => this.#note((event.target as HTMLTextAreaElement).value)}></textarea></label>
        <button class="button strong wide" ?disabled=${this.#busy}>${words.done}</button>
      </form></section>`;
  }

  #ticketCard(chat: Chat): TemplateResult {
    const words = t().chat;
    return html`<section class="card"><div class="card-head"><h2>${words.tickets}</h2>${
      this.#ticket
        ? nothing
        : html`<button type="button" class="button push" @click=${() => this.#setTicket(true)}>${icon('ticket')}${words.newTicket}</button>`
    }</div>
      ${chat.tickets.length === 0 ? (this.#ticket ? nothing : html`<p class="soft small">${words.noTickets}</p>`) : html`<p class="chips">${chat.tickets.map((number) => html`<span class="chip figures">${number}</span>`)}</p>`}
      ${
        this.#ticket
          ? html`<form class="stack" @submit=${(event: SubmitEvent) => void this.#file(event)}>
            <label class="field"><span>${words.subject}</span><input name="subject" required maxlength="200" /></label>
            <label class="field"><span>${words.text}</span><textarea name="text" rows="3" maxlength="5000" .defaultValue=${chat.context.summary}></textarea></label>
            <label class="field"><span>${words.priority}</span><select name="priority">${PRIORITIES.map((each) => html`<option value=${each} ?selected=${each === 'normal'}>${words.priorities[each]}</option>`)}</select></label>
            <div class="row"><button class="button strong" ?disabled=${this.#busy}>${words.file}</button><button type="button" class="button quiet" @click=${() => this.#setTicket(false)}>${t().cancel}</button></div>
          </form>`
          : nothing
      }</section>`;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const input = (event.target as HTMLFormElement).elements.namedItem('text') as HTMLTextAreaElement;
    const text = input.value.trim();
    const chat = this.#chat;
    if (text === '' || chat === undefined) return;
    input.value = '';
    this.#draft(input);
    void this.#send(chat.id, text);
  }

  #draft(input: HTMLTextAreaElement): void {
    const id = this.#chat?.id;
    if (id !== undefined && input.value !== '') drafts.set(id, input.value);
    else if (id !== undefined) drafts.delete(id);
    grow(input);
  }

  async #send(chatId: string, text: string): Promise<void> {
    // The same id again is the same message: one that did not get an answer may have arrived all the same.
    const again = this.#sending.find((each) => each.failed && each.text === text);
    const id = again?.id ?? crypto.randomUUID();
    this.#sending = [...this.#sending.filter((each) => each.id !== id), { id, text, failed: false }];
    this.update();
    try {
      const line = await api.say(chatId, text, id);
      live.addChatLine(chatId, line);
      this.#sending = this.#sending.filter((each) => each.id !== id);
      liveChanged();
    } catch (error) {
      this.#sending = this.#sending.map((each) => (each.id === id ? { ...each, failed: true } : each));
      // Back to where it can be sent from, unless something else is being written there.
      if (!drafts.has(chatId)) drafts.set(chatId, text);
      tellProblem(error);
    }
    this.update();
  }

  #note(text: string): void {
    this.#notes = text;
    this.#saved = undefined;
    clearTimeout(this.#notesTimer);
    this.#notesTimer = setTimeout(() => void this.#keepNotes(), NOTES_PAUSE_MS);
  }

  async #keepNotes(leaving = false): Promise<void> {
    clearTimeout(this.#notesTimer);
    const chat = this.#chat;
    const notes = this.#notes;
    if (chat === undefined || notes === undefined || notes === chat.notes || chat.state === 'closed') return;
    this.#saved = 'saving';
    this.update();
    try {
      const kept = await api.notes(chat.id, notes, leaving);
      const now = { ...(live.chats.get(chat.id) ?? kept), notes: kept.notes };
      live.putChat(now);
      this.#saved = 'saved';
      // From here on what is kept is shown, also when it is changed in another tab.
      if (this.#notes === notes) {
        this.#notes = undefined;
        this.#chat = now;
      }
      liveChanged();
    } catch (error) {
      this.#saved = 'failed';
      tellProblem(error);
    }
    this.update();
  }

  #finish(how: 'handBack' | 'end'): Promise<void> {
    return this.#work(async (chat) => {
      await this.#keepNotes();
      live.putChat(await api[how](chat.id));
    });
  }

  async #close(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const fields = new FormData(event.target as HTMLFormElement);
    clearTimeout(this.#notesTimer);
    await this.#work(async (chat) => {
      live.putChat(await api.wrapUp(chat.id, { code: String(fields.get('code')), notes: String(fields.get('notes')) }));
      live.chats.delete(chat.id);
      drafts.delete(chat.id);
      tell(t().chat.closed);
      go(address(['desk']));
    });
  }

  async #file(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const fields = new FormData(event.target as HTMLFormElement);
    await this.#work(async (chat) => {
      const { number } = await api.newTicket({
        callId: chat.callId,
        subject: String(fields.get('subject')),
        text: String(fields.get('text')),
        priority: PRIORITIES.find((each) => each === fields.get('priority')) ?? 'normal',
      });
      const now = live.chats.get(chat.id);
      if (now !== undefined && !now.tickets.includes(number))
        live.putChat({ ...now, tickets: [...now.tickets, number] });
      this.#ticket = false;
      tell(t().chat.filed(number));
    });
  }

  #setTicket(open: boolean): void {
    this.#ticket = open;
    this.update();
    if (open) queueMicrotask(() => this.querySelector<HTMLInputElement>('input[name=subject]')?.focus());
  }

  async #work(work: (chat: Chat) => Promise<void>): Promise<void> {
    const chat = this.#chat;
    if (chat === undefined || this.#busy) return;
    this.#busy = true;
    this.update();
    try {
      await work(chat);
    } catch (error) {
      tellProblem(error);
    }
    this.#busy = false;
    liveChanged();
    this.update();
  }
}

function endWords(chat: Chat): string {
  const words = t().chat;
  return (words.ends as Readonly<Record<string, string>>)[chat.endReason ?? ''] ?? words.over;
}

/** Enter sends, Shift+Enter is a new line; while an input method composes, Enter is its own. */
function enterSends(event: KeyboardEvent): void {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  (event.target as HTMLTextAreaElement).form?.requestSubmit();
}

function grow(area: HTMLTextAreaElement): void {
  area.style.blockSize = 'auto';
  area.style.blockSize = `${Math.min(area.scrollHeight + 2, 160)}px`;
}

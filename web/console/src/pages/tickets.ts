import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import { api, isAbort } from '../api/client.js';
import type { Ticket } from '../api/contract.js';
import { agreed, dateTime, shortTime } from '../core/format.js';
import { address } from '../core/router.js';
import { live, liveTick, me } from '../core/session.js';
import { View } from '../core/view.js';
import { badge, bones, empty, problem } from '../parts/bits.js';
import { tell, tellProblem } from '../parts/notes.js';
import { t } from '../words/words.js';

type Status = Ticket['status'];

/** Tickets and call-backs that bot and agents have written. */
export class Tickets extends View {
  #tickets: readonly Ticket[] | undefined;
  #problem: unknown;
  #status: Status = 'open';
  #chosen: string | undefined;
  #seen = 0;
  #signal: AbortSignal | undefined;

  protected override start(signal: AbortSignal): void {
    this.#signal = signal;
    this.#seen = live.tickets;
    liveTick.listen(() => {
      if (live.tickets === this.#seen) return;
      this.#seen = live.tickets;
      void this.#load();
    }, signal);
    void this.#load();
  }

  protected override view() {
    const words = t().tickets;
    return html`
      <div class="row"><div class="segments" role="group" aria-label=${words.status}>${(
        ['open', 'done', 'cancelled'] as const
      ).map(
        (status) =>
          html`<button type="button" aria-pressed=${String(status === this.#status)} @click=${() => this.#show(status)}>${words.statuses[status]}</button>`,
      )}</div></div>
      ${this.#problem === undefined ? nothing : problem(this.#problem, () => void this.#load())}
      ${
        this.#tickets === undefined
          ? html`<div class="card flush">${bones(4)}</div>`
          : this.#tickets.length === 0
            ? html`<div class="card">${empty('ticket', words.none, words.noneText)}</div>`
            : html`<ul class="stack">${repeat(
                this.#tickets,
                ({ number }) => number,
                (ticket) => this.#ticket(ticket),
              )}</ul>`
      }`;
  }

  #ticket(ticket: Ticket): TemplateResult {
    const words = t().tickets;
    const open = ticket.number === this.#chosen;
    const title = ticket.subject || ticket.summary || ticket.text || ticket.phone;
    return html`<li class="card ticket">
      <button type="button" class="ticket-head" aria-expanded=${String(open)} @click=${() => this.#choose(ticket.number)}>
        <span class="figures soft">${ticket.number}</span><strong class="cut grow">${title}</strong>
        ${ticket.priority === 'high' ? badge(t().chat.priorities.high, 'bad') : nothing}${badge(words.kinds[ticket.kind], ticket.kind === 'call_back' ? 'info' : '')}<span class="soft small figures">${shortTime(ticket.createdAtMs)}</span>
      </button>
      ${
        open
          ? html`<div class="stack gap">
            <dl class="facts">
              ${ticket.phone === '' ? nothing : html`<dt>${words.phone}</dt><dd>${ticket.phone}</dd>`}
              ${ticket.when === '' ? nothing : html`<dt>${words.when}</dt><dd>${agreed(ticket.when)}</dd>`}
              ${ticket.sender === '' ? nothing : html`<dt>${words.sender}</dt><dd>${ticket.sender}</dd>`}
              ${ticket.summary === '' ? nothing : html`<dt>${t().desk.summary}</dt><dd>${ticket.summary}</dd>`}
              ${ticket.text === '' ? nothing : html`<dt>${t().chat.text}</dt><dd>${ticket.text}</dd>`}
              ${me.value?.can.search ? html`<dt>${words.conversation}</dt><dd><a href=${address(['calls', ticket.callId])}>${words.openCall}</a></dd>` : nothing}
            </dl>
            ${ticket.notes.length === 0 ? nothing : html`<ul class="stack">${ticket.notes.map(({ atMs, by, text }) => html`<li class="a-note"><p class="tiny soft">${by} · ${dateTime(atMs)}</p><p>${text}</p></li>`)}</ul>`}
            <form class="row end" @submit=${(event: SubmitEvent) => void this.#change(event, ticket)}>
              <label class="field grow"><span>${words.note}</span><input name="note" maxlength="2000" /></label>
              <label class="field"><span>${words.status}</span><select name="status">${(['open', 'done', 'cancelled'] as const).map((status) => html`<option value=${status} ?selected=${status === ticket.status}>${words.statuses[status]}</option>`)}</select></label>
              <button class="button strong">${t().save}</button>
            </form></div>`
          : nothing
      }</li>`;
  }

  #choose(number: string): void {
    this.#chosen = this.#chosen === number ? undefined : number;
    this.update();
  }

  #show(status: Status): void {
    this.#status = status;
    this.#tickets = undefined;
    void this.#load();
  }

  async #load(): Promise<void> {
    this.#problem = undefined;
    this.update();
    const status = this.#status;
    try {
      const { tickets } = await api.tickets({ status, limit: 100 }, this.#signal);
      if (status === this.#status) this.#tickets = tickets;
    } catch (error) {
      if (isAbort(error)) return;
      this.#problem = error;
    }
    this.update();
  }

  async #change(event: SubmitEvent, ticket: Ticket): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const fields = new FormData(form);
    const note = String(fields.get('note')).trim();
    const status =
      (['open', 'done', 'cancelled'] as const).find((each) => each === fields.get('status')) ?? ticket.status;
    if (note === '' && status === ticket.status) return;
    try {
      await api.changeTicket(ticket.number, { status, ...(note === '' ? {} : { note }) });
      form.reset();
      tell(t().tickets.saved(ticket.number));
      await this.#load();
    } catch (error) {
      tellProblem(error);
    }
  }
}

import { html, nothing, type TemplateResult } from 'lit-html';
import type { Line, PlaygroundReply, Turn } from '../api/contract.js';
import { milliseconds, percent } from '../core/format.js';
import { t } from '../words/words.js';
import { badge, problem } from './bits.js';

/** Something that was typed to a playground, and what came of it. */
export interface Exchange {
  readonly key: string;
  /** Undefined: the greeting. */
  readonly said: string | undefined;
  readonly reply: PlaygroundReply | undefined;
  readonly problem: unknown;
  readonly tookMs: number;
}

/** Something that was said in a call to it. */
export interface Spoken {
  readonly key: string;
  readonly line: Line;
  /** Key of the turn that it belongs to. */
  readonly turnKey: string | undefined;
}

/** Something that happened in a call to it. */
export interface Happened {
  readonly key: string;
  readonly happened: 'transfer' | 'ended';
  readonly text: string;
}

export type Entry = Exchange | Spoken | Happened;

interface Shown {
  /** Turns by key: how what was said was understood. */
  readonly turnOf: (key: string) => Turn | undefined;
  /** The one whose reading is shown beside. */
  readonly chosen: string | undefined;
  readonly choose: (key: string) => void;
  /** Takes a button of the last reply; undefined while none can be taken. */
  readonly press: ((button: Button) => void) | undefined;
}

/** What is on it, and what whoever presses it says. */
export interface Button {
  readonly title: string;
  readonly payload: string;
}

/** The conversation with a playground, typed and spoken. */
export function playgroundLog(entries: readonly Entry[], shown: Shown): readonly TemplateResult[] {
  return entries.map((entry, at) => {
    if ('line' in entry) return spoken(entry, shown);
    return 'happened' in entry ? event(entry) : exchange(entry, shown, at === entries.length - 1);
  });
}

function spoken({ line, turnKey }: Spoken, shown: Shown): TemplateResult {
  const words = t();
  const turn = turnKey === undefined ? undefined : shown.turnOf(turnKey);
  const caller = line.who === 'caller';
  // Stopped before its first word: nobody has heard anything.
  if (!caller && line.final && line.text === '') return html``;
  return html`<li class="bubble ${caller ? 'caller' : 'bot'} ${line.final ? '' : 'partial'}"><p>${line.text === '' ? '…' : line.text}</p>${
    line.cut === true ? html`<p class="tiny soft">${words.cutOff}</p>` : nothing
  }</li>${caller && turn !== undefined && turnKey !== undefined ? chip(turnKey, turn, shown) : nothing}`;
}

function event({ happened, text }: Happened): TemplateResult {
  const words = t().playground;
  return html`<li class="event">${badge(words[happened], happened === 'transfer' ? 'agent' : '')} ${text}</li>`;
}

function exchange({ key, said, reply, problem: trouble }: Exchange, shown: Shown, last: boolean): TemplateResult {
  const words = t().playground;
  return html`${
    said === undefined
      ? nothing
      : html`<li class="bubble caller"><p>${said}</p></li>${reply === undefined ? nothing : chip(key, reply.turn, shown)}`
  }
  ${
    reply?.replies.map(
      ({ text, buttons = [] }) =>
        html`<li class="bubble bot"><p>${text}</p>${last && buttons.length > 0 ? choices(buttons, shown) : nothing}</li>`,
    ) ?? nothing
  }
  ${reply?.transfer ? html`<li class="event">${badge(words.transfer, 'agent')} ${reply.transfer.summary}</li>` : nothing}
  ${reply?.ended ? html`<li class="event">${badge(words.ended)}</li>` : nothing}
  ${trouble === undefined ? nothing : html`<li>${problem(trouble)}</li>`}`;
}

/** Gone with the next words: they are good for the turn that offered them. */
function choices(buttons: readonly Button[], { press }: Shown): TemplateResult {
  return html`<div class="choices" role="group" aria-label=${t().playground.choices}>${buttons.map(
    (button) =>
      html`<button type="button" class="button" aria-disabled=${String(press === undefined)} @click=${() => press?.(button)}>${button.title}</button>`,
  )}</div>`;
}

function chip(key: string, turn: Turn, { chosen, choose }: Shown): TemplateResult {
  return html`<li class="under"><button type="button" class="chip" aria-pressed=${String(key === chosen)} @click=${() => choose(key)}>
    ${turn.noMatch ? html`<b>${t().notUnderstood}</b>` : html`<b>${turn.intent ?? turn.inputType}</b>`}${
      turn.confidence === null ? nothing : html`<span class="figures">${percent(turn.confidence)}</span>`
    }${turn.stages.length === 0 || turn.responseMs === null ? nothing : html`<span class="figures">${milliseconds(turn.responseMs)}</span>`}
  </button></li>`;
}

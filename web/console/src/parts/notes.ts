import { html } from 'lit-html';
import { Value } from '../core/value.js';
import { View } from '../core/view.js';
import { t } from '../words/words.js';
import { errorText } from './bits.js';
import { icon } from './icons.js';

interface Note {
  readonly id: number;
  readonly text: string;
}

/** Long enough to be read twice (WCAG 2.2.1: nothing is lost with it). */
const SHOWN_MS = 8000;
const MOST = 3;
const notes = new Value<readonly Note[]>([]);
let last = 0;

/** Tells in a corner what was done or did not work; read out politely. */
export function tell(text: string): void {
  last += 1;
  const id = last;
  notes.set([...notes.value, { id, text }].slice(-MOST));
  setTimeout(() => drop(id), SHOWN_MS);
}

export function tellProblem(error: unknown): void {
  tell(errorText(error));
}

function drop(id: number): void {
  notes.set(notes.value.filter((note) => note.id !== id));
}

export class Notes extends View {
  protected override start(signal: AbortSignal): void {
    this.setAttribute('role', 'status');
    notes.listen(() => this.update(), signal);
  }

  protected override view() {
    return html`${notes.value.map(
      ({ id, text }) => html`<div class="note"><p>${text}</p>
        <button type="button" aria-label=${t().close} @click=${() => drop(id)}>${icon('close')}</button></div>`,
    )}`;
  }
}

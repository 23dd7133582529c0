import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Line, Turn } from '../api/contract.js';
import { clock, duration, milliseconds, percent } from '../core/format.js';
import { turnsOfLines } from '../core/lines.js';
import { View } from '../core/view.js';
import { t } from '../words/words.js';
import { langOf } from './bits.js';

/** Away from the end by more than this, somebody reads what was said before: what is new must not pull them down. */
const NEAR_END_PX = 48;

/**
 * What was said, in order. With `seek` the lines that have sound are buttons; `playing` is the id of the one that is heard. With `follow` it stays at its end as it grows. `turns` gives
 * intent and latency to the caller's lines.
 */
export class Transcript extends View {
  #lines: readonly Line[] = [];
  #turns: readonly Turn[] = [];
  #playing: string | undefined;
  #follow = false;
  #atEnd = true;
  #announce = false;
  #seek: ((line: Line) => void) | undefined;
  /** Times as clock (live) or as minutes into the call. */
  #times: 'clock' | 'call' = 'clock';
  #label = '';
  #language = '';

  set lines(lines: readonly Line[]) {
    if (lines === this.#lines) return;
    this.#lines = lines;
    this.update();
  }
  set turns(turns: readonly Turn[]) {
    if (turns === this.#turns) return;
    this.#turns = turns;
    this.update();
  }
  set playing(id: string | undefined) {
    if (id === this.#playing) return;
    this.#playing = id;
    this.update();
  }
  set follow(follow: boolean) {
    this.#follow = follow;
  }
  /** New lines are read out: for lines that come whole. */
  set announce(announce: boolean) {
    this.#announce = announce;
  }
  set seek(seek: ((line: Line) => void) | undefined) {
    this.#seek = seek;
  }
  set times(times: 'clock' | 'call') {
    this.#times = times;
  }
  /** Of what is said (BCP 47), so that it is read out by a voice that can. */
  set language(language: string) {
    if (language === this.#language) return;
    this.#language = language;
    this.update();
  }
  set label(label: string) {
    if (label === this.#label) return;
    this.#label = label;
    this.update();
  }

  protected override start(signal: AbortSignal): void {
    this.addEventListener(
      'scroll',
      () => {
        this.#atEnd = this.scrollHeight - this.scrollTop - this.clientHeight < NEAR_END_PX;
      },
      { signal, capture: true },
    );
    // Where it becomes lower (a keyboard on the screen, a phone that is turned) the last line stays in sight.
    const size = new ResizeObserver(() => this.#toEnd());
    size.observe(this);
    signal.addEventListener('abort', () => size.disconnect(), { once: true });
  }

  protected override view() {
    const turns = turnsOfLines(this.#lines, this.#turns);
    // What scrolls must be reachable by keyboard.
    this.setAttribute('role', this.#follow ? 'log' : 'group');
    this.setAttribute('tabindex', '0');
    this.setAttribute('aria-label', this.#label || t().transcript);
    if (this.#follow) this.setAttribute('aria-live', this.#announce ? 'polite' : 'off');
    return html`<ol>${repeat(
      this.#lines,
      ({ id }) => id,
      (line) => this.#line(line, turns.get(line.id)),
    )}</ol>`;
  }

  protected override drawn(): void {
    this.#toEnd();
    if (this.#playing === undefined || this.#follow) return;
    const playing = this.querySelector<HTMLElement>('li.playing');
    if (playing === null) return;
    const top = playing.offsetTop - this.offsetTop;
    if (top < this.scrollTop || top + playing.offsetHeight > this.scrollTop + this.clientHeight)
      this.scrollTop = Math.max(0, top - this.clientHeight / 3);
  }

  #toEnd(): void {
    if (this.#follow && this.#atEnd) this.scrollTop = this.scrollHeight;
  }

  #line(line: Line, turn: Turn | undefined): TemplateResult {
    const words = t();
    // Stopped before its first word: nobody has heard anything.
    if (line.who === 'bot' && line.final && line.text === '') return html``;
    if (line.who === 'system') return html`<li class="said system"><span>${systemText(line)}</span></li>`;
    const time =
      this.#times === 'call' && line.fromMs !== null
        ? duration(line.fromMs)
        : this.#times === 'clock'
          ? clock(line.atMs)
          : '';
    const playing = line.id === this.#playing;
    const name = line.who === 'agent' && line.name !== undefined ? line.name : words.who[line.who];
    const text = line.text === '' ? '…' : line.text;
    const language = langOf(this.#language);
    return html`<li class="said ${line.who} ${line.final ? '' : 'partial'} ${playing ? 'playing' : ''}" aria-current=${playing ? 'true' : nothing}>
      <p class="by"><b>${name}</b> <span class="figures">${time}</span>${line.final ? nothing : html`<span>${words.stillSpeaking}</span>`}${
        line.cut === true ? html`<span>${words.cutOff}</span>` : nothing
      }</p>
      ${
        this.#seek !== undefined && line.fromMs !== null
          ? html`<button type="button" class="words" lang=${language} title=${words.playFromHere} @click=${() => this.#seek?.(line)}>${text}</button>`
          : html`<p class="words" lang=${language}>${text}</p>`
      }
      ${turn === undefined ? nothing : understood(turn)}
    </li>`;
  }
}

/** What happened: the log has a word for it, what the visitor was told is a sentence already. */
function systemText({ text, name }: Line): string {
  const { events } = t();
  return Object.hasOwn(events, text) ? events[text as keyof typeof events](name ?? '') : text;
}

/** Intent, confidence and latency in a line. */
export function understood(turn: Turn): TemplateResult {
  const words = t();
  return html`<p class="chips">
    ${
      turn.intent === null
        ? nothing
        : html`<span class="chip"><b>${turn.intent}</b>${turn.confidence === null ? nothing : html`<span class="figures">${percent(turn.confidence)}</span>`}</span>`
    }
    ${turn.noMatch ? html`<span class="badge warn">${words.notUnderstood}</span>` : nothing}
    ${turn.responseMs === null ? nothing : html`<span class="chip figures" title=${words.responseTime}>${milliseconds(turn.responseMs)}</span>`}
  </p>`;
}

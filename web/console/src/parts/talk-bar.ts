import { html, nothing } from 'lit-html';
import type { PlaygroundCall } from '../core/playground-call.js';
import { View } from '../core/view.js';
import { t } from '../words/words.js';
import { badge } from './bits.js';
import { icon } from './icons.js';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;

/** Of a call to a playground: how it is, how loud it is, keys, mute, hang up. */
export class TalkBar extends View {
  #call: PlaygroundCall | undefined;
  #keypad = false;

  set call(call: PlaygroundCall) {
    this.#call = call;
    this.update();
  }

  /** 0 to 1; a side that is left out has no news. */
  levels({ microphone, bot }: { readonly microphone?: number; readonly bot?: number }): void {
    this.#bar('caller', microphone);
    this.#bar('bot', bot);
  }

  protected override view() {
    const call = this.#call;
    if (call === undefined) return nothing;
    const words = t().playground;
    const { phase, state, muted } = call.view;
    const told =
      phase === 'live'
        ? state === 'ended'
          ? words.call.connecting
          : t().callStates[state]
        : words.call[phase === 'reconnecting' ? 'reconnecting' : 'connecting'];
    return html`<div class="talk-bar" role="group" aria-label=${words.call.title}>
      <span class="state" role="status">${badge(muted && phase === 'live' ? `${told} · ${words.call.muted}` : told, phase === 'live' ? 'good' : 'warn', true)}</span>
      <span class="levels" aria-hidden="true"><i class="caller"></i><i class="bot"></i></span>
      <span class="controls">
        <button type="button" class="button" aria-expanded=${String(this.#keypad)} @click=${() => this.#showKeys()}>${words.call.keypad}</button>
        <button type="button" class="button" aria-pressed=${String(muted)} @click=${() => call.mute(!muted)}>${icon(muted ? 'micOff' : 'mic')}${words.call.mute}</button>
        <button type="button" class="button danger" @click=${() => call.hangUp()}>${icon('stop')}${words.call.hangUp}</button>
      </span>
      ${
        this.#keypad
          ? html`<div class="talk-keys" role="group" aria-label=${words.call.keypad}>${KEYS.map((digit) => html`<button type="button" class="button" @click=${() => call.key(digit)}>${digit}</button>`)}</div>`
          : nothing
      }
    </div>`;
  }

  #showKeys(): void {
    this.#keypad = !this.#keypad;
    this.update();
  }

  #bar(side: 'caller' | 'bot', level: number | undefined): void {
    const bar = level === undefined ? null : this.querySelector<HTMLElement>(`.levels .${side}`);
    if (bar !== null) bar.style.transform = `scaleX(${Math.min(1, Math.sqrt(level ?? 0)).toFixed(3)})`;
  }
}

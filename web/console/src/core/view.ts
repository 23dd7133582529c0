import { type nothing, render, type TemplateResult } from 'lit-html';
import { settings } from './settings.js';

export type Rendered = TemplateResult | typeof nothing;

/**
 * A custom element that shows what `view()` gives, in the page itself (no shadow: one stylesheet, and labels reach across). Changes between two frames are drawn once.
 * Whatever it starts, it starts in `start()` with the signal that ends when it leaves the page.
 */
export abstract class View extends HTMLElement {
  #gone: AbortController | undefined;
  #asked = false;

  protected abstract view(): Rendered;

  /** Called when it enters the page. Timers, listeners and requests end with `signal`. */
  protected start(_signal: AbortSignal): void {}

  /** Called after each drawing, for canvases and focus. */
  protected drawn(): void {}

  /** Draws soon. */
  update(): void {
    if (this.#asked || this.#gone === undefined) return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      if (this.#gone !== undefined) this.#draw();
    });
  }

  connectedCallback(): void {
    this.#gone = new AbortController();
    const { signal } = this.#gone;
    settings.listen(() => this.update(), signal);
    this.start(signal);
    this.#draw();
  }

  disconnectedCallback(): void {
    this.#gone?.abort();
    this.#gone = undefined;
  }

  #draw(): void {
    render(this.view(), this);
    this.drawn();
  }
}

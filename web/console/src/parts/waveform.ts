import { html } from 'lit-html';
import type { WaveformData } from '../api/client.js';
import { duration } from '../core/format.js';
import { columnsOf } from '../core/peaks.js';
import { settings } from '../core/settings.js';
import { View } from '../core/view.js';
import { t } from '../words/words.js';

/** A bar and the gap behind it, CSS px. */
const BAR_PX = 2;
const STEP_PX = 3;
const KEY_STEP_MS = 5000;

/**
 * Both sides of a call as it sounded, the caller above the line and the bot below; a slider over time. An own canvas, because peaks come ready-made from the service: nothing has to
 * be decoded in the browser to be drawn.
 */
export class Waveform extends View {
  #data: WaveformData | undefined;
  #atMs = 0;
  #durationMs = 0;
  #seek: (ms: number) => void = () => {};
  #drawnFor: string | undefined;
  readonly #dark = matchMedia('(prefers-color-scheme: dark)');

  set data(data: WaveformData | undefined) {
    if (data === this.#data) return;
    this.#data = data;
    this.#drawnFor = undefined;
    this.update();
  }
  set durationMs(ms: number) {
    if (ms === this.#durationMs) return;
    this.#durationMs = ms;
    this.update();
  }
  set seek(seek: (ms: number) => void) {
    this.#seek = seek;
  }
  /** Where the ear is. Moves the playhead without drawing anew. */
  set atMs(ms: number) {
    this.#atMs = ms;
    this.#move();
  }

  protected override start(signal: AbortSignal): void {
    const again = (): void => {
      this.#drawnFor = undefined;
      this.update();
    };
    const observer = new ResizeObserver(again);
    observer.observe(this);
    signal.addEventListener('abort', () => observer.disconnect(), { once: true });
    this.#dark.addEventListener('change', again, { signal });
    settings.listen(again, signal);
    this.addEventListener('pointerdown', (event) => this.#pointer(event), { signal });
    this.addEventListener('pointermove', (event) => event.buttons === 1 && this.#pointer(event), { signal });
    this.addEventListener('keydown', (event) => this.#key(event), { signal });
  }

  protected override view() {
    this.setAttribute('role', 'slider');
    this.setAttribute('tabindex', '0');
    this.setAttribute('aria-label', t().position);
    this.setAttribute('aria-valuemin', '0');
    this.setAttribute('aria-valuemax', String(Math.round(this.#durationMs / 1000)));
    return html`<canvas aria-hidden="true"></canvas><i class="head" aria-hidden="true"></i>
      <span class="side-name caller" aria-hidden="true">${t().who.caller}</span>
      <span class="side-name bot" aria-hidden="true">${t().who.bot}</span>`;
  }

  protected override drawn(): void {
    this.#move();
    const canvas = this.querySelector('canvas');
    if (canvas === null) return;
    const { clientWidth: width, clientHeight: height } = this;
    const key = `${width}×${height}×${devicePixelRatio}`;
    if (width === 0 || key === this.#drawnFor) return;
    this.#drawnFor = key;
    paint(canvas, width, height, this.#data, getComputedStyle(this));
  }

  #move(): void {
    const head = this.querySelector<HTMLElement>('.head');
    if (head === null) return;
    const share = this.#durationMs === 0 ? 0 : Math.min(1, this.#atMs / this.#durationMs);
    head.style.transform = `translateX(${share * this.clientWidth}px)`;
    this.setAttribute('aria-valuenow', String(Math.round(this.#atMs / 1000)));
    this.setAttribute('aria-valuetext', `${duration(this.#atMs)} / ${duration(this.#durationMs)}`);
  }

  #pointer(event: PointerEvent): void {
    if (event.button > 0) return;
    const { left, width } = this.getBoundingClientRect();
    if (event.type === 'pointerdown') this.setPointerCapture(event.pointerId);
    this.#seek(Math.max(0, Math.min(1, (event.clientX - left) / width)) * this.#durationMs);
  }

  #key(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: this.#atMs + KEY_STEP_MS,
      ArrowUp: this.#atMs + KEY_STEP_MS,
      ArrowLeft: this.#atMs - KEY_STEP_MS,
      ArrowDown: this.#atMs - KEY_STEP_MS,
      PageUp: this.#atMs + 6 * KEY_STEP_MS,
      PageDown: this.#atMs - 6 * KEY_STEP_MS,
      Home: 0,
      End: this.#durationMs,
    };
    const to = steps[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#seek(Math.max(0, Math.min(this.#durationMs, to)));
  }
}

function paint(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  data: WaveformData | undefined,
  style: CSSStyleDeclaration,
): void {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.scale(ratio, ratio);
  const middle = height / 2;
  context.fillStyle = style.getPropertyValue('--_line');
  context.fillRect(0, middle - 0.5, width, 1);
  if (data === undefined) return;
  const columns = Math.floor(width / STEP_PX);
  for (const [side, colour, up] of [
    [data.caller, '--caller', true],
    [data.bot, '--bot', false],
  ] as const) {
    context.fillStyle = style.getPropertyValue(colour);
    const peaks = columnsOf(side, columns);
    for (const [column, peak] of peaks.entries()) {
      // Speech is rarely loud: the square root shows quiet words too.
      const size = peak < 0.004 ? 0 : Math.max(1, Math.sqrt(Math.min(1, peak)) * (middle - 3));
      if (size > 0) context.fillRect(column * STEP_PX, up ? middle - 1 - size : middle + 1, BAR_PX, size);
    }
  }
}

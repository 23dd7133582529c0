import { h } from '../../shared/dom.js';

const BARS = [0.55, 0.8, 1, 0.8, 0.55] as const;
/** Share of the level that is left after one picture (60 a second): falls to a tenth in a quarter of a second. */
const FALL = 0.86;
/** Below this (−50 dBFS) there is nothing to see. */
const FLOOR_DB = -50;

/** How loud it is, for the eyes: the caller, or the bot while it speaks. */
export class Meter {
  readonly #bars = BARS.map(() => h('i'));
  readonly node = h('div', { class: 'meter', 'aria-hidden': 'true' }, ...this.#bars);
  #microphone = 0;
  #bot = 0;
  #frame: number | undefined;

  levels({ microphone, bot }: { readonly microphone?: number; readonly bot?: number }): void {
    if (microphone !== undefined) this.#microphone = Math.max(this.#microphone, share(microphone));
    if (bot !== undefined) this.#bot = bot === 0 ? 0 : Math.max(this.#bot, share(bot));
  }

  run(on: boolean): void {
    if (on === (this.#frame !== undefined)) return;
    if (on) this.#draw();
    else {
      cancelAnimationFrame(this.#frame ?? 0);
      this.#frame = undefined;
    }
  }

  #draw(): void {
    const bot = this.#bot > this.#microphone;
    const level = bot ? this.#bot : this.#microphone;
    this.node.classList.toggle('bot', bot);
    this.#bars.forEach((bar, index) => {
      bar.style.transform = `scaleY(${Math.max(0.12, level * (BARS[index] ?? 1)).toFixed(2)})`;
    });
    this.#microphone *= FALL;
    this.#bot *= FALL;
    this.#frame = requestAnimationFrame(() => this.#draw());
  }
}

function share(peak: number): number {
  return peak <= 0 ? 0 : Math.min(1, Math.max(0, 1 - (20 * Math.log10(peak)) / FLOOR_DB));
}

import { html } from 'lit-html';
import { ApiError, api, isAbort, type WaveformData } from '../api/client.js';
import { duration } from '../core/format.js';
import { Value } from '../core/value.js';
import { View } from '../core/view.js';
import { t } from '../words/words.js';
import { icon } from './icons.js';

const SPEEDS = [0.75, 1, 1.25, 1.5, 2] as const;
/** Which side is heard. */
type Side = 'both' | 'caller' | 'bot';
const BUCKETS = 1200;

/** The sound of one part of a call: waveform, play, speed, and either side alone. `atMs` tells others where the ear is. */
export class Player extends View {
  readonly atMs = new Value(0);
  readonly #audio = new Audio();
  #callId = '';
  #part = '';
  #durationMs = 0;
  #waveform: WaveformData | undefined;
  #speed = 1;
  #side: Side = 'both';
  #failed = false;
  /** Recordings are for supervisors, and for whoever had the conversation in hand. */
  #refused = false;
  #gains: { readonly caller: GainNode; readonly bot: GainNode; readonly context: AudioContext } | undefined;
  #frame = 0;
  #signal: AbortSignal | undefined;
  #startAtMs = 0;

  /** `startAtMs`: where a link pointed at. */
  show(callId: string, part: string, durationMs: number, startAtMs: number): void {
    if (callId === this.#callId && part === this.#part) return;
    this.#callId = callId;
    this.#part = part;
    this.#durationMs = durationMs;
    this.#startAtMs = startAtMs;
    if (this.#signal !== undefined) this.#load(this.#signal);
  }

  /** Plays from there. */
  play(fromMs: number): void {
    this.#seek(fromMs);
    void this.#start();
  }

  protected override start(signal: AbortSignal): void {
    this.#signal = signal;
    const audio = this.#audio;
    audio.preload = 'metadata';
    const on = (name: string, listener: () => void): void => audio.addEventListener(name, listener, { signal });
    on('play', () => this.#tick());
    on('pause', () => this.update());
    on('ended', () => this.update());
    on('seeked', () => this.atMs.set(audio.currentTime * 1000));
    on('error', () => {
      this.#failed = true;
      this.update();
    });
    on('loadedmetadata', () => {
      this.#failed = false;
      if (Number.isFinite(audio.duration)) this.#durationMs = audio.duration * 1000;
      const startAtMs = this.#startAtMs;
      this.#startAtMs = 0;
      if (startAtMs > 0) this.#seek(startAtMs);
      audio.playbackRate = this.#speed;
      this.update();
    });
    signal.addEventListener('abort', () => this.#end(), { once: true });
    if (this.#callId !== '') this.#load(signal);
  }

  protected override view() {
    const words = t();
    if (this.#refused) return html`<p class="soft small">${words.call.mayNotListen}</p>`;
    const playing = !this.#audio.paused;
    return html`
      <hk-waveform .data=${this.#waveform} .durationMs=${this.#durationMs} .seek=${(ms: number) => this.#seek(ms)} .atMs=${this.atMs.value}></hk-waveform>
      <div class="row controls">
        <button type="button" class="button strong square" aria-label=${playing ? words.pause : words.play} title=${playing ? words.pause : words.play} @click=${() => (playing ? this.#audio.pause() : void this.#start())}>${icon(playing ? 'pause' : 'play')}</button>
        <span class="figures time"><span class="now">${duration(this.atMs.value)}</span> <span class="soft">/ ${duration(this.#durationMs)}</span></span>
        <div class="segments" role="group" aria-label=${words.sides}>${(['both', 'caller', 'bot'] as const).map(
          (side) =>
            html`<button type="button" aria-pressed=${String(side === this.#side)} @click=${() => this.#listenTo(side)}>${words.sideNames[side]}</button>`,
        )}</div>
        <label class="speed"><span class="away">${words.speed}</span>
          <select @change=${(event: Event) => this.#setSpeed(Number((event.target as HTMLSelectElement).value))}>${SPEEDS.map(
            (speed) => html`<option value=${speed} ?selected=${speed === this.#speed}>${speed}×</option>`,
          )}</select></label>
        <a class="button quiet push" href=${api.audioAddress(this.#callId, this.#part)} download=${`${this.#callId}.wav`}>${words.download}</a>
      </div>
      ${this.#failed ? html`<p class="soft small" role="alert">${words.noSound}</p>` : html``}`;
  }

  #load(signal: AbortSignal): void {
    this.#audio.src = api.audioAddress(this.#callId, this.#part);
    this.#waveform = undefined;
    const part = this.#part;
    api
      .waveform(this.#callId, part, BUCKETS, signal)
      .then((waveform) => {
        if (part !== this.#part) return;
        this.#waveform = waveform;
        this.#durationMs = Math.max(this.#durationMs, waveform.durationMs);
        this.update();
      })
      .catch((error) => {
        // Without its drawing the call can still be heard, unless it may not be.
        if (isAbort(error)) return;
        this.#refused = error instanceof ApiError && error.status === 403;
        this.update();
      });
    this.update();
  }

  async #start(): Promise<void> {
    if (this.#side !== 'both') this.#splitter();
    await this.#gains?.context.resume();
    try {
      await this.#audio.play();
    } catch (error) {
      if (!isAbort(error)) this.#failed = true;
    }
    this.update();
  }

  #tick(): void {
    cancelAnimationFrame(this.#frame);
    const follow = (): void => {
      if (this.#startAtMs === 0) this.atMs.set(this.#audio.currentTime * 1000);
      const waveform = this.querySelector<HTMLElement & { atMs: number }>('hk-waveform');
      if (waveform !== null) waveform.atMs = this.atMs.value;
      const now = this.querySelector('.now');
      const text = duration(this.atMs.value);
      if (now?.firstChild && now.textContent !== text) this.update();
      if (!this.#audio.paused) this.#frame = requestAnimationFrame(follow);
    };
    follow();
    this.update();
  }

  #seek(ms: number): void {
    // Before the browser knows the sound it can't go anywhere in it: it is kept until then.
    if (this.#audio.readyState < HTMLMediaElement.HAVE_METADATA) this.#startAtMs = ms;
    else this.#audio.currentTime = ms / 1000;
    this.atMs.set(ms);
    this.update();
  }

  #setSpeed(speed: number): void {
    this.#speed = speed;
    this.#audio.playbackRate = speed;
    this.update();
  }

  #listenTo(side: Side): void {
    this.#side = side;
    const { caller, bot } = this.#splitter();
    caller.gain.value = side === 'bot' ? 0 : 1;
    bot.gain.value = side === 'caller' ? 0 : 1;
    this.update();
  }

  /** One side alone is heard on both ears; both sides stay left and right. Made when it is first wanted: it needs a click. */
  #splitter() {
    if (this.#gains !== undefined) return this.#gains;
    const context = new AudioContext();
    const source = context.createMediaElementSource(this.#audio);
    const splitter = context.createChannelSplitter(2);
    const merger = context.createChannelMerger(2);
    const caller = context.createGain();
    const bot = context.createGain();
    source.connect(splitter);
    splitter.connect(caller, 0);
    splitter.connect(bot, 1);
    caller.connect(merger, 0, 0);
    bot.connect(merger, 0, 1);
    merger.connect(context.destination);
    this.#gains = { caller, bot, context };
    return this.#gains;
  }

  #end(): void {
    cancelAnimationFrame(this.#frame);
    this.#audio.pause();
    this.#audio.removeAttribute('src');
    void this.#gains?.context.close();
    this.#gains = undefined;
  }
}

import { html } from 'lit-html';
import { api } from '../api/client.js';
import type { ListenMessage } from '../api/contract.js';
import { View } from '../core/view.js';
import { t } from '../words/words.js';
import { icon } from './icons.js';

/** Sound that waits before it is heard: what the network delays by less is not noticed. */
const CUSHION_S = 0.15;
/** More than this waiting is news of the past: it is dropped. */
const MOST_WAITING_S = 1.5;

/** Listens to a live call, caller left and bot right. Ends with its place on the page, or with the call. */
export class Listen extends View {
  #callId = '';
  #state: 'connecting' | 'on' | 'ended' | 'failed' = 'connecting';
  #context: AudioContext | undefined;
  #rate = 0;
  #nextAt = 0;
  #levels = { caller: 0, bot: 0 };
  onStop: () => void = () => {};

  set callId(id: string) {
    this.#callId = id;
  }

  protected override start(signal: AbortSignal): void {
    const context = new AudioContext({ latencyHint: 'interactive' });
    this.#context = context;
    void context.resume().catch(() => undefined);
    const socket = new WebSocket(api.listenAddress(this.#callId));
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => this.#received(data);
    socket.onclose = () => {
      if (this.#state !== 'ended') this.#set(this.#state === 'on' ? 'ended' : 'failed');
    };
    signal.addEventListener(
      'abort',
      () => {
        socket.onclose = null;
        socket.close(1000);
        void context.close();
        this.#context = undefined;
      },
      { once: true },
    );
  }

  protected override view() {
    const words = t().listen;
    return html`<div class="listening card">
      ${icon('ear')}<strong role="status">${words[this.#state]}</strong>
      <span class="levels" aria-hidden="true"><i class="caller"></i><i class="bot"></i></span>
      <button type="button" class="button push" @click=${() => this.onStop()}>${icon('stop')}${words.stop}</button>
    </div>`;
  }

  protected override drawn(): void {
    for (const side of ['caller', 'bot'] as const) {
      const bar = this.querySelector<HTMLElement>(`.levels .${side}`);
      if (bar !== null) bar.style.transform = `scaleX(${Math.min(1, Math.sqrt(this.#levels[side])).toFixed(3)})`;
    }
  }

  #received(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') {
      this.#play(new Int16Array(data, 0, Math.floor(data.byteLength / 4) * 2));
      return;
    }
    const message = JSON.parse(data) as ListenMessage;
    if (message.type === 'format') this.#rate = message.sampleRate;
    else this.#set('ended');
  }

  #play(interleaved: Int16Array): void {
    const context = this.#context;
    const frames = interleaved.length / 2;
    if (context === undefined || this.#rate === 0 || frames === 0) return;
    if (this.#state !== 'on') this.#set('on');
    const buffer = context.createBuffer(2, frames, this.#rate);
    const [left, right] = [buffer.getChannelData(0), buffer.getChannelData(1)];
    let caller = 0;
    let bot = 0;
    for (let at = 0; at < frames; at++) {
      left[at] = (interleaved[2 * at] ?? 0) / 32_768;
      right[at] = (interleaved[2 * at + 1] ?? 0) / 32_768;
      caller = Math.max(caller, Math.abs(left[at] ?? 0));
      bot = Math.max(bot, Math.abs(right[at] ?? 0));
    }
    this.#levels = { caller, bot };
    this.update();
    const now = context.currentTime;
    if (this.#nextAt - now > MOST_WAITING_S) return;
    if (this.#nextAt < now) this.#nextAt = now + CUSHION_S;
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(context.destination);
    source.start(this.#nextAt);
    this.#nextAt += buffer.duration;
  }

  #set(state: 'on' | 'ended' | 'failed'): void {
    this.#state = state;
    this.update();
  }
}

import { live, liveTick, me, nowMs, onLiveEvent } from './session.js';
import { settings } from './settings.js';
import { Value } from './value.js';

/** Calls that ring at this agent now. */
export const ringing = new Value(0);

/** When it last rang at this agent and nobody took it (epoch ms): they are away since. */
export const missed = new Value<number | undefined>(undefined);

const RING_EVERY_MS = 2500;
const NOTES_HZ = [660, 880] as const;

/** Makes an offer heard, and counts it for the title: an agent looks at other windows. */
export class Ringer {
  #timer: ReturnType<typeof setInterval> | undefined;
  #context: AudioContext | undefined;

  constructor(signal: AbortSignal) {
    liveTick.listen(() => this.#look(), signal);
    onLiveEvent((event) => {
      if (event.type === 'offerClosed' && event.outcome === 'timeout') missed.set(nowMs());
      // Said here or in another tab: it is known now.
      const mine = event.type === 'agent' && event.agent.name === me.value?.name;
      if (mine && event.agent.presence === 'available') missed.set(undefined);
    }, signal);
    me.listen(() => missed.set(undefined), signal);
    signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  #look(): void {
    ringing.set(live.offers.size);
    // A telephone rings by itself.
    if (![...live.offers.values()].some(({ kind }) => kind !== 'phone')) this.#stop();
    else if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#ring(), RING_EVERY_MS);
      this.#ring();
    }
  }

  #ring(): void {
    if (!settings.value.ringing) return;
    this.#context ??= new AudioContext();
    const context = this.#context;
    // Without a click on this page since it was loaded browsers keep it silent; the title still tells.
    void context.resume().catch(() => undefined);
    for (const [index, frequency] of NOTES_HZ.entries()) {
      const tone = context.createOscillator();
      const volume = context.createGain();
      const at = context.currentTime + index * 0.22;
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.16, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.4);
      tone.connect(volume).connect(context.destination);
      tone.start(at);
      tone.stop(at + 0.42);
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    void this.#context?.close();
    this.#context = undefined;
  }
}

import { Value } from '../core/value.js';
import { API, signedOut } from './client.js';
import type { LiveEvent } from './contract.js';
import { EventStreamReader } from './event-stream.js';

/** `again`: it was lost and is tried again. */
export type LinkState = 'connecting' | 'up' | 'again';

/** The service speaks at least every 15 s; after this long it is taken to be gone. */
const SILENCE_LIMIT_MS = 40_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;
/** With what the service says every 15 s this comes to half a minute. */
const HEARD_EVERY_MS = 20_000;

export interface LiveLinkOptions {
  readonly onEvent: (event: LiveEvent) => void;
  /** The service has been heard, and this page is there to hear it; every half minute or so. Not by a timer: browsers hold those back in pages that nobody sees. */
  readonly onHeard?: () => void;
  readonly signal: AbortSignal;
}

/**
 * The stream of what happens now. It comes back by itself, from where it was. Read with `fetch`, because an EventSource can neither tell that a line has gone silent nor why it was refused.
 */
export class LiveLink {
  readonly state = new Value<LinkState>('connecting');
  readonly #options: LiveLinkOptions;
  #lastId: string | undefined;
  #heardMs = Number.NEGATIVE_INFINITY;
  #retryMs = FIRST_RETRY_MS;
  #wake: () => void = () => {};
  #cut: () => void = () => {};

  constructor(options: LiveLinkOptions) {
    this.#options = options;
    const { signal } = options;
    addEventListener('online', () => this.#wake(), { signal });
    // The browser knows before the silence tells.
    addEventListener('offline', () => this.#cut(), { signal });
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#wake(), {
      signal,
    });
    void this.#run();
  }

  async #run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      const silence = new AbortController();
      this.#cut = () => silence.abort();
      let timer = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
      try {
        await this.#read(AbortSignal.any([signal, silence.signal]), () => {
          clearTimeout(timer);
          timer = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
        });
      } catch {
        // Lost, refused or silent: the same to whoever waits.
      }
      clearTimeout(timer);
      if (signal.aborted) return;
      this.state.set('again');
      await this.#pause();
    }
  }

  async #read(signal: AbortSignal, alive: () => void): Promise<void> {
    const response = await fetch(`${API}/live`, {
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        accept: 'text/event-stream',
        ...(this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId }),
      },
      signal,
    });
    if (response.status === 401) signedOut.set(signedOut.value + 1);
    if (!response.ok || response.body === null) throw new TypeError(`status ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const events = new EventStreamReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      alive();
      this.#heard();
      this.#retryMs = FIRST_RETRY_MS;
      this.state.set('up');
      for (const { data, id } of events.push(value)) {
        this.#lastId = id;
        this.#options.onEvent(JSON.parse(data) as LiveEvent);
      }
    }
  }

  #heard(): void {
    const nowMs = performance.now();
    if (nowMs - this.#heardMs < HEARD_EVERY_MS) return;
    this.#heardMs = nowMs;
    this.#options.onHeard?.();
  }

  async #pause(): Promise<void> {
    // Somewhat at random: a hundred pages must not come back in the same moment.
    const pauseMs = this.#retryMs * (0.5 + Math.random());
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }
}

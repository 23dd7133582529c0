import { WebSocket } from 'ws';
import type { CallSound, SoundListener } from '../../../web/widget/src/audio/sound.js';
import type { PlaybackOrder } from '../../../web/widget/src/audio/worklet-messages.js';
import { Conversation } from '../../../web/widget/src/conversation.js';
import type { Line } from '../../../web/widget/src/memory.js';
import type { Model } from '../../../web/widget/src/model.js';
import type { Platform } from '../../../web/widget/src/platform.js';
import { SHOP, type TestService } from './service.js';

/** A sound card without sound: it remembers what it was told. */
export class SilentSound implements CallSound {
  readonly running = true;
  readonly orders: PlaybackOrder[] = [];
  muted = false;
  closed = false;

  async resume(): Promise<void> {}

  mute(muted: boolean): void {
    this.muted = muted;
  }

  play(order: PlaybackOrder): void {
    this.orders.push(order);
  }

  close(): void {
    this.closed = true;
  }
}

/** Somebody on a page of the shop, without the page: the real conversation on real sockets. */
export class Visitor {
  readonly conversation: Conversation;
  language = 'zh-CN';
  readonly events: string[] = [];
  /** What was read out. */
  readonly announced: Line[] = [];
  /** Every state the page was shown. */
  readonly shown: Model[] = [];
  readonly network = new EventTarget();
  sound: SilentSound | undefined;
  listener: SoundListener | undefined;
  readonly #sockets: WebSocket[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(service: TestService, platform: Partial<Platform> = {}) {
    const tell = (): void => {
      for (const wake of this.#waiting) wake();
    };
    this.conversation = new Conversation({
      platform: {
        soundProblem: () => undefined,
        openSound: async (_rate, listener) => {
          this.listener = listener;
          this.sound = new SilentSound();
          return this.sound;
        },
        openSocket: (url, protocols) => {
          const socket = new WebSocket(url, protocols, { origin: SHOP });
          // A browser has no exceptions for this; what is left is the close.
          socket.on('error', () => undefined);
          this.#sockets.push(socket);
          return socket as unknown as globalThis.WebSocket;
        },
        network: this.network,
        ...platform,
      },
      server: service.url,
      tokens: service.tokens,
      rate: 16_000,
      language: () => this.language,
      // A call of the page before begins while this one is still being made.
      onChange: () =>
        queueMicrotask(() => {
          this.shown.push(this.model);
          tell();
        }),
      onLevels: () => undefined,
      onAnnounce: (line) => this.announced.push(line),
      onTransfer: () => false,
      onCall: (event) => this.events.push(event),
    });
  }

  get model(): Model {
    return this.conversation.model;
  }

  get said(): readonly string[] {
    return this.model.lines.map(({ who, text }) => `${who}: ${text}`);
  }

  /** Sockets that were opened so far. */
  get sockets(): number {
    return this.#sockets.length;
  }

  /** Waits for what the page shows; the test's own limit ends it. */
  async until(passes: (model: Model) => boolean): Promise<void> {
    while (!passes(this.model)) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** The network goes, without a word to either side. */
  dropNetwork(): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}

import type { IncomingInfoRequest, Session } from 'sip.js/lib/core/index.js';
import { monotonicMs } from '../clock.js';
import { DtmfMerger, type Key } from '../rtp/dtmf.js';
import type { LegMedia } from './leg-media.js';
import { readInfoKey } from './messages.js';

const MAX_INFO_BYTES = 1024;
/** Between two INFO keys: what a phone's RFC 4733 events leave. */
const INFO_PAUSE_MS = 80;
const MAX_DIGITS = 64;

export interface LegKeysOptions {
  readonly media: () => LegMedia | undefined;
  readonly session: () => Session | undefined;
  readonly established: () => boolean;
  /** One key was pressed, however often it was told. */
  readonly onKey: (digit: string, durationMs: number) => void;
}

/** Keys of one call in both directions, as RFC 4733 events and as SIP INFO; a phone that sends both is heard once. */
export class LegKeys {
  readonly #options: LegKeysOptions;
  readonly #merger = new DtmfMerger();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: LegKeysOptions) {
    this.#options = options;
  }

  fromRtp(digit: string, durationMs: number): void {
    this.#read((nowMs) => this.#merger.fromRtp({ digit, durationMs }, nowMs));
  }

  /** Answers the INFO, too. */
  fromInfo(info: IncomingInfoRequest): void {
    if (info.message.body.length > MAX_INFO_BYTES) {
      info.reject({ statusCode: 413 });
      return;
    }
    // Some carriers ask with an empty one whether the call is still there (RFC 2976 §2.2).
    if (info.message.body === '') {
      info.accept();
      return;
    }
    const key = readInfoKey(info.message);
    if (!key) {
      info.reject({ statusCode: 415, extraHeaders: ['Accept: application/dtmf-relay, application/dtmf'] });
      return;
    }
    info.accept();
    this.#read((nowMs) => this.#merger.fromInfo(key, nowMs));
  }

  /** RFC 4733 where it was agreed on, SIP INFO where not. Resolves when they are out. */
  async send(digits: string, durationMs: number): Promise<void> {
    const media = this.#options.media();
    if (media?.hasEvents) {
      await media.stream.sendDigits(digits, durationMs);
      return;
    }
    for (const digit of digits.replace(/[^0-9*#A-D]/gi, '').slice(0, MAX_DIGITS)) {
      if (!this.#options.established()) return;
      this.#options.session()?.info(undefined, {
        body: {
          contentDisposition: 'render',
          contentType: 'application/dtmf-relay',
          content: `Signal=${digit.toUpperCase()}\r\nDuration=${durationMs}\r\n`,
        },
      });
      await new Promise((resolve) => setTimeout(resolve, durationMs + INFO_PAUSE_MS));
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #read(read: (nowMs: number) => Key[]): void {
    if (this.#stopped) return;
    this.#merger.eventsNegotiated = this.#options.media()?.hasEvents ?? false;
    for (const { digit, durationMs } of read(monotonicMs())) this.#options.onKey(digit, durationMs);
    clearTimeout(this.#timer);
    const next = this.#merger.nextPollMs;
    if (next !== undefined && !this.#stopped) {
      this.#timer = setTimeout(
        () => this.#read((nowMs) => this.#merger.poll(nowMs)),
        Math.max(1, next - monotonicMs() + 1),
      );
    }
  }
}

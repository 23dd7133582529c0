import type { TurnResult } from '../dialogue/brain.js';
import type { MediaSession } from '../media/session.js';
import type { CallVoice } from './call-voice.js';
import type { FallbackPrompt } from './fallback-prompts.js';
import { HandOver, type HandOverParts } from './hand-over.js';

export interface DepartureParts extends Pick<HandOverParts, 'handoff' | 'clock' | 'record'> {
  readonly session: MediaSession;
  readonly voice: CallVoice;
  /** The hand-off did not work; the caller is still ours. */
  readonly onTransferFailed: () => void;
}

/** How a call leaves us: handed to a person, or ended with an apology when the dialogue can't go on. */
export class Departure {
  readonly #parts: DepartureParts;
  readonly #handOver: HandOver;
  #afterFallback: 'transfer' | 'hangup' = 'hangup';

  constructor(parts: DepartureParts) {
    this.#parts = parts;
    this.#handOver = new HandOver({ ...parts, hold: () => parts.voice.hold(), reassure: () => parts.voice.reassure() });
  }

  /** Hands over as the reply says; without one, to the configured person. */
  async transfer(reply: TurnResult | undefined): Promise<void> {
    const { session, voice, onTransferFailed } = this.#parts;
    const result = await this.#handOver.run(reply?.actions.find((action) => action.type === 'transfer'));
    if (result === 'completed') session.hangup('transferred', 'handed over');
    if (result !== 'failed') return;
    await voice.stop();
    onTransferFailed();
  }

  /** The dialogue can't go on: says so, then hands over or hangs up. */
  apologise(name: FallbackPrompt, next: 'transfer' | 'hangup'): void {
    this.#afterFallback = next;
    this.#parts.record('fallback', { name });
    this.#parts.voice.sayFallback(name);
  }

  /** The apology has been said, or could not be. */
  apologised(): void {
    if (this.#afterFallback === 'transfer') void this.transfer(undefined);
    else this.#parts.session.hangup('error', 'the dialogue could not go on');
  }

  stop(): void {
    this.#handOver.stop();
  }
}

import { HearkenError } from '../errors.js';
import type { PcmFrame } from '../media/session.js';
import type { SpeakOptions, Synthesizer, SynthesizerHealth } from '../speech/synthesizer.js';

/** A voice that hums: 200 ms of tone a character, in 20 ms frames. */
export class FakeSynthesizer implements Synthesizer {
  readonly spoken: string[] = [];
  /** In which language each was spoken. */
  readonly languages: string[] = [];
  /** What was made ahead of time. */
  readonly prepared: string[] = [];
  /** Texts that can't be spoken. */
  broken: (text: string) => boolean = () => false;

  async *speak(text: string, options: SpeakOptions): AsyncGenerator<PcmFrame> {
    this.spoken.push(text);
    this.languages.push(options.language);
    if (this.broken(text)) throw new HearkenError('SYNTHESIS_FAILED', `The fake voice was told not to say "${text}".`);
    const samples = (options.sampleRate * 20) / 1000;
    for (let frame = 0; frame < text.length * 10; frame++) {
      if (options.signal?.aborted) return;
      yield {
        samples: Int16Array.from({ length: samples }, (_, index) => 6000 * Math.sin(index / 4)),
        sampleRate: options.sampleRate,
      };
    }
  }

  async prepare(text: string): Promise<void> {
    this.prepared.push(text);
  }

  async warm(): Promise<void> {}

  health(): SynthesizerHealth {
    return { workers: 1, alive: 1, restarts: 0, cacheHits: 0, cacheMisses: 0 };
  }

  async close(): Promise<void> {}
}

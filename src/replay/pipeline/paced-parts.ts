import type { FirstWords } from '../../call/language/first-words.js';
import type { Brain, TurnOptions, TurnResult, UserMessage } from '../../dialogue/brain.js';
import type { PcmFrame } from '../../media/session.js';
import type { SpeakOptions, Synthesizer } from '../../speech/synthesizer.js';
import { type Pace, VIRTUAL_DELAYS } from './pace.js';

/** The brain on one call's virtual time. */
export function pacedBrain(brain: Brain, pace: Pace): Brain {
  const { turnMs, peekMs } = VIRTUAL_DELAYS;
  return {
    languages: brain.languages,
    handle: (message: UserMessage, options?: TurnOptions): Promise<TurnResult> =>
      pace.after(turnMs, () => brain.handle(message, options)),
    rehearse: (message) => pace.after(turnMs, () => brain.rehearse(message)),
    peek: (conversationId, text) => pace.after(peekMs, () => brain.peek(conversationId, text)),
    history: (conversationId) => brain.history(conversationId),
    heard: (conversationId, text) => brain.heard(conversationId, text),
    prompts: (language) => brain.prompts(language),
    close: () => brain.close(),
  };
}

/** What tells the caller's language, on one call's virtual time. `follow`: a first sentence is enough. */
export function pacedFirstWords(
  firstWords: Pick<FirstWords, 'doubts' | 'areOther'>,
  pace: Pace,
  follow: boolean,
): Partial<Pick<FirstWords, 'doubts' | 'areOther'>> {
  const { peekMs } = VIRTUAL_DELAYS;
  return {
    doubts: (own, first) => pace.after(peekMs, () => firstWords.doubts(own, first)),
    ...(follow ? { areOther: (own, other) => pace.after(peekMs, () => firstWords.areOther(own, other)) } : {}),
  };
}

/** The voice on one call's virtual time: all of a prompt is made before its first frame is given. */
export function pacedSynthesizer(synthesizer: Synthesizer, pace: Pace): Synthesizer {
  const { firstSoundMs } = VIRTUAL_DELAYS;
  return {
    async *speak(text: string, options: SpeakOptions): AsyncGenerator<PcmFrame> {
      const frames = await pace.after(firstSoundMs, async () => {
        const made: PcmFrame[] = [];
        for await (const frame of synthesizer.speak(text, options)) made.push(frame);
        return made;
      });
      if (!options.signal?.aborted) yield* frames;
    },
    prepare: (text, options) => pace.after(firstSoundMs, () => synthesizer.prepare(text, options)),
    warm: (texts, options) => synthesizer.warm(texts, options),
    health: () => synthesizer.health(),
    // Shared by all calls.
    close: async () => {},
  };
}

import type { Config } from '../config.js';
import { findEspeak } from './espeak-voice.js';
import { findFlite } from './flite-voice.js';
import { type InstalledModel, type ModelInUse, type ModelRegistry, NO_MODEL } from './registry.js';
import type { Voice } from './voice.js';
import type { SpeechLogger } from './worker-process.js';

/** What serves one purpose: a model, a program that stands in, another language's voice (by `inUse.name`), or nothing. */
export interface Choice {
  readonly inUse: ModelInUse;
  readonly installed: InstalledModel | undefined;
  /** Starts the program. */
  readonly program: ((logger: SpeechLogger) => Voice) | undefined;
}

/** Decides for every purpose the configuration names; loads nothing. */
export function chooseModels(registry: ModelRegistry, config: Config['speech']): readonly Choice[] {
  const choices: Choice[] = [];
  const vad = registry.choose('vad', '*', [config.vad]);
  choices.push({ ...vad, program: undefined });
  for (const [language, names] of Object.entries(config.recognizers)) {
    const { installed, inUse } = registry.choose('recognizer', language, names);
    // Without a model there is still voice activity: the caller is heard, not understood.
    const reason = installed ? inUse.reason : `${inUse.reason}; speech is noticed but not understood, keys work`;
    choices.push({ installed, inUse: { ...inUse, reason }, program: undefined });
  }
  for (const [language, names] of Object.entries(config.synthesizers)) {
    choices.push(chooseVoice(registry, language, names, choices));
  }
  return choices;
}

function chooseVoice(
  registry: ModelRegistry,
  language: string,
  names: readonly string[],
  before: readonly Choice[],
): Choice {
  const { installed, inUse } = registry.choose('synthesizer', language, names);
  if (installed) return { installed, inUse, program: undefined };
  const flite = findFlite(language);
  if (flite) {
    const reason = `${inUse.reason}; flite, built in, stands in`;
    return { installed, program: flite.open, inUse: { ...inUse, name: flite.name, reason } };
  }
  const espeak = findEspeak(language);
  if (espeak) {
    const reason = `${inUse.reason}; espeak-ng of this machine stands in`;
    return { installed, program: () => espeak, inUse: { ...inUse, name: espeak.name, reason } };
  }
  // Better read out by a voice of another language than silence on the line.
  const standIn = before.find(({ inUse: other }) => other.kind === 'synthesizer' && other.name !== NO_MODEL);
  const then = standIn ? `${standIn.inUse.name} spells it` : 'nothing can be said';
  const reason = `${inUse.reason}, no flite or espeak-ng on this machine either; ${then}`;
  return { installed, program: undefined, inUse: { ...inUse, name: standIn?.inUse.name ?? NO_MODEL, reason } };
}

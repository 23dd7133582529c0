import { configSchema } from '../src/config.js';
import { loadRecognizerEngine } from '../src/speech/load-recognizer-engine.js';
import type { RecognizerEngine } from '../src/speech/recognizer-engine.js';
import { ModelRegistry } from '../src/speech/registry.js';

/** The recogniser that a configuration without changes takes for a language, in this process. */
export async function defaultEngine(root: string, language: string): Promise<RecognizerEngine> {
  const { vad, recognizers } = configSchema.parse({}).speech;
  const { installed } = new ModelRegistry({ root }).choose('recognizer', language, recognizers[language] ?? []);
  if (!installed) throw new Error(`no recogniser for ${language} is there: npx hearken models list`);
  return loadRecognizerEngine({ root, folders: [], vad, recognizer: installed.model.name, preRollMs: 300 });
}

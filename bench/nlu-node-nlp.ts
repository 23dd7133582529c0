import { createRequire } from 'node:module';
import type { TrainingData } from '../src/nlu/corpus/training-data.js';

/** The part of node-nlp 4 that is used here; the package has no types. */
interface NlpManager {
  addDocument(language: string, text: string, intent: string): void;
  train(): Promise<void>;
  process(language: string, text: string): Promise<{ intent?: string }>;
}
type NlpModule = { NlpManager: new (options: object) => NlpManager };

/**
 * Accuracy of node-nlp with its defaults, percent. Null when it is not installed (it is a development dependency: a peer to compare with, nothing
 * the service needs).
 */
export async function nodeNlpAccuracy(train: TrainingData, test: TrainingData): Promise<number | null> {
  const nodeNlp = load();
  if (!nodeNlp) {
    console.error('node-nlp is not installed: run npm install with development dependencies');
    return null;
  }
  const manager = new nodeNlp.NlpManager({
    languages: ['en'],
    forceNER: false,
    autoSave: false,
    autoLoad: false,
    nlu: { log: false },
  });
  for (const { text, intent } of train.examples) manager.addDocument('en', text, intent);
  await manager.train();
  let right = 0;
  for (const { text, intent } of test.examples) if ((await manager.process('en', text)).intent === intent) right++;
  return Math.round((right / test.examples.length) * 10_000) / 100;
}

function load(): NlpModule | undefined {
  try {
    return createRequire(import.meta.url)('node-nlp') as NlpModule;
  } catch {
    return undefined;
  }
}

import { roundToInt16 } from '../dsp/resample.js';
import { leaveStopSignalsToParent } from '../owned-process.js';
import { type Lexicon, loadLexicon } from './lexicon.js';
import { readManifest } from './manifest.js';
import { ModelRegistry } from './registry.js';
import { loadSherpa, offlineTtsConfig, type SherpaTts } from './sherpa.js';
import type { CancelMessage, MadeMessage, MakeMessage, SynthesizerWorkerInit } from './synthesizer-protocol.js';

/** Entry of a synthesiser process: loads one voice, then makes one clause at a time. */

process.on('disconnect', () => process.exit(0));
leaveStopSignalsToParent();

const sherpa = loadSherpa();
let tts: SherpaTts | undefined;
let lexicon: Lexicon | undefined;
const cancelled = new Set<number>();

process.on('message', (message: SynthesizerWorkerInit | MakeMessage | CancelMessage) => {
  if (message.type === 'init') start(message);
  else if (message.type === 'cancel') cancelled.add(message.jobId);
  else void make(message);
});

function start(init: SynthesizerWorkerInit): void {
  const registry = new ModelRegistry({
    root: init.root,
    folders: init.folders,
    ...(init.manifestFile === undefined ? {} : { manifest: readManifest(init.manifestFile) }),
  });
  const installed = registry.find(init.model);
  if (!installed) throw new Error(`voice ${init.model} not found`);
  lexicon = loadLexicon(installed);
  tts = new sherpa.OfflineTts(offlineTtsConfig(installed, init.modelFile));
  process.send?.({ type: 'ready' });
}

async function make({ requestId, jobId, text, speed }: MakeMessage): Promise<void> {
  const answer = (made: Omit<MadeMessage, 'type' | 'requestId'>) => {
    cancelled.delete(jobId);
    process.send?.({ type: 'made', requestId, ...made });
  };
  const sampleRate = tts?.sampleRate ?? 8000;
  // Text in which nothing is known to the voice makes sherpa-onnx fail, or end the process: it is not even asked.
  const known = lexicon?.fit(text) ?? '';
  if (!tts || known === '' || cancelled.has(jobId)) {
    answer({ samples: new Int16Array(0), sampleRate });
    return;
  }
  try {
    const audio = await tts.generateAsync({
      text: known,
      // silenceScale 1: the default shortens every pause to a fifth.
      generationConfig: new sherpa.GenerationConfig({ sid: 0, speed, silenceScale: 1 }),
      onProgress: () => (cancelled.has(jobId) ? 0 : 1),
    });
    answer({ samples: roundToInt16(audio.samples), sampleRate: audio.sampleRate });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    answer({ samples: new Int16Array(0), sampleRate, error: message });
  }
}

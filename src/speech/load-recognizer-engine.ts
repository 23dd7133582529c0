import type { Graph } from './graph.js';
import { readManifest } from './manifest.js';
import { RecognizerEngine, type RecognizerEngineOptions } from './recognizer-engine.js';
import type { RecognizerWorkerInit } from './recognizer-protocol.js';
import { ModelRegistry, pathIn } from './registry.js';
import { loadSherpa, recognizerConfigs, tailPaddingMs } from './sherpa.js';
import { Silero } from './silero.js';

/**
 * Loads voice activity and the recogniser with its graphs into this process. A broken model can end the process: only processes that may end call
 * this. Throws when a model is not found.
 */
export async function loadRecognizerEngine(
  init: Omit<RecognizerWorkerInit, 'type'>,
  options: Pick<RecognizerEngineOptions, 'parks'> = {},
): Promise<RecognizerEngine> {
  const registry = new ModelRegistry({
    root: init.root,
    folders: init.folders,
    ...(init.manifestFile === undefined ? {} : { manifest: readManifest(init.manifestFile) }),
  });
  const vad = registry.find(init.vad);
  const vadEngine = vad?.model.engine;
  if (!vad || vadEngine?.type !== 'silero') throw new Error(`voice activity model ${init.vad} not found`);
  const silero = await Silero.load(pathIn(vad, vadEngine.model));
  const installed = init.recognizer === undefined ? undefined : registry.find(init.recognizer);
  if (init.recognizer !== undefined && !installed) throw new Error(`recogniser ${init.recognizer} not found`);
  const { OnlineRecognizer } = loadSherpa();
  const configs = installed ? recognizerConfigs(installed, init.graphs, init.hotwords) : new Map<Graph, object>();
  return new RecognizerEngine({
    recognizers: new Map([...configs].map(([graph, config]) => [graph, new OnlineRecognizer(config)])),
    silero,
    tailPaddingMs: installed ? tailPaddingMs(installed.model.engine) : 0,
    preRollMs: init.preRollMs,
    ...options,
  });
}

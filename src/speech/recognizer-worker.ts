import { leaveStopSignalsToParent } from '../owned-process.js';
import type { Graph } from './graph.js';
import { readManifest } from './manifest.js';
import { RecognizerEngine } from './recognizer-engine.js';
import type {
  CloseMessage,
  ExpectMessage,
  OpenMessage,
  RecognizerWorkerInit,
  WorkItem,
  WorkMessage,
} from './recognizer-protocol.js';
import { ModelRegistry, pathIn } from './registry.js';
import { loadSherpa, recognizerConfigs, tailPaddingMs } from './sherpa.js';
import { Silero } from './silero.js';

/** Entry of a recogniser process: loads the models, then answers `work` messages until its parent is gone. */

process.on('disconnect', () => process.exit(0));
leaveStopSignalsToParent();

let engine: RecognizerEngine | undefined;
let waiting: WorkItem[] = [];
let lastSeq = 0;
let busy = false;

process.on('message', (message: RecognizerWorkerInit | OpenMessage | ExpectMessage | CloseMessage | WorkMessage) => {
  switch (message.type) {
    case 'init':
      void start(message);
      return;
    case 'open':
      engine?.open(message);
      return;
    case 'expect':
      engine?.expect(message);
      return;
    case 'close':
      engine?.close(message.handle);
      return;
    case 'work':
      // What has piled up while the models were running is done in one go.
      waiting.push(...message.items);
      lastSeq = message.seq;
      if (!busy) {
        busy = true;
        setImmediate(() => void work());
      }
      return;
  }
});

async function start(init: RecognizerWorkerInit): Promise<void> {
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
  const configs = installed ? recognizerConfigs(installed, init.graphs) : new Map<Graph, object>();
  engine = new RecognizerEngine({
    recognizers: new Map([...configs].map(([graph, config]) => [graph, new OnlineRecognizer(config)])),
    silero,
    tailPaddingMs: installed ? tailPaddingMs(installed.model.engine) : 0,
    preRollMs: init.preRollMs,
  });
  process.send?.({ type: 'ready' });
}

async function work(): Promise<void> {
  while (waiting.length > 0) {
    const items = waiting;
    const seq = lastSeq;
    waiting = [];
    const startedAt = performance.now();
    const events = (await engine?.work(items)) ?? [];
    process.send?.({ type: 'done', seq, busyMs: performance.now() - startedAt, events });
    // Lets messages that have arrived meanwhile in.
    await new Promise((resolve) => setImmediate(resolve));
  }
  busy = false;
}

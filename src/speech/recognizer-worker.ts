import { leaveStopSignalsToParent } from '../owned-process.js';
import { loadRecognizerEngine } from './load-recognizer-engine.js';
import type { RecognizerEngine } from './recognizer-engine.js';
import type {
  CloseMessage,
  ExpectMessage,
  OpenMessage,
  RecognizerWorkerInit,
  WorkItem,
  WorkMessage,
} from './recognizer-protocol.js';

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
  engine = await loadRecognizerEngine(init);
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

import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Resampler } from '../../src/dsp/resample.js';
import { ModelRegistry } from '../../src/speech/registry.js';
import { loadSherpa, onlineRecognizerConfig, RECOGNIZER_RATE } from '../../src/speech/sherpa.js';
import type { ProbeResult } from './capacity.js';
import { callerLines, callerTape, FRAME_MS, PHASES, percentile, round } from './measure.js';

/**
 * The ceiling, a process of its own: the model in a bare loop of batched decoding, none of our code in it. Audio comes in real time, 20 ms of every stream at a time, resampled
 * beforehand; after each 20 ms everything that has a full chunk is decoded in one `decodeStreams`. No voice activity, no events, no text is asked for, no message crosses.
 * A chunk's delay is the time from the arrival of its last frame until it is decoded.
 */

export interface BareProbe {
  readonly model: string;
  readonly streams: number;
  readonly seconds: number;
  readonly pauses: boolean;
}

const root = resolve(import.meta.dirname, '../..');
const STEP = (RECOGNIZER_RATE * FRAME_MS) / 1000;
const tapes = new Map<boolean, Int16Array>();
let engine: InstanceType<ReturnType<typeof loadSherpa>['OnlineRecognizer']> | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (probe: BareProbe) => {
  void run(probe).then((result) => process.send?.(result));
});

async function run({ model, streams, seconds, pauses }: BareProbe): Promise<ProbeResult> {
  const installed = new ModelRegistry({ root }).find(model);
  if (!installed) throw new Error(`${model} was not found`);
  engine ??= new (loadSherpa().OnlineRecognizer)(onlineRecognizerConfig(installed));
  const recognizer = engine;
  const tape = tapes.get(pauses) ?? callerTape(root, pauses);
  tapes.set(pauses, tape);
  const inputs = callerLines(tape, streams, seconds).map((line) =>
    new Resampler(8000, RECOGNIZER_RATE).processToFloat(line),
  );
  const open = inputs.map((input, index) => ({ input, stream: recognizer.createStream(), from: index % PHASES }));
  const delays: number[] = [];
  const ticks = (seconds * 1000) / FRAME_MS;
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  for (let tick = 0; tick < ticks; ) {
    const due = Math.min(ticks, Math.floor((performance.now() - started) / FRAME_MS));
    if (due <= tick) {
      await sleep(Math.max(1, started + (tick + 1) * FRAME_MS - performance.now()));
      continue;
    }
    const ready: { readonly stream: (typeof open)[number]['stream']; readonly atMs: number }[] = [];
    for (const { input, stream, from } of open) {
      let counted = false;
      for (let at = tick; at < due; at++) {
        if (at < from) continue;
        const samples = input.subarray((at - from) * STEP, (at - from + 1) * STEP).slice();
        stream.acceptWaveform({ samples, sampleRate: RECOGNIZER_RATE });
        if (counted || !recognizer.isReady(stream)) continue;
        counted = true;
        ready.push({ stream, atMs: started + (at + 1) * FRAME_MS });
      }
    }
    tick = due;
    for (let batch = ready.map(({ stream }) => stream); batch.length > 0; ) {
      recognizer.decodeStreams(batch);
      batch = batch.filter((stream) => recognizer.isReady(stream));
    }
    const now = performance.now();
    for (const { atMs } of ready) delays.push(now - atMs);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    streams,
    p50Ms: round(percentile(delays, 0.5), 0),
    p99Ms: round(percentile(delays, 0.99), 0),
    realTimeFactor: round((user + system) / 1e6 / (streams * seconds), 5),
    droppedMs: 0,
  };
}

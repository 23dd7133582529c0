import { configSchema } from '../../src/config.js';
import { samplesIn } from '../../src/dsp/framing.js';
import { Resampler } from '../../src/dsp/resample.js';
import { ReplayStage } from '../../src/replay/pipeline/stage.js';
import { splitUtterances } from '../../src/replay/utterances.js';
import { readAudioFile } from '../../src/speech/audio-file.js';
import { ModelRegistry } from '../../src/speech/registry.js';
import { loadSherpa, onlineRecognizerConfig, RECOGNIZER_RATE } from '../../src/speech/sherpa.js';
import { replayJob } from '../../src/testing/replay-job.js';
import { benchSettings, root } from './settings.js';

/** One of the bench's processes: replays, or decodes the same audio in a bare loop. */

export interface PhaseOrder {
  readonly type: 'prepare' | 'run';
  /** `bare`: all of the audio; `voiced`: only where somebody speaks; `replay`: with the recogniser that the bare loop has, `shipped`: with all that ship. */
  readonly phase: 'bare' | 'voiced' | 'replay' | 'shipped';
  readonly files: readonly string[];
}

export interface PhaseDone {
  readonly audioMs: number;
  readonly cpuMs: number;
}

/** Streams side by side, as replay has them. */
const BATCH = 32;
const PIECE = 1600;
/** A stream of its own for each piece of a call so long: about what an utterance and the pause before it come to. */
const STREAM_SECONDS = 15;

const dataFolder = process.argv[2] ?? '';
const stages = {
  replay: await ReplayStage.open(benchSettings(dataFolder, false)),
  shipped: await ReplayStage.open(benchSettings(dataFolder, true)),
};
const registry = new ModelRegistry({ root });
const { installed } = registry.choose('recognizer', 'zh-CN', configSchema.parse({}).speech.recognizers['zh-CN'] ?? []);
if (!installed) throw new Error('no Mandarin recogniser');
const { OnlineRecognizer } = loadSherpa();
const recognizer = new OnlineRecognizer(onlineRecognizerConfig(installed));
let pieces: Float32Array[] = [];
let audioMs = 0;

process.on('disconnect', () => process.exit(0));
process.on('message', (order: PhaseOrder) => void obey(order));
process.send?.({ type: 'ready' });

async function obey({ type, phase, files }: PhaseOrder): Promise<void> {
  if (type === 'prepare') {
    await prepare(phase, files);
    process.send?.({ audioMs: 0, cpuMs: 0 } satisfies PhaseDone);
    return;
  }
  const before = process.cpuUsage();
  if (phase === 'replay' || phase === 'shipped')
    await Promise.all(files.map((file) => stages[phase].replay(replayJob(file))));
  else bareLoop();
  const { user, system } = process.cpuUsage(before);
  process.send?.({ audioMs, cpuMs: (user + system) / 1000 } satisfies PhaseDone);
}

/** Reading and resampling are no part of bare decoding; replay does both by itself, within its time. */
async function prepare(phase: PhaseOrder['phase'], files: readonly string[]): Promise<void> {
  pieces = [];
  audioMs = 0;
  for (const file of files) {
    const pcm = await readAudioFile(file, { sampleRate: 8000 });
    audioMs += pcm.length / 8;
    if (phase === 'replay' || phase === 'shipped') continue;
    const length = STREAM_SECONDS * 1000;
    const whole = Array.from({ length: Math.ceil(pcm.length / 8 / length) }, (_, index) => ({
      startMs: index * length,
      endMs: Math.min(pcm.length / 8, (index + 1) * length),
    }));
    const spans = phase === 'voiced' ? splitUtterances(pcm, 8000) : whole;
    for (const { startMs, endMs } of spans) {
      const span = pcm.subarray(samplesIn(startMs, 8000), samplesIn(endMs, 8000));
      pieces.push(new Resampler(8000, RECOGNIZER_RATE).processToFloat(span));
    }
  }
}

function bareLoop(): void {
  for (let start = 0; start < pieces.length; start += BATCH) {
    const streams = pieces
      .slice(start, start + BATCH)
      .map((samples) => ({ samples, at: 0, stream: recognizer.createStream() }));
    for (let open = true; open; ) {
      open = false;
      for (const each of streams) {
        if (each.at >= each.samples.length) continue;
        open = true;
        each.stream.acceptWaveform({
          samples: each.samples.subarray(each.at, each.at + PIECE),
          sampleRate: RECOGNIZER_RATE,
        });
        each.at += PIECE;
      }
      for (;;) {
        const ready = streams.filter(({ stream }) => recognizer.isReady(stream)).map(({ stream }) => stream);
        if (ready.length === 0) break;
        recognizer.decodeStreams(ready);
      }
    }
    for (const { stream } of streams) recognizer.getResult(stream);
  }
}

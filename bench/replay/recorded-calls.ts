import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ReplayStage } from '../../src/replay/pipeline/stage.js';
import { readSidecars } from '../../src/replay/recordings/labels.js';
import { seededRandom } from '../../src/replay/statistics/random.js';
import { readAudioFile } from '../../src/speech/audio-file.js';
import { replayJob } from '../../src/testing/replay-job.js';
import { benchSettings, root } from './settings.js';

/** The caller's side of `count` calls as the service would have recorded them, 8 kHz: each sample call answered by the sample application once, then varied. */
export async function recordedCalls(dataFolder: string, count: number): Promise<readonly Int16Array[]> {
  const folder = join(root, 'audio/calls');
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.wav'))
    .sort()
    .map((file) => join(folder, file));
  const stage = await ReplayStage.open(benchSettings(dataFolder, false));
  try {
    const originals = await Promise.all(files.map((file) => asRecorded(stage, file)));
    return Array.from({ length: count }, (_, index) =>
      varied(originals[index % originals.length] ?? new Int16Array(0), index),
    );
  } finally {
    await stage.close();
  }
}

async function asRecorded(stage: ReplayStage, file: string): Promise<Int16Array> {
  const labels = readSidecars(file);
  const { result } = await stage.replay(replayJob(file, { timing: 'answer', labels }));
  if (result.kind !== 'call') throw new Error(`${file} could not be replayed`);
  const source = await readAudioFile(file, { sampleRate: 8000 });
  const pcm = new Int16Array((result.durationMs + 500) * 8);
  result.said.forEach(({ fromMs }, index) => {
    const { startMs = 0, endMs = 0 } = labels.utterances?.[index] ?? {};
    pcm.set(
      source.subarray(Math.round(startMs * 8), Math.round(endMs * 8)).subarray(0, pcm.length - fromMs * 8),
      fromMs * 8,
    );
  });
  return pcm;
}

/** Another caller on another line: loudness and the line's own noise differ (-74 to -64 dBFS; ITU-T G.712 lets a channel have -65 dBm0p, which is -68 dBFS). */
function varied(pcm: Int16Array, seed: number): Int16Array {
  const random = seededRandom(seed + 1);
  const gain = 0.5 + random() * 0.5;
  const noise = 2 * 11 * 10 ** (random() / 2);
  return Int16Array.from(pcm, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample * gain + (random() - 0.5) * noise))),
  );
}

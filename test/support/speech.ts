import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeWav } from '../../src/dsp/wav.js';
import type { RecognizerStream, RecognizerStreamEvents } from '../../src/speech/recognizer.js';
import { RecognizerPool, type RecognizerPoolOptions } from '../../src/speech/recognizer-pool.js';
import { SILENT_LOGGER } from '../../src/speech/worker-process.js';

export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

export interface SpokenPart {
  readonly text: string;
  /** 8 kHz, with a little of the line before and after. */
  readonly pcm: Int16Array;
}

/** The utterances of a sample call. */
export function spokenParts(call: string): SpokenPart[] {
  const file = `${projectRoot}audio/calls/${call}`;
  const pcm = decodeWav(readFileSync(`${file}.wav`)).channels[0] ?? new Int16Array(0);
  const { utterances } = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as {
    utterances: { startMs: number; endMs: number; text: string }[];
  };
  return utterances.map(({ startMs, endMs, text }) => ({
    text,
    pcm: pcm.slice((startMs - 300) * 8, (endMs + 300) * 8),
  }));
}

/** One utterance by its words. */
export function spoken(call: string, text: string): Int16Array {
  const part = spokenParts(call).find((candidate) => candidate.text === text);
  if (!part) throw new Error(`${call} does not say ${text}`);
  return part.pcm;
}

export function recognizerPool(options: Partial<RecognizerPoolOptions> = {}): RecognizerPool {
  return new RecognizerPool({
    workers: 1,
    maxStreamsPerWorker: 100,
    logger: SILENT_LOGGER,
    init: { recognizer: 'asr-zh-phone', vad: 'vad-silero', root: projectRoot, folders: [], preRollMs: 300 },
    ...options,
  });
}

/** Feeds about eight times faster than real time, but no faster than it is taken. */
export async function feed(stream: RecognizerStream, pcm: Int16Array): Promise<void> {
  for (let start = 0; start < pcm.length; start += 800) {
    const waitingMs = stream.accept(pcm.subarray(start, start + 800));
    await sleep(Math.max(5, waitingMs / 8));
  }
}

/** Resolves with the arguments of the next event that passes; rejects after the limit or when the stream fails. */
export function next<Name extends keyof RecognizerStreamEvents & string>(
  stream: RecognizerStream,
  name: Name,
  passes: (...args: RecognizerStreamEvents[Name]) => boolean = () => true,
  limitMs = 45_000,
): Promise<RecognizerStreamEvents[Name]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${name} within ${limitMs} ms`)), limitMs);
    const listener = (...args: RecognizerStreamEvents[Name]): void => {
      if (!passes(...args)) return;
      clearTimeout(timer);
      stream.off(name, listener);
      resolve(args);
    };
    stream.on(name, listener);
    stream.once('failed', (reason) => {
      clearTimeout(timer);
      reject(new Error(`stream failed: ${reason}`));
    });
  });
}

/** Says it all, ends the utterance, and gives the final. */
export async function hear(stream: RecognizerStream, pcm: Int16Array) {
  await feed(stream, pcm);
  const flushId = stream.flush();
  const [final] = await next(stream, 'final', (candidate) => candidate.flushId === flushId);
  return final;
}

import { spawn, spawnSync } from 'node:child_process';
import { decodeWav } from '../dsp/wav.js';
import { HearkenError, messageOf } from '../errors.js';
import type { Voice, VoiceAudio, VoiceHealth, VoiceRequest } from './voice.js';

/**
 * The fallback for languages without a voice model: the program espeak-ng, where it is installed. It sounds like a robot and is understood; it
 * runs as a process of its own for each clause, with a time limit.
 */

const PROGRAM = 'espeak-ng';
/** espeak-ng's name for a language of ours. */
const VOICES: Readonly<Record<string, string>> = { en: 'en-us' };
/** Words a minute at speed 1; espeak-ng's own default of 175 is hurried on the phone. */
const WORDS_PER_MINUTE = 155;
const TIMEOUT_MS = 5000;
/** Processes at once; more wait. */
const LARGEST_CONCURRENCY = 4;
const LARGEST_WAVE_BYTES = 16 * 1024 * 1024;
const LONGEST_QUEUE = 200;

/** The voice for a language, or undefined when espeak-ng is not installed or does not speak it. */
export function findEspeak(language: string): EspeakVoice | undefined {
  const voice = VOICES[language.split('-')[0] ?? ''];
  if (voice === undefined) return undefined;
  const asked = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8', timeout: 2000 });
  if (asked.status !== 0) return undefined;
  return new EspeakVoice(voice, /\d+\.\d+(?:\.\d+)?/.exec(asked.stdout)?.[0] ?? 'unknown');
}

export class EspeakVoice implements Voice {
  readonly name: string;
  readonly fingerprint: string;
  readonly #voice: string;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(voice: string, version: string) {
    this.name = `espeak-ng ${voice}`;
    this.fingerprint = `espeak-ng ${version} ${voice}`;
    this.#voice = voice;
  }

  async whenReady(): Promise<void> {}

  async make(request: VoiceRequest): Promise<VoiceAudio> {
    if (!/[\p{L}\p{N}]/u.test(request.text)) return { samples: new Int16Array(0), sampleRate: 22_050 };
    await this.#turn();
    try {
      request.signal.throwIfAborted();
      return await this.#run(request);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  health(): VoiceHealth {
    return { workers: 0, alive: 0, restarts: 0 };
  }

  async close(): Promise<void> {}

  async #turn(): Promise<void> {
    if (this.#waiting.length >= LONGEST_QUEUE) {
      throw new HearkenError('OVERLOADED', 'Too much waits for espeak-ng already.', {
        hint: 'Pull an English voice: hearken models pull tts-en-piper-amy.',
      });
    }
    if (this.#running >= LARGEST_CONCURRENCY) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
  }

  #run({ text, speed, signal }: VoiceRequest): Promise<VoiceAudio> {
    return new Promise((resolve, reject) => {
      const child = spawn(
        PROGRAM,
        ['-v', this.#voice, '-s', String(Math.round(WORDS_PER_MINUTE * speed)), '-b', '1', '--stdin', '--stdout'],
        {
          stdio: ['pipe', 'pipe', 'ignore'],
          timeout: TIMEOUT_MS,
          killSignal: 'SIGKILL',
          signal,
        },
      );
      const chunks: Buffer[] = [];
      let bytes = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > LARGEST_WAVE_BYTES) child.kill('SIGKILL');
        else chunks.push(chunk);
      });
      child.stdin.on('error', () => {});
      child.on('error', (error) => reject(signal.aborted ? signal.reason : failed(messageOf(error))));
      child.on('close', (code) => {
        if (code !== 0) {
          reject(failed(code === null ? `it took longer than ${TIMEOUT_MS} ms` : `it ended with code ${code}`));
          return;
        }
        try {
          const wav = decodeWav(Buffer.concat(chunks));
          resolve({ samples: wav.channels[0] ?? new Int16Array(0), sampleRate: wav.sampleRate });
        } catch (error) {
          reject(failed(messageOf(error)));
        }
      });
      child.stdin.end(text);
    });
  }
}

function failed(reason: string): HearkenError {
  return new HearkenError('SYNTHESIS_FAILED', `espeak-ng could not say this: ${reason}.`);
}

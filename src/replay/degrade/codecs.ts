import { spawn } from 'node:child_process';
import ffmpegInstaller from '@ffmpeg-installer/ffmpeg';
import { resample } from '../../dsp/resample.js';
import { bytesToPcm, pcmToBytes } from '../../dsp/wav.js';
import { HearkenError } from '../../errors.js';

/** A codec of telephone lines and of the web, as the ffmpeg that comes with the program has it. */
export interface FfmpegCodec {
  readonly encoder: string;
  readonly sampleRate: number;
  readonly bitRate: string;
  readonly container: string;
  readonly extra?: readonly string[];
}

const LIMIT_MS = 60_000;
const MOST_BYTES = 512 * 1024 * 1024;

/** The encoders of this ffmpeg; builds differ. */
export async function ffmpegEncoders(): Promise<ReadonlySet<string>> {
  const text = (await ffmpeg(['-hide_banner', '-encoders'], Buffer.alloc(0))).toString('utf8');
  return new Set([...text.matchAll(/^ A\S{5} (\S+)/gm)].map(([, name]) => name as string));
}

/** Through a codec and back, as many samples as before. Throws AUDIO_UNREADABLE when ffmpeg can't. */
export async function throughCodec(pcm: Int16Array, sampleRate: number, codec: FfmpegCodec): Promise<Int16Array> {
  const rate = String(codec.sampleRate);
  const raw = (at: string): string[] => ['-f', 's16le', '-ar', at, '-ac', '1'];
  const coded = await ffmpeg(
    [
      ...['-hide_banner', '-loglevel', 'error', ...raw(String(sampleRate)), '-i', 'pipe:0'],
      ...['-ar', rate, '-ac', '1', '-c:a', codec.encoder, '-b:a', codec.bitRate, ...(codec.extra ?? [])],
      ...['-f', codec.container, 'pipe:1'],
    ],
    pcmToBytes(pcm),
  );
  const back = bytesToPcm(
    await ffmpeg(
      ['-hide_banner', '-loglevel', 'error', '-f', codec.container, '-i', 'pipe:0', ...raw(rate), 'pipe:1'],
      coded,
    ),
  );
  const out = new Int16Array(pcm.length);
  out.set(resample(back, codec.sampleRate, sampleRate).subarray(0, pcm.length));
  return out;
}

function ffmpeg(args: readonly string[], input: Buffer | Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(ffmpegInstaller.path, [...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let said = '';
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString('utf8')}`.slice(-500);
    });
    const fail = (why: string): void =>
      reject(new HearkenError('AUDIO_UNREADABLE', `ffmpeg could not change the sound: ${why}`));
    child.once('error', (error) => {
      clearTimeout(limit);
      fail(error.message);
    });
    child.once('close', (code) => {
      clearTimeout(limit);
      if (code === 0) resolve(Buffer.concat(chunks));
      else fail(said.trim() || `it ended with ${code ?? 'a signal'}`);
    });
    // It may end before it has read everything; its exit code tells then.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
